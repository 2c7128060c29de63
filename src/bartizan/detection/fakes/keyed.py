"""Choices that look random and are the same wherever the key is: on each machine, at each visit."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

__all__ = ["Keyed"]

T = TypeVar("T")

_BLOCK = 64  # bytes
_DIGITS = "0123456789"


class Keyed:
    """A row of choices for a key (16 to 64 bytes) and labels. Different labels are different rows.

    The bytes are BLAKE2b (RFC 7693), keyed, over a counter and the labels: without the key nobody can foretell them.
    """

    __slots__ = ("_block", "_key", "_labels", "_left")

    def __init__(self, key: bytes, *labels: str | int) -> None:
        self._key = key
        self._labels = _joined(labels)
        self._block = 0
        self._left = b""

    def sub(self, *labels: str | int) -> Keyed:
        """Return the row for these labels below the own ones, from its beginning."""
        below = Keyed(self._key)
        below._labels = self._labels + _joined(labels)
        return below

    def root(self, *labels: str | int) -> Keyed:
        """Return the row for the same key and only these labels, from its beginning."""
        return Keyed(self._key, *labels)

    def draw(self, length: int) -> bytes:
        """Return the next ``length`` bytes."""
        while len(self._left) < length:
            data = self._block.to_bytes(8, "big") + self._labels
            self._left += hashlib.blake2b(data, key=self._key, digest_size=_BLOCK, person=b"bartizan-fakes").digest()
            self._block += 1
        drawn, self._left = self._left[:length], self._left[length:]
        return drawn

    def below(self, limit: int) -> int:
        """Return the next number from 0 to ``limit - 1``, each as likely."""
        return int.from_bytes(self.draw(8 + (limit.bit_length() + 7) // 8), "big") % limit

    def between(self, low: int, high: int) -> int:
        """Return the next number from ``low`` to ``high``, both included."""
        return low + self.below(high - low + 1)

    def uniform(self) -> float:
        """Return the next number from 0 to below 1."""
        return int.from_bytes(self.draw(7), "big") / 2**56 * (1 - 2**-53)

    def choice(self, values: Sequence[T]) -> T:
        """Return one of the values, each as likely; there has to be one."""
        return values[self.below(len(values))]

    def chance(self, probability: float) -> bool:
        """Return True with this probability."""
        return self.uniform() < probability

    def text(self, alphabet: str, length: int) -> str:
        """Return ``length`` characters of an alphabet."""
        size = len(alphabet)
        if 256 % size == 0:
            return "".join([alphabet[byte % size] for byte in self.draw(length)])
        drawn = self.draw(4 * length)
        return "".join([alphabet[int.from_bytes(drawn[at : at + 4], "big") % size] for at in range(0, 4 * length, 4)])

    def hex(self, length: int) -> str:
        """Return ``length`` hexadecimal digits in lower case."""
        return self.draw((length + 1) // 2).hex()[:length]

    def digits(self, length: int) -> str:
        """Return ``length`` decimal digits, the first of them not 0."""
        if not length:
            return ""
        return self.text(_DIGITS[1:], 1) + self.text(_DIGITS, length - 1)


def _joined(labels: Sequence[str | int]) -> bytes:
    texts = [str(label).encode("utf-8", "surrogatepass") for label in labels]
    return b"".join(len(text).to_bytes(4, "big") + text for text in texts)  # no two rows are the same
