"""Public keys of devices: P-256 as JWK (RFC 7517, RFC 7518 section 6.2), and their thumbprints (RFC 7638)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey, EllipticCurvePublicNumbers

from bartizan.access.devices.jws import decode_base64url
from bartizan.errors import ProofError

__all__ = ["DeviceKey", "parse_jwk"]

_COORDINATE = 32  # bytes
_PRIVATE = frozenset(("d", "p", "q", "dp", "dq", "qi", "k", "oth"))
_MAX_MEMBERS = 12


class DeviceKey(NamedTuple):
    """A public key. ``jwk`` has the members that its ``thumbprint`` is made of, and no others."""

    key: EllipticCurvePublicKey
    jwk: dict[str, str]
    thumbprint: str


def parse_jwk(jwk: object) -> DeviceKey:
    """Return a P-256 public key; raises ``ProofError`` (``invalid_key``) for anything else, private keys included."""
    if not isinstance(jwk, Mapping) or len(jwk) > _MAX_MEMBERS:
        raise ProofError("invalid_key", "The key is not a JWK.")
    if not _PRIVATE.isdisjoint(jwk):
        raise ProofError("invalid_key", "The JWK holds a private key: send the public one alone, and make a new one.")
    if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
        raise ProofError("invalid_key", "The key is not an EC key on P-256.")
    if not _may_verify(jwk):
        raise ProofError("invalid_key", "The JWK says that its key is not for signatures with ES256.")
    x, y = _coordinate(jwk.get("x")), _coordinate(jwk.get("y"))
    try:
        numbers = EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), SECP256R1())
        key = numbers.public_key()
    except ValueError:
        raise ProofError("invalid_key", "The point is not on P-256.") from None
    plain = {"crv": "P-256", "kty": "EC", "x": str(jwk["x"]), "y": str(jwk["y"])}
    # RFC 7638 section 3: the required members in order, without white space
    text = f'{{"crv":"P-256","kty":"EC","x":"{plain["x"]}","y":"{plain["y"]}"}}'
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    return DeviceKey(key, plain, thumbprint)


def _may_verify(jwk: Mapping[str, object]) -> bool:
    """Tell whether what a JWK says of its own use allows it (RFC 7517 section 4.2 to 4.4); most say nothing."""
    operations = jwk.get("key_ops")
    return (
        jwk.get("use") in (None, "sig")
        and jwk.get("alg") in (None, "ES256")
        and (operations is None or (isinstance(operations, list) and "verify" in operations))
    )


def _coordinate(text: object) -> bytes:
    if isinstance(text, str) and len(text) < 64 and text.isascii():
        try:
            data = decode_base64url(text.encode())
        except ValueError:
            data = b""
        if len(data) == _COORDINATE:
            return data
    raise ProofError("invalid_key", "A coordinate of the key is not 32 bytes of base64url.")
