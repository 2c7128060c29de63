"""Devices with real keys, and the proofs that they make."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

__all__ = ["ABSENT", "TestDevice", "b64"]

ABSENT: Any = object()
"""In place of a value: leave the member out."""


def b64(data: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class TestDevice:
    """A P-256 key that signs whatever it is told to, right or wrong."""

    __test__ = False

    def __init__(self) -> None:
        self.private = generate_private_key(SECP256R1())
        numbers = self.private.public_key().public_numbers()
        self.jwk = {
            "kty": "EC",
            "crv": "P-256",
            "x": b64(numbers.x.to_bytes(32, "big")),
            "y": b64(numbers.y.to_bytes(32, "big")),
        }

    @property
    def thumbprint(self) -> str:
        """Of the key (RFC 7638)."""
        members = {name: self.jwk[name] for name in sorted(self.jwk)}
        return b64(hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest())

    def sign(self, header: dict[str, Any] | bytes, claims: dict[str, Any] | bytes) -> str:
        """Return a JWT; members that are ``ABSENT`` are left out."""
        signed = ".".join(b64(part if isinstance(part, bytes) else _encode(part)) for part in (header, claims))
        r, s = decode_dss_signature(self.private.sign(signed.encode(), ECDSA(SHA256())))
        return f"{signed}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def proof(
        self,
        method: str,
        url: str,
        *,
        now: float,
        nonce: str | None = None,
        token: str | None = None,
        header: dict[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        """Return a DPoP proof; ``header`` and ``claims`` replace what would be in it, ``ABSENT`` leaves it out."""
        said: dict[str, Any] = {"jti": secrets.token_urlsafe(12), "htm": method, "htu": url, "iat": int(now)}
        if nonce is not None:
            said["nonce"] = nonce
        if token is not None:
            said["ath"] = b64(hashlib.sha256(token.encode()).digest())
        return self.sign({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk} | (header or {}), said | claims)


def _encode(members: dict[str, Any]) -> bytes:
    return json.dumps({name: value for name, value in members.items() if value is not ABSENT}).encode()
