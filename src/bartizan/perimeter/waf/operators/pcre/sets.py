"""Sets of bytes as integers of 256 bits, and the named ones of PCRE2 in the C locale."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache

__all__ = [
    "ALL",
    "ESCAPES",
    "NEWLINE",
    "NOT_NEWLINE",
    "POSIX",
    "case_pair",
    "categories",
    "either_case",
    "members",
    "of",
    "span",
]

ALL = (1 << 256) - 1


def of(values: bytes) -> int:
    """Return the set of the bytes of a text."""
    found = 0
    for value in values:
        found |= 1 << value
    return found


def span(first: int, last: int) -> int:
    """Return the set of the bytes from ``first`` to ``last``, both included."""
    return (1 << (last + 1)) - (1 << first)


def members(bytes_: int) -> Iterator[int]:
    """Yield the bytes of a set in order."""
    while bytes_:
        lowest = bytes_ & -bytes_
        yield lowest.bit_length() - 1
        bytes_ ^= lowest


NEWLINE = of(b"\n")
NOT_NEWLINE = ALL ^ NEWLINE
_UPPER = span(0x41, 0x5A)
_LOWER = span(0x61, 0x7A)
_DIGIT = span(0x30, 0x39)
_ALNUM = _UPPER | _LOWER | _DIGIT
_GRAPH = span(0x21, 0x7E)
_SPACE = of(b" \t\n\v\f\r")
_WORD = _ALNUM | of(b"_")
_HORIZONTAL = of(b"\t \xa0")
_VERTICAL = of(b"\n\v\f\r\x85")

ESCAPES = {
    "d": _DIGIT,
    "D": ALL ^ _DIGIT,
    "h": _HORIZONTAL,
    "H": ALL ^ _HORIZONTAL,
    "s": _SPACE,
    "S": ALL ^ _SPACE,
    "v": _VERTICAL,
    "V": ALL ^ _VERTICAL,
    "w": _WORD,
    "W": ALL ^ _WORD,
}
r"""What ``\d`` and the like stand for, by their letter."""

POSIX = {
    b"alnum": _ALNUM,
    b"alpha": _UPPER | _LOWER,
    b"ascii": span(0, 0x7F),
    b"blank": of(b" \t"),
    b"cntrl": span(0, 0x1F) | of(b"\x7f"),
    b"digit": _DIGIT,
    b"graph": _GRAPH,
    b"lower": _LOWER,
    b"print": _GRAPH | of(b" "),
    b"punct": _GRAPH & ~_ALNUM,
    b"space": _SPACE,
    b"upper": _UPPER,
    b"word": _WORD,
    b"xdigit": _DIGIT | of(b"abcdefABCDEF"),
}
"""What ``[[:alpha:]]`` and the like stand for, by their name."""


@cache
def categories() -> dict[bytes, int]:
    r"""Return what ``\p{L}`` and the like stand for: without UTF a byte is the character of its number."""
    found: dict[bytes, int] = {b"any": ALL}
    for value in range(256):
        category = unicodedata.category(chr(value)).lower().encode()
        for name in (category, category[:1]):
            found[name] = found.get(name, 0) | 1 << value
    found[b"l&"] = found[b"lc"] = found[b"ll"] | found[b"lu"]
    return found


def either_case(bytes_: int) -> int:
    """Add the other case of the ASCII letters in a set; PCRE2 knows no others in the C locale."""
    return bytes_ | (bytes_ & _UPPER) << 32 | (bytes_ & _LOWER) >> 32


def case_pair(bytes_: int) -> int | None:
    """Return the small letter if a set is just a letter in both cases."""
    if bytes_.bit_count() != 2:
        return None
    letter = bytes_.bit_length() - 1
    return letter if 1 << letter & _LOWER and bytes_ >> (letter - 32) & 1 else None
