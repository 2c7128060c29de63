"""Character classes: ``[...]``."""

from __future__ import annotations

from bartizan.perimeter.waf.operators.pcre import sets
from bartizan.perimeter.waf.operators.pcre.cursor import Cursor
from bartizan.perimeter.waf.operators.pcre.errors import PatternError
from bartizan.perimeter.waf.operators.pcre.escapes import read_class_escape
from bartizan.perimeter.waf.operators.pcre.nodes import Assertion, Beyond, OneByte, Place

__all__ = ["read_class"]

_UNCLOSED = "an unclosed character class"
_MARKS = (b":", b".", b"=")
_EDGES = (b"[:<:]]", b"[:>:]]")
_HYPHEN = sets.of(b"-")


def read_class(cursor: Cursor) -> OneByte | Beyond:
    r"""Read a character class, or a word boundary that looks like one, after its ``[``.

    A hyphen beside a class within it (``[\w-z]``, ``[\s\v-"]`` in CRS 4.0 to 4.2) is a hyphen, as for Perl and PCRE 8.
    PCRE2 refuses it, and libmodsecurity then loads the rule as one that never matches, or always when it is negated.

    Raises:
        PatternError: It is not valid.
    """
    start = cursor.at - 1
    if cursor.pattern.startswith(_EDGES, cursor.at):
        cursor.at += len(_EDGES[0])
        return Beyond(Assertion(Place.WORD_EDGE, start), "a word boundary [[:<:]] or [[:>:]]", start)
    if cursor.peek() in _MARKS and _closes(cursor):
        raise PatternError("a named class such as [:alpha:] outside a character class", start)
    _skip(cursor)
    negated = not cursor.literal and cursor.skip(b"^")
    found = _members(cursor, start)
    if cursor.options.caseless:
        found = sets.either_case(found)
    return OneByte(sets.ALL ^ found if negated else found)


def _members(cursor: Cursor, start: int) -> int:
    found = 0
    first = True
    while True:
        _skip(cursor)
        if cursor.at_end():
            raise PatternError(_UNCLOSED, start)
        if not first and not cursor.literal and cursor.skip(b"]"):
            return found
        first = False
        item = _item(cursor)
        if isinstance(item, OneByte):
            found |= item.bytes | _hyphen_after(cursor, start)
        else:
            found |= _range_from(cursor, item, start)


def _skip(cursor: Cursor) -> None:
    r"""Skip ``\Q``, ``\E`` and, in the mode ``(?xx)``, blanks."""
    while not cursor.enter_literal() and cursor.options.extended_more and cursor.run(b" \t"):
        pass


def _item(cursor: Cursor) -> int | OneByte:
    """Read a byte, an escape or a named class; a ``OneByte`` cannot begin or end a range."""
    if cursor.literal:
        return cursor.take()
    byte = cursor.take()
    if byte == 0x5C:
        return read_class_escape(cursor)
    if byte == 0x5B and cursor.peek() in _MARKS and _closes(cursor):
        return _named(cursor)
    return byte


def _range_from(cursor: Cursor, low: int, start: int) -> int:
    _skip(cursor)
    if cursor.literal or not cursor.next_is(b"-"):
        return 1 << low
    hyphen = cursor.at
    cursor.at += 1
    _skip(cursor)
    if cursor.at_end():
        raise PatternError(_UNCLOSED, start)
    if not cursor.literal and cursor.next_is(b"]"):
        return 1 << low | _HYPHEN
    high = _item(cursor)
    if isinstance(high, OneByte):
        return 1 << low | _HYPHEN | high.bytes
    if high < low:
        raise PatternError("a range out of order", hyphen)
    return sets.span(low, high)


def _hyphen_after(cursor: Cursor, start: int) -> int:
    r"""Read the hyphen of ``[\d-z]``, which begins no range; the one of ``[\d-]`` is left to be read as any other."""
    _skip(cursor)
    if cursor.literal or not cursor.next_is(b"-"):
        return 0
    hyphen = cursor.at
    cursor.at += 1
    _skip(cursor)
    if cursor.at_end():
        raise PatternError(_UNCLOSED, start)
    if not cursor.literal and cursor.next_is(b"]"):
        cursor.at = hyphen
        return 0
    return _HYPHEN


def _closes(cursor: Cursor) -> bool:
    """Tell whether ``[:`` is closed by ``:]`` before the class can end."""
    mark = cursor.peek()[0]
    pattern, at = cursor.pattern, cursor.at + 1
    while at + 1 < len(pattern):
        byte, after = pattern[at], pattern[at + 1]
        if byte == 0x5C and after in b"]\\":
            at += 1
        elif byte == 0x5D or (byte == 0x5B and after == mark):
            return False
        elif byte == mark and after == 0x5D:
            return True
        at += 1
    return False


def _named(cursor: Cursor) -> OneByte:
    start = cursor.at - 1
    mark = cursor.take()
    if mark != 0x3A:
        raise PatternError("a collating element cannot be used", start)
    negated = cursor.skip(b"^")
    name = cursor.until(b":]", _UNCLOSED)
    if name not in sets.POSIX:
        raise PatternError(f"unknown class [:{name.decode('latin-1')}:]", start)
    found = sets.POSIX[name]
    if cursor.options.caseless and name in (b"lower", b"upper"):
        found = sets.POSIX[b"alpha"]
    return OneByte(sets.ALL ^ found if negated else found)
