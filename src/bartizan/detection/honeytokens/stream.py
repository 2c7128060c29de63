"""Bytes of a keyed hash: whoever has the key makes the same ones everywhere, nobody else can tell them from random."""

from __future__ import annotations

import hashlib

__all__ = ["Stream"]

_BLOCK = 64  # bytes


class Stream:
    """An endless row of bytes for a key (16 to 64 bytes) and labels."""

    def __init__(self, key: bytes, *labels: str) -> None:
        texts = [label.encode("utf-8", "surrogatepass") for label in labels]
        self._key = key
        self._named = b"".join(len(text).to_bytes(4, "big") + text for text in texts)  # no two rows are the same
        self._block = 0
        self._left = b""

    def __call__(self, length: int) -> bytes:
        """Return the next ``length`` bytes."""
        while len(self._left) < length:
            data = self._block.to_bytes(8, "big") + self._named
            self._left += hashlib.blake2b(data, key=self._key, digest_size=_BLOCK, person=b"bartizan-honey").digest()
            self._block += 1
        drawn, self._left = self._left[:length], self._left[length:]
        return drawn

    def below(self, limit: int) -> int:
        """Return the next number from 0 to ``limit - 1``, each as likely."""
        return int.from_bytes(self(8 + (limit.bit_length() + 7) // 8), "big") % limit
