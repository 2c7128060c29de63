r"""Texts that match the ``pattern`` of a schema, for patterns of a small part of ECMA-262: no engine is asked.

Literals, ``.``, classes, ``\d \w \s``, groups with alternatives, ``? * + {n} {n,m}`` and anchors at the ends. What
has more (look-around, back references, classes of Unicode) is not understood, and nothing is made for it.
"""

from __future__ import annotations

from bartizan.detection.fakes.keyed import Keyed

__all__ = ["matching"]

MAX_PATTERN = 256  # characters
MAX_TEXT = 512  # characters
MAX_DEPTH = 8
_MORE = 6  # repetitions beyond the least, where there is no most
_DIGITS = "0123456789"
_LOWER = "abcdefghijklmnopqrstuvwxyz"
_CLASSES = {"d": _DIGITS, "w": _LOWER + _DIGITS, "s": " ", "t": "\t", "n": "\n", "r": "\r"}
_PRINTABLE = "".join(map(chr, range(33, 127)))


class _Unknown(Exception):
    """A pattern has what is not understood here."""


class _Maker:
    """Reads a pattern and makes a text of it as it goes; ``live`` is False for alternatives that are only read."""

    def __init__(self, pattern: str, keyed: Keyed) -> None:
        self._pattern = pattern
        self._keyed = keyed
        self._at = 0
        self._made = 0

    def text(self) -> str:
        made = self._alternatives(0)
        if self._at < len(self._pattern):
            raise _Unknown
        return made

    def _peek(self) -> str:
        return self._pattern[self._at] if self._at < len(self._pattern) else ""

    def _take(self) -> str:
        sign = self._peek()
        if not sign:
            raise _Unknown
        self._at += 1
        return sign

    def _alternatives(self, depth: int) -> str:
        if depth > MAX_DEPTH:
            raise _Unknown
        found = [self._sequence(depth)]
        while self._peek() == "|":
            self._at += 1
            found.append(self._sequence(depth))
        return self._keyed.choice(found)

    def _sequence(self, depth: int) -> str:
        out: list[str] = []
        begun = self._at
        while (sign := self._peek()) and sign not in "|)":
            if sign == "^" and self._at == begun:
                self._at += 1
                continue
            if sign == "$":
                self._at += 1
                if self._peek() not in ("", "|", ")"):
                    raise _Unknown
                continue
            out.append(self._repeated(depth))
        return "".join(out)

    def _repeated(self, depth: int) -> str:
        begun = self._at
        first = self._atom(depth)
        ended = self._at
        low, high = self._quantifier()
        times = self._keyed.between(low, high)
        out = [first] if times else []
        after = self._at
        for _ in range(times - 1):
            self._at = begun  # read again, for another choice
            out.append(self._atom(depth))
            self._spend(len(out[-1]))
        self._at = after
        if ended > len(self._pattern):
            raise _Unknown
        return "".join(out)

    def _spend(self, length: int) -> None:
        self._made += length + 1
        if self._made > MAX_TEXT:
            raise _Unknown

    def _quantifier(self) -> tuple[int, int]:
        sign = self._peek()
        if not sign or sign not in "?*+{":
            return 1, 1
        self._at += 1
        low, high = {"?": (0, 1), "*": (0, _MORE), "+": (1, 1 + _MORE)}.get(sign, (0, 0))
        if sign == "{":
            inside, closed, _ = self._pattern[self._at :].partition("}")
            least, comma, most = inside.partition(",")
            if not closed or not (least.isascii() and least.isdigit() and len(least) < 4):
                raise _Unknown
            if most and not (most.isascii() and most.isdigit() and len(most) < 4):
                raise _Unknown
            self._at += len(inside) + 1
            low = int(least)
            high = int(most) if most else low + _MORE if comma else low
        if high < low or high > MAX_TEXT:
            raise _Unknown
        if self._peek() == "?":  # as few as possible: any number will do
            self._at += 1
        return low, high

    def _atom(self, depth: int) -> str:
        sign = self._take()
        if sign == "(":
            if self._peek() == "?":
                if not self._pattern.startswith("?:", self._at):
                    raise _Unknown
                self._at += 2
            made = self._alternatives(depth + 1)
            if self._take() != ")":
                raise _Unknown
            return made
        if sign == "[":
            return self._keyed.choice(self._class())
        if sign == "\\":
            return self._keyed.choice(self._escaped())
        if sign == ".":
            return self._keyed.choice(_LOWER)
        if sign in "*+?{}^$":
            raise _Unknown
        return sign

    def _escaped(self) -> str:
        sign = self._take()
        if sign in _CLASSES:
            return _CLASSES[sign]
        if sign.isalnum():
            raise _Unknown
        return sign

    def _class(self) -> str:
        inverted = self._peek() == "^"
        self._at += inverted
        letters: list[str] = []
        while (sign := self._take()) != "]":
            low = self._escaped() if sign == "\\" else sign
            ahead = self._pattern[self._at : self._at + 2]
            if len(low) == 1 and len(ahead) == 2 and ahead[0] == "-" and ahead[1] not in "]\\":
                self._at += 2
                if not low <= ahead[1] or ord(ahead[1]) - ord(low) > 256:
                    raise _Unknown
                letters.extend(map(chr, range(ord(low), ord(ahead[1]) + 1)))
            else:
                letters.extend(low)
        if inverted:
            out = set(letters)
            letters = [letter for letter in _PRINTABLE if letter not in out]
        if not letters:
            raise _Unknown
        return "".join(letters)


def matching(pattern: str, keyed: Keyed) -> str | None:
    """Return a text that the pattern matches as a whole, None if it is not understood. Never raises."""
    if len(pattern) > MAX_PATTERN:
        return None
    try:
        return _Maker(pattern, keyed).text()
    except _Unknown:
        return None
