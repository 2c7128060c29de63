r"""What follows a backslash."""

from __future__ import annotations

import re

from bartizan.perimeter.waf.operators.pcre import sets
from bartizan.perimeter.waf.operators.pcre.cursor import Cursor
from bartizan.perimeter.waf.operators.pcre.errors import PatternError
from bartizan.perimeter.waf.operators.pcre.nodes import (
    ANYTHING,
    EMPTY,
    Alternation,
    Assertion,
    Atomic,
    Beyond,
    Node,
    OneByte,
    Place,
    Sequence,
)

__all__ = ["read_class_escape", "read_escape"]

_OCTAL = b"01234567"
_DIGITS = b"0123456789"
_HEX = b"0123456789abcdefABCDEF"
_CONTROL = {"a": 0x07, "e": 0x1B, "f": 0x0C, "n": 0x0A, "r": 0x0D, "t": 0x09}
_PLACES = {
    "A": Place.TEXT_START,
    "b": Place.WORD_EDGE,
    "B": Place.NO_WORD_EDGE,
    "G": Place.TEXT_START,
    "z": Place.TEXT_END,
    "Z": Place.LAST_LINE_END,
}
_NOT_IN_CLASSES = "RNCKXgk"
_LINE_BREAK = Alternation((Sequence((OneByte(sets.of(b"\r")), OneByte(sets.NEWLINE))), OneByte(sets.ESCAPES["v"])))


def read_escape(cursor: Cursor) -> int | Node:
    """Read an escape outside a character class, after its backslash.

    Returns:
        The byte it stands for, or what it matches. Case is not applied.

    Raises:
        PatternError: It is not valid.
    """
    start = cursor.at - 1
    if cursor.at_end():
        raise PatternError("a backslash without anything after it", start)
    letter = chr(cursor.take())
    if letter == "G":
        cursor.search_starts.append(start)
    if letter in _PLACES:
        return Assertion(_PLACES[letter], start)
    if letter == "R":
        return Atomic(_LINE_BREAK, start)
    if letter == "N":
        return _not_newline(cursor, start)
    if letter == "C":
        return OneByte(sets.ALL)
    if letter == "K":
        return Beyond(EMPTY, "\\K", start)
    if letter == "X":
        return Beyond(ANYTHING, "\\X", start)
    if letter in "gk":
        return _reference(cursor, letter, start)
    if letter in "123456789":
        return _number(cursor, start)
    return _common(cursor, letter, start)


def read_class_escape(cursor: Cursor) -> int | OneByte:
    """Read an escape within ``[...]``, after its backslash; returns and raises as ``read_escape``."""
    start = cursor.at - 1
    if cursor.at_end():
        raise PatternError("a backslash without anything after it", start)
    letter = chr(cursor.take())
    if letter == "b":
        return 0x08
    if letter in "89":
        return ord(letter)
    if letter in "1234567":
        return _octal(cursor, start)
    if letter in _PLACES or letter in _NOT_IN_CLASSES:
        raise PatternError(f"\\{letter} cannot stand in a character class", start)
    return _common(cursor, letter, start)


def _common(cursor: Cursor, letter: str, start: int) -> int | OneByte:
    if letter in sets.ESCAPES:
        return OneByte(sets.ESCAPES[letter])
    if letter in _CONTROL:
        return _CONTROL[letter]
    if letter == "x":
        return _hexadecimal(cursor, start)
    if letter == "0":
        return _octal(cursor, start)
    if letter == "o":
        return _braced(cursor, 8, start)
    if letter == "c":
        return _control(cursor, start)
    if letter in "pP":
        return _property(cursor, negated=letter == "P")
    if letter.isascii() and letter.isalnum():
        raise PatternError(f"unknown escape \\{letter}", start)
    return ord(letter)


def _number(cursor: Cursor, start: int) -> int | Node:
    first = cursor.at - 1
    cursor.run(_DIGITS)
    number = int(cursor.pattern[first : min(cursor.at, first + 10)])
    if number < 10 or cursor.pattern[first] >= 0x38 or number <= cursor.groups:
        return cursor.reference(number, start)
    cursor.at = first + 1
    return _octal(cursor, start)


_REFERENCE = re.compile(rb"(\d+)|\{\s*(\d+)\s*\}")
_OTHER_REFERENCE = re.compile(rb"[+-]\d+|\{[^}]*\}|<[^>]*>|'[^']*'")


def _reference(cursor: Cursor, letter: str, start: int) -> Node:
    r"""Read a back-reference or, as ``\g<...>``, the call of a group; only those by plain numbers are resolved."""
    found = _REFERENCE.match(cursor.pattern, cursor.at) if letter == "g" else None
    if found is not None:
        cursor.at = found.end()
        return cursor.reference(int((found[1] or found[2])[:10]), start)
    found = _OTHER_REFERENCE.match(cursor.pattern, cursor.at)
    if found is None:
        raise PatternError(f"\\{letter} without the name of a group", start)
    cursor.at = found.end()
    return Beyond(ANYTHING, f"a back-reference (\\{letter})", start)


def _octal(cursor: Cursor, start: int) -> int:
    """Read the rest of up to three octal digits, the first of which is read."""
    first = cursor.at - 1
    cursor.run(_OCTAL, 2)
    return _byte(int(cursor.pattern[first : cursor.at], 8), start)


def _hexadecimal(cursor: Cursor, start: int) -> int:
    if cursor.next_is(b"{"):
        return _braced(cursor, 16, start)
    return int(cursor.run(_HEX, 2) or b"0", 16)


def _braced(cursor: Cursor, base: int, start: int) -> int:
    if not cursor.skip(b"{"):
        raise PatternError("\\o without {", start)
    cursor.skip_blanks()
    digits = cursor.run(_HEX if base == 16 else _OCTAL)
    cursor.skip_blanks()
    if not digits or not cursor.skip(b"}"):
        raise PatternError("a number in braces that cannot be read", start)
    return _byte(int(digits.lstrip(b"0")[:8] or b"0", base), start)


def _byte(value: int, start: int) -> int:
    if value > 0xFF:
        raise PatternError("a character above \\xff", start)
    return value


def _control(cursor: Cursor, start: int) -> int:
    if cursor.at_end() or not 0x20 <= cursor.pattern[cursor.at] <= 0x7E:
        raise PatternError("\\c without a printable character", start)
    return ord(chr(cursor.take()).upper()) ^ 0x40


def _not_newline(cursor: Cursor, start: int) -> OneByte:
    if cursor.next_is(b"{") and not _COUNTS.match(cursor.pattern, cursor.at):
        raise PatternError("a named character (\\N{...}) cannot be used", start)
    return OneByte(sets.NOT_NEWLINE)


_COUNTS = re.compile(rb"\{[ \t]*(?:\d+[ \t]*(?:,[ \t]*\d*)?|,[ \t]*\d+)[ \t]*\}")
_IGNORED = b" \t_-"


def _property(cursor: Cursor, *, negated: bool) -> OneByte:
    start = cursor.at - 2
    if cursor.skip(b"{"):
        name = cursor.until(b"}", "an unclosed Unicode property")
        if name.startswith(b"^"):
            negated, name = not negated, name[1:]
    else:
        name = cursor.run(bytes(range(256)), 1)
    found = sets.categories().get(name.translate(None, _IGNORED).lower())
    if found is None:
        raise PatternError(f"unknown Unicode property {name.decode('latin-1')!r}", start)
    return OneByte(sets.ALL ^ found if negated else found)
