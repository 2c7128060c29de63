"""The forms of API keys: a small language of literals, random parts and a checksum.

``sk_live_{base62:24}`` is a literal and 24 characters of base62; ``ghp_{base62:30}{crc32}`` ends with the CRC-32 of its
random part in six characters of base62, as keys do that scanners of repositories check without asking anybody. Braces
stand for nothing else. A key has to have at least 64 random bits, so that no honest one is ever the same.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from math import log2

__all__ = ["ALPHABETS", "FORMS", "KeyForm"]

FORMS = {
    "api_key": "sk_live_{base62:24}",
    "aws_access_key": "AKIA{base32:16}",
    "aws_secret_key": "{base62:40}",
    "github_token": "ghp_{base62:30}{crc32}",
    "password": "{base58:20}",
}
"""Forms that baits may have besides those of the configuration, which go first."""

Draw = Callable[[int], bytes]
"""Returns that many bytes: random ones, or those of a keyed hash."""

_DIGITS = "0123456789"
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LOWER = _UPPER.lower()

ALPHABETS = {
    "digits": _DIGITS,
    "hex": _DIGITS + "abcdef",
    "HEX": _DIGITS + "ABCDEF",
    "lower": _LOWER,
    "upper": _UPPER,
    "base32": _UPPER + "234567",
    "base36": _DIGITS + _LOWER,
    "BASE36": _DIGITS + _UPPER,
    "base58": "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
    "base62": _DIGITS + _UPPER + _LOWER,
    "base64url": _UPPER + _LOWER + _DIGITS + "-_",
}
"""What random parts are made of, by name."""
MIN_BITS = 64
MAX_FORM = 200  # characters of a form
MAX_PART = 128  # characters of one random part
_CHECK = 6  # characters of base62 that hold 32 bits

_Part = tuple[str, int]
"""An alphabet and a length; a literal is a text and 0; the checksum an empty text and 0."""


class KeyForm:
    """A form that keys are made in."""

    def __init__(self, text: str, parts: tuple[_Part, ...]) -> None:
        """See ``parse``."""
        self.text = text
        self._parts = parts

    @classmethod
    def parse(cls, text: str) -> KeyForm:
        """Read a form; raises ``ValueError`` with what is wrong."""
        if len(text) > MAX_FORM:
            raise ValueError(f"is longer than {MAX_FORM} characters")
        parts = tuple(_parts(text))
        checks = [number for number, part in enumerate(parts) if part == ("", 0)]
        if len(checks) > 1:
            raise ValueError("has {crc32} more than once")
        bits = sum(length * log2(len(alphabet)) for alphabet, length in parts if length)
        if bits < MIN_BITS:
            raise ValueError(f"has {bits:.0f} random bits, fewer than {MIN_BITS}: an honest key could be the same")
        if checks and not any(length for _, length in parts[: checks[0]]):
            raise ValueError("has {crc32} before all that it is made of")
        return cls(text, parts)

    def make(self, draw: Draw) -> str:
        """Return a key of this form; the same bytes drawn give the same key."""
        made: list[str] = []
        random = ""
        for text, length in self._parts:
            if length:
                chosen = _characters(text, length, draw)
                random += chosen
                made.append(chosen)
            else:
                made.append(text or _checksum(random))
        return "".join(made)

    def matches(self, key: str) -> bool:
        """Tell whether a text has this form, with the right checksum."""
        at, random = 0, ""
        for text, length in self._parts:
            expected = length or len(text) or _CHECK
            found = key[at : at + expected]
            if len(found) != expected:
                return False
            if length:
                if not set(found) <= set(text):
                    return False
                random += found
            elif found != (text or _checksum(random)):
                return False
            at += expected
        return at == len(key)

    def __repr__(self) -> str:
        return f"KeyForm({self.text!r})"


def _parts(text: str) -> list[_Part]:
    parts: list[_Part] = []
    rest = text
    while rest:
        literal, brace, rest = rest.partition("{")
        if literal:
            _check_literal(literal)
            parts.append((literal, 0))
        if not brace:
            break
        inner, closed, rest = rest.partition("}")
        if not closed:
            raise ValueError("has a { that is not closed")
        parts.append(_braces(inner))
    return parts


def _check_literal(literal: str) -> None:
    if "}" in literal:
        raise ValueError("has a } that closes nothing")
    if not literal.isascii() or not literal.isprintable() or set(literal) & set(' ",;\\'):
        raise ValueError(f"has {literal!r}, which no header field, cookie and query can hold")


def _braces(inner: str) -> _Part:
    if inner == "crc32":
        return "", 0
    name, colon, length = inner.partition(":")
    alphabet = ALPHABETS.get(name)
    if alphabet is None:
        raise ValueError(f"has {{{inner}}}; known are {', '.join(ALPHABETS)}, and crc32")
    if not colon or not length.isascii() or not length.isdigit() or not 1 <= int(length[:6]) <= MAX_PART:
        raise ValueError(f"has {{{inner}}}; write {{{name}:LENGTH}} with a length of 1 to {MAX_PART}")
    return alphabet, int(length)


def _characters(alphabet: str, length: int, draw: Draw) -> str:
    base = len(alphabet)
    number = int.from_bytes(draw(length + 8), "big")  # 64 bits more than are used: no character is likelier
    chosen = []
    for _ in range(length):
        number, digit = divmod(number, base)
        chosen.append(alphabet[digit])
    return "".join(chosen)


def _checksum(random: str) -> str:
    number, alphabet, digits = zlib.crc32(random.encode("ascii")), ALPHABETS["base62"], []
    for _ in range(_CHECK):
        number, digit = divmod(number, 62)
        digits.append(alphabet[digit])
    return "".join(reversed(digits))
