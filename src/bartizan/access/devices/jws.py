"""JSON Web Signatures in compact form, with ES256 and nothing else (RFC 7515, RFC 7518 section 3.4).

What is accepted has one spelling only: base64url without padding and without stray bits, ``r`` and ``s`` in 64 bytes.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

__all__ = ["Jws", "decode_base64url", "is_signed_by", "split_jws"]

_SIGNATURE = 64  # bytes: r and s
_BASE64URL = re.compile(rb"[A-Za-z0-9_-]*")
_ES256 = ECDSA(SHA256())


class Jws(NamedTuple):
    """The parts of a JWS: ``header`` and ``payload`` decoded, ``signed`` what the signature is about."""

    header: bytes
    payload: bytes
    signed: bytes
    signature: bytes


def split_jws(text: str | bytes, limit: int) -> Jws:
    """Take a JWS of at most ``limit`` bytes apart, without verifying anything; raises ``ValueError``."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(data) > limit:
        raise ValueError(f"longer than {limit} bytes")
    parts = data.split(b".", 3)
    if len(parts) != 3:
        raise ValueError("not three parts")
    header, payload, signature = map(decode_base64url, parts)
    return Jws(header, payload, data[: len(data) - len(parts[2]) - 1], signature)


def is_signed_by(jws: Jws, key: EllipticCurvePublicKey) -> bool:
    """Tell whether the signature is ``key``'s; the caller has seen to ``alg`` and to what key it is."""
    signature = jws.signature
    if len(signature) != _SIGNATURE:
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        key.verify(encode_dss_signature(r, s), jws.signed, _ES256)
    except InvalidSignature:
        return False
    return True


def decode_base64url(text: bytes) -> bytes:
    """Decode base64url without padding (RFC 7515 section 2); raises ``ValueError`` for what is not its one encoding."""
    if _BASE64URL.fullmatch(text) is None:
        raise ValueError("not base64url")
    try:
        data = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    if base64.urlsafe_b64encode(data).rstrip(b"=") != text:
        raise ValueError("not the one encoding of its bytes")
    return data
