"""Sealing small secrets at rest: AES-256-GCM (SP 800-38D) under keys that HKDF (RFC 5869) makes of one master key."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bartizan.errors import SealError
from bartizan.keys.files import locked, read_secret, write_secret

__all__ = ["Vault"]

_VERSION = b"\x01"
_KEY, _NONCE, _TAG = 32, 12, 16  # bytes
_FILE = "master.key"


class Vault:
    """Seals and opens. Each ``purpose`` has a key of its own, so that what is sealed for one opens for no other."""

    def __init__(self, master: bytes) -> None:
        if len(master) != _KEY:
            raise SealError(f"the master key has {len(master)} bytes, not {_KEY}")
        self._master = master
        self._keys: dict[str, bytes] = {}

    @classmethod
    def open(cls, directory: Path) -> Vault:
        """Return the vault of a directory; its master key is made when there is none. Raises ``SealError``."""
        file = directory / _FILE
        with locked(directory):
            master = read_secret(file)
            if master is None:
                master = secrets.token_bytes(_KEY)
                write_secret(file, master)
        return cls(master)

    def seal(self, purpose: str, plain: bytes, context: bytes = b"") -> bytes:
        """Return ``plain`` sealed; ``context`` has to be the same when it is opened (whose it is)."""
        nonce = secrets.token_bytes(_NONCE)
        sealed = AESGCM(self._key("seal", purpose)).encrypt(nonce, plain, _VERSION + context)
        return _VERSION + nonce + sealed

    def open_sealed(self, purpose: str, sealed: bytes, context: bytes = b"") -> bytes:
        """Return what was sealed; raises ``SealError`` if it was changed, or sealed for something else."""
        if len(sealed) < 1 + _NONCE + _TAG or sealed[:1] != _VERSION:
            raise SealError("what is to be opened was not sealed here")
        nonce, text = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        try:
            return AESGCM(self._key("seal", purpose)).decrypt(nonce, text, _VERSION + context)
        except InvalidTag:
            raise SealError(
                "what is to be opened was changed, or sealed with another master key: was keys/master.key replaced?"
            ) from None

    def mac(self, purpose: str, data: bytes) -> bytes:
        """Return the HMAC-SHA-256 of ``data`` (RFC 2104), 32 bytes."""
        return hmac.digest(self._key("mac", purpose), data, hashlib.sha256)

    def _key(self, kind: str, purpose: str) -> bytes:
        name = f"bartizan {kind} {purpose}"
        key = self._keys.get(name)
        if key is None:
            key = self._keys[name] = HKDF(SHA256(), _KEY, salt=None, info=name.encode()).derive(self._master)
        return key

    def __repr__(self) -> str:
        return "Vault(...)"
