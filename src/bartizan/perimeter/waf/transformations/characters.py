"""Transformations of single bytes: case, NUL bytes and parity bits."""

from __future__ import annotations

__all__ = [
    "EVEN",
    "ODD",
    "lowercase",
    "parity_even_7bit",
    "parity_odd_7bit",
    "parity_zero_7bit",
    "remove_nulls",
    "replace_nulls",
    "uppercase",
]

_ZERO = bytes(byte & 0x7F for byte in range(256))

EVEN = bytes(byte & 0x7F | byte.bit_count() % 2 << 7 for byte in range(256))
"""Each byte with even parity. As in the reference implementation, the eighth bit that it came with counts."""

ODD = bytes(byte ^ 0x80 for byte in EVEN)
"""Each byte with odd parity, likewise."""


def lowercase(text: bytes) -> bytes:
    """Return the text with ASCII letters small."""
    lower = text.lower()
    return text if lower == text else lower


def uppercase(text: bytes) -> bytes:
    """Return the text with ASCII letters capital."""
    upper = text.upper()
    return text if upper == text else upper


def remove_nulls(text: bytes) -> bytes:
    """Return the text without NUL bytes."""
    return text.replace(b"\0", b"") if 0 in text else text


def replace_nulls(text: bytes) -> bytes:
    """Return the text with NUL bytes as spaces."""
    return text.replace(b"\0", b" ") if 0 in text else text


def parity_even_7bit(text: bytes) -> bytes:
    """Return the text with the eighth bit of each byte set for even parity."""
    return text.translate(EVEN)


def parity_odd_7bit(text: bytes) -> bytes:
    """Return the text with the eighth bit of each byte set for odd parity."""
    return text.translate(ODD)


def parity_zero_7bit(text: bytes) -> bytes:
    """Return the text with the eighth bit of each byte cleared."""
    return text if text.isascii() else text.translate(_ZERO)
