"""Who sends push messages: a P-256 key of ours that push services know us by (VAPID, RFC 8292)."""

from __future__ import annotations

import base64
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from py_vapid import Vapid02

from bartizan.errors import SealError
from bartizan.keys.files import locked, read_secret, write_secret

__all__ = ["VapidKey"]

_FILE = "vapid.pem"


class VapidKey:
    """Signs for push services. Browsers bind a subscription to ``public``, so the key stays the same for good."""

    def __init__(self, key: EllipticCurvePrivateKey) -> None:
        self._key = key
        point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.public = base64.urlsafe_b64encode(point).decode().rstrip("=")
        """``applicationServerKey`` for ``PushManager.subscribe()``: an uncompressed point in base64url."""

    @classmethod
    def open(cls, directory: Path) -> VapidKey:
        """Return the key of a directory, which is made when there is none. Raises ``SealError``."""
        file = directory / _FILE
        with locked(directory):
            stored = read_secret(file)
            if stored is not None:
                return cls(_load(stored, file))
            key = generate_private_key(SECP256R1())
            write_secret(file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            return cls(key)

    def authorization(self, audience: str, subject: str, expires: int) -> str:
        """Return the header field ``Authorization`` for a push service (section 3).

        ``audience`` is the service's origin, ``subject`` a ``mailto:`` or ``https:`` URI of whom it may reach,
        ``expires`` Unix seconds, at most a day from now.
        """
        # Not strict: its pattern for the subject refuses origins with a port. The configuration has checked it.
        signer = Vapid02(self._key, conf={"no-strict": True})
        header: str = signer.sign({"aud": audience, "sub": subject, "exp": expires})["Authorization"]
        return header

    def __repr__(self) -> str:
        return "VapidKey(...)"


def _load(stored: bytes, file: Path) -> EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(stored, password=None)
    except ValueError as error:
        raise SealError(f"{file} holds no key: restore it, or remove it and have people subscribe again") from error
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise SealError(f"{file} holds a key of another kind than P-256: remove it, and have people subscribe again")
    return key
