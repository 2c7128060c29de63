"""A WebAuthn authenticator with its browser, in software: makes the real bytes, and wrong ones where a test wants them.

It answers the options that a server sent with what ``PublicKeyCredential.toJSON()`` would give. ``Lies`` says what it
does otherwise than an honest one; everything else stays right, and signatures are made over the lie.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

Algorithm = Literal["ES256", "EdDSA", "RS256"]
Key = ec.EllipticCurvePrivateKey | Ed25519PrivateKey | rsa.RSAPrivateKey
COSE = {"ES256": -7, "EdDSA": -8, "RS256": -257}
ORIGIN = "https://gateway.example"
"""Of the relying party in tests."""
AAGUID = bytes.fromhex("bada5566a7aa401fbd9645619a55120d")
UP, UV, BE, BS, AT, ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80


@dataclass(frozen=True, kw_only=True)
class Lies:
    """What is otherwise than it should be; None is the truth."""

    type: str | None = None
    origin: str | None = None
    challenge: bytes | None = None
    client: Mapping[str, Any] = field(default_factory=dict)
    """Further members of client data."""
    rp_id: str | None = None
    set_flags: int = 0
    clear_flags: int = 0
    count: int | None = None
    user_handle: bytes | None = None
    credential_id: bytes | None = None
    """What is said beside the authenticator data."""
    extensions: bytes = b""
    """CBOR after the rest of authenticator data; the flag is set with it."""
    signature: bytes | None = None
    cose_key: bytes | None = None
    fmt: str | None = None
    statement: Mapping[str, Any] | None = None


HONEST = Lies()


@dataclass
class Passkey:
    """One credential that an authenticator holds."""

    id: bytes
    key: Key
    algorithm: Algorithm
    rp_id: str
    user_handle: bytes
    count: int = 0


@dataclass
class Authenticator:
    """Holds passkeys and uses them, the last one first. ``step`` 0 is an authenticator without a counter."""

    origin: str
    algorithm: Algorithm = "ES256"
    step: int = 1
    backed_up: bool = False
    discoverable: bool = True
    passkeys: list[Passkey] = field(default_factory=list)

    def create(
        self, options: Mapping[str, Any], lies: Lies = HONEST, *, attestation: Literal["none", "self", "x5c"] = "none"
    ) -> dict[str, Any]:
        """Register, as ``navigator.credentials.create()`` does; raises ``ValueError`` where a browser would."""
        if COSE[self.algorithm] not in [parameter["alg"] for parameter in options["pubKeyCredParams"]]:
            raise ValueError("NotSupportedError")
        excluded = {decode(credential["id"]) for credential in options.get("excludeCredentials", ())}
        if excluded & {passkey.id for passkey in self.passkeys}:
            raise ValueError("InvalidStateError")
        passkey = Passkey(
            secrets.token_bytes(32),
            _new_key(self.algorithm),
            self.algorithm,
            options["rp"]["id"],
            decode(options["user"]["id"]),
        )
        self.passkeys.append(passkey)
        client = self._client_data("webauthn.create", options, lies)
        key = cose_key(passkey.key) if lies.cose_key is None else lies.cose_key
        attested = AAGUID + len(passkey.id).to_bytes(2, "big") + passkey.id + key
        data = self._data(passkey, lies, AT, attested)
        statement = _statement(passkey, attestation, data + hashlib.sha256(client).digest())
        attestation_object = {
            "fmt": lies.fmt or ("none" if attestation == "none" else "packed"),
            "attStmt": statement if lies.statement is None else lies.statement,
            "authData": data,
        }
        identity = encode(lies.credential_id or passkey.id)
        return {
            "id": identity,
            "rawId": identity,
            "type": "public-key",
            "authenticatorAttachment": "cross-platform",
            "clientExtensionResults": {"credProps": {"rk": self.discoverable}},
            "response": {
                "clientDataJSON": encode(client),
                "attestationObject": encode(cbor2.dumps(attestation_object)),
                "authenticatorData": encode(data),
                "transports": ["usb", "internal"],
                "publicKeyAlgorithm": COSE[self.algorithm],
            },
        }

    def get(self, options: Mapping[str, Any], lies: Lies = HONEST) -> dict[str, Any]:
        """Use a credential, as ``navigator.credentials.get()`` does; raises ``ValueError`` if there is none to use."""
        allowed = {decode(credential["id"]) for credential in options.get("allowCredentials", ())}
        usable = [key for key in self.passkeys if key.rp_id == options["rpId"] and (not allowed or key.id in allowed)]
        if not usable:
            raise ValueError("NotAllowedError")
        passkey = usable[-1]
        client = self._client_data("webauthn.get", options, lies)
        data = self._data(passkey, lies)
        signature = lies.signature or _sign(passkey.key, data + hashlib.sha256(client).digest())
        identity = encode(lies.credential_id or passkey.id)
        handle = passkey.user_handle if lies.user_handle is None else lies.user_handle
        response = {
            "clientDataJSON": encode(client),
            "authenticatorData": encode(data),
            "signature": encode(signature),
            "userHandle": encode(handle) if handle and self.discoverable else None,
        }
        return {
            "id": identity,
            "rawId": identity,
            "type": "public-key",
            "authenticatorAttachment": "cross-platform",
            "clientExtensionResults": {},
            "response": response,
        }

    def _client_data(self, ceremony: str, options: Mapping[str, Any], lies: Lies) -> bytes:
        challenge = options["challenge"] if lies.challenge is None else encode(lies.challenge)
        members = {
            "type": lies.type or ceremony,
            "challenge": challenge,
            "origin": lies.origin or self.origin,
            "crossOrigin": False,
        }
        return json.dumps(members | dict(lies.client)).encode()

    def _data(self, passkey: Passkey, lies: Lies, flags: int = 0, attested: bytes = b"") -> bytes:
        passkey.count += self.step
        flags |= UP | UV | ((BE | BS) if self.backed_up else 0) | (ED if lies.extensions else 0)
        flags = (flags | lies.set_flags) & ~lies.clear_flags
        count = passkey.count if lies.count is None else lies.count
        rp_id = hashlib.sha256((lies.rp_id or passkey.rp_id).encode()).digest()
        return rp_id + bytes([flags]) + count.to_bytes(4, "big") + attested + lies.extensions


def encode(data: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(text: str) -> bytes:
    """Return the bytes of base64url without padding."""
    return base64.urlsafe_b64decode(text + "===")


def cose_key(key: Key) -> bytes:
    """Return the public key as COSE (RFC 9053 section 7)."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        numbers = key.public_key().public_numbers()
        size = (key.curve.key_size + 7) // 8
        x, y = numbers.x.to_bytes(size, "big"), numbers.y.to_bytes(size, "big")
        return cbor2.dumps({1: 2, 3: -7, -1: 1 if size == 32 else 2, -2: x, -3: y})
    if isinstance(key, Ed25519PrivateKey):
        return cbor2.dumps({1: 1, 3: -8, -1: 6, -2: key.public_key().public_bytes_raw()})
    public = key.public_key().public_numbers()
    size = (public.n.bit_length() + 7) // 8
    exponent = public.e.to_bytes((public.e.bit_length() + 7) // 8, "big")
    return cbor2.dumps({1: 3, 3: -257, -1: public.n.to_bytes(size, "big"), -2: exponent})


def _new_key(algorithm: Algorithm) -> Key:
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm == "EdDSA":
        return Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65537, 2048)


def _sign(key: Key, data: bytes) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(SHA256()))
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(data)
    return key.sign(data, padding.PKCS1v15(), SHA256())


def _statement(passkey: Passkey, attestation: str, signed: bytes) -> dict[str, Any]:
    if attestation == "none":
        return {}
    if attestation == "self":
        return {"alg": COSE[passkey.algorithm], "sig": _sign(passkey.key, signed)}
    key = ec.generate_private_key(ec.SECP256R1())
    return {"alg": -7, "sig": _sign(key, signed), "x5c": [_attestation_certificate(key)]}


def _attestation_certificate(key: ec.EllipticCurvePrivateKey) -> bytes:
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "AT"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Authenticator Attestation"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Test"),
        ]
    )
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)
