"""Ids of canaries: in the form of the real ones beside them, recognised by their own bits alone.

Part of an id is chosen by the recipient (the chosen part), the rest is a MAC of it (the check): whoever has the key
sees that an id was planted, nobody else does. Forms:

whole number   in a range above the real ones: start + chosen * m + check, check below m, m the root of the range's size
UUID           the first 60 bits chosen (of version 7 the first 48 those of a neighbour: they are a time), 62 checked
other text     ``ord_8f3a9c21``: up to the last separator as the neighbours, then one half chosen, one half checked

Short ids can be right by chance: that they were planted is known from the state (``recipients``).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from math import isqrt

from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.honeytokens.forms import ALPHABETS

__all__ = ["Ids"]

MIN_TEXT, MAX_TEXT = 8, 64  # characters of an id behind its prefix that are chosen and checked
MIN_DIGITS = 4  # of whole numbers
MAX_DIGITS = 18
_SAFE_DIGITS = 15  # whole numbers of more digits are no longer exact in JavaScript
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ALPHABETS = (
    *(ALPHABETS[name] for name in ("hex", "HEX", "lower", "upper")), _CROCKFORD,
    *(ALPHABETS[name] for name in ("base36", "BASE36", "base58", "base62", "base64url")),
)  # fmt: skip
"""The narrowest first: what all ids beside it are made of is what a canary is made of."""
_SETS = tuple(frozenset(alphabet) for alphabet in _ALPHABETS)
_SEPARATORS = "_-:."

Value = int | str


class Ids:
    """Makes and recognises the ids of one kind of canary. ``key`` and ``label`` make them its own."""

    def __init__(self, key: bytes, label: str, limits: tuple[int, int] | None = None) -> None:
        """``limits``: whole numbers are from the first to the last of these; else above the real ones."""
        self._key = key
        self._label = label
        self._limits = limits

    def make(self, beside: Sequence[Value], recipient: str, anchor: Value) -> Value | None:
        """Return an id that could be one of ``beside``, for a recipient at an anchor (one of these ids).

        The same again for the same; None if they have no form that a canary can have, or it is one of them.
        """
        keyed = Keyed(self._key, self._label, "chosen", recipient, str(anchor))
        made: Value | None
        if all(isinstance(value, int) and value >= 0 for value in beside):
            made = self._number(max(value for value in beside if isinstance(value, int)), keyed)
        elif isinstance(anchor, str) and all(isinstance(value, str) for value in beside):
            texts = [value for value in beside if isinstance(value, str)]
            made = self._text(texts, anchor, keyed)
        else:
            made = None
        return None if made in beside else made

    def planted(self, value: Value) -> bool:
        """Tell whether an id is one that ``make`` makes; short ones can be so by chance."""
        if isinstance(value, int):
            return value >= 0 and self._is_number(value)
        if value.isascii() and value.isdigit() and len(value) <= MAX_DIGITS + 1:
            if self._is_number(int(value)) or self._is_padded(value):
                return True
        elif len(value) == 36 and value[8:9] == "-" and (parsed := _uuid(value)) is not None:
            return self._uuid_of(parsed, value) == value
        return self._is_text(value)

    def _number(self, largest: int, keyed: Keyed) -> int | None:
        digits = len(str(largest))
        if self._limits is None:
            if digits > MAX_DIGITS:
                return None
            digits = digits if digits >= _SAFE_DIGITS else max(digits + 1, MIN_DIGITS)
        return self._in_range(self._limits or _range(digits), keyed)

    def _in_range(self, limits: tuple[int, int], keyed: Keyed) -> int:
        first, size = limits[0], limits[1] - limits[0] + 1
        modulus = isqrt(size)
        chosen = keyed.below(size // modulus)
        return first + chosen * modulus + self._check_number(limits, chosen, modulus)

    def _is_number(self, value: int) -> bool:
        return self._is_in(self._limits or _range(len(str(value))), value)

    def _is_in(self, limits: tuple[int, int], value: int) -> bool:
        first, last = limits
        if not first <= value <= last:
            return False
        modulus = isqrt(last - first + 1)
        chosen, check = divmod(value - first, modulus)
        return check == self._check_number(limits, chosen, modulus)

    def _check_number(self, limits: tuple[int, int], chosen: int, modulus: int) -> int:
        return Keyed(self._key, self._label, "number", f"{limits[0]}-{limits[1]}", str(chosen)).below(modulus)

    def _padded(self, texts: Sequence[str], keyed: Keyed) -> str | None:
        """Return a number with as many digits as the others, larger than all."""
        width = len(texts[0])
        limits = _upper(width)
        if width > MAX_DIGITS or width < MIN_DIGITS or int(max(texts)) >= limits[0]:
            return None
        return f"{self._in_range(limits, keyed):0{width}d}"

    def _is_padded(self, value: str) -> bool:
        return len(value) >= MIN_DIGITS and self._is_in(_upper(len(value)), int(value))

    def _text(self, texts: Sequence[str], anchor: str, keyed: Keyed) -> str | None:
        if all(text.isascii() and text.isdigit() for text in texts):
            if any(text[0] == "0" and len(text) > 1 for text in texts):
                return self._padded(texts, keyed) if len({len(text) for text in texts}) == 1 else None
            number = self._number(max(int(text) for text in texts), keyed) if _short(texts) else None
            return None if number is None else str(number)
        parsed = _uuid(anchor)
        if parsed is not None:
            return self._make_uuid(parsed, anchor, keyed)
        return self._free(texts, anchor, keyed)

    def _make_uuid(self, beside: uuid.UUID, anchor: str, keyed: Keyed) -> str:
        first = beside.int >> 80 if beside.version == 7 else keyed.below(1 << 48)
        number = first << 80 | beside.int & 0xF << 76 | keyed.below(1 << 12) << 64 | beside.int & (3 << 62)
        return self._uuid_of(uuid.UUID(int=number), anchor)

    def _uuid_of(self, parsed: uuid.UUID, like: str) -> str:
        """Return the UUID with the last 62 bits that its first ones call for, written like another."""
        kept = parsed.int >> 62
        check = Keyed(self._key, self._label, "uuid", f"{kept:x}").below(1 << 62)
        text = str(uuid.UUID(int=kept << 62 | check))
        return text.upper() if any(letter in "ABCDEF" for letter in like) else text

    def _free(self, texts: Sequence[str], anchor: str, keyed: Keyed) -> str | None:
        prefix, rest = _split(anchor)
        others = [_split(text) for text in texts]
        if any(other[0] != prefix or len(other[1]) != len(rest) for other in others):
            return None
        letters = set("".join(other[1] for other in others))
        alphabet = next((each for each, members in zip(_ALPHABETS, _SETS, strict=True) if letters <= members), None)
        if alphabet is None or not MIN_TEXT <= len(rest) <= MAX_TEXT:
            return None
        half = len(rest) // 2
        kept = _common(rest, others)  # as in an ULID, whose first characters are a time
        chosen = rest[:kept] + keyed.text(alphabet, half - kept)
        return prefix + chosen + self._check_text(prefix, chosen, alphabet, len(rest) - half)

    def _is_text(self, value: str) -> bool:
        prefix, rest = _split(value)
        if not MIN_TEXT <= len(rest) <= MAX_TEXT:
            return False
        letters, half = set(rest), len(rest) // 2
        return any(
            rest[half:] == self._check_text(prefix, rest[:half], alphabet, len(rest) - half)
            for alphabet, members in zip(_ALPHABETS, _SETS, strict=True)
            if letters <= members
        )

    def _check_text(self, prefix: str, chosen: str, alphabet: str, length: int) -> str:
        return Keyed(self._key, self._label, "text", prefix, chosen, alphabet).text(alphabet, length)


def _range(digits: int) -> tuple[int, int]:
    return 10 ** (digits - 1), 10**digits - 1


def _upper(width: int) -> tuple[int, int]:
    return 5 * 10 ** (width - 1), 10**width - 1


def _short(texts: Sequence[str]) -> bool:
    return all(len(text) <= MAX_DIGITS for text in texts)


def _uuid(text: str) -> uuid.UUID | None:
    if len(text) != 36:
        return None
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        return None
    return parsed if str(parsed) == text.lower() else None


def _split(text: str) -> tuple[str, str]:
    """Return what is before the last separator, with it, and what is behind."""
    at = max(text.rfind(separator) for separator in _SEPARATORS) + 1
    return text[:at], text[at:]


def _common(rest: str, others: Sequence[tuple[str, str]]) -> int:
    """Return how many characters, up to a quarter, all have at the beginning."""
    kept = 0
    while kept < len(rest) // 4 and all(other[1][kept] == rest[kept] for other in others):
        kept += 1
    return kept
