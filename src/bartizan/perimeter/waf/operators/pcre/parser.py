"""Reads a pattern: alternatives, sequences and repetitions."""

from __future__ import annotations

from bartizan.perimeter.waf.operators.pcre import sets
from bartizan.perimeter.waf.operators.pcre.classes import read_class
from bartizan.perimeter.waf.operators.pcre.cursor import Cursor, Options
from bartizan.perimeter.waf.operators.pcre.errors import PatternError
from bartizan.perimeter.waf.operators.pcre.escapes import read_escape
from bartizan.perimeter.waf.operators.pcre.groups import Opening, read_opening
from bartizan.perimeter.waf.operators.pcre.nodes import (
    ANYTHING,
    EMPTY,
    Alternation,
    Assertion,
    Atomic,
    Beyond,
    Group,
    Mode,
    Node,
    OneByte,
    Place,
    Repeat,
    Sequence,
)

__all__ = ["parse"]

_MOST_NESTED = 100  # PCRE2 allows 250; deeper than any rule, and safe from the interpreter's own limit
_MOST_REPEATS = 65535
_DIGITS = b"0123456789"


def parse(pattern: bytes, *, caseless: bool = False) -> tuple[Node, bytes]:
    r"""Read a pattern as PCRE2 10.44 does with ``PCRE2_DOTALL | PCRE2_MULTILINE``, without UTF, in the C locale.

    Returns:
        The tree, and the pattern with ``\A`` for ``\G``, which means the same as long as a search starts at the start.

    Raises:
        PatternError: It is not valid.
    """
    cursor = Cursor(pattern, Options(caseless=caseless))
    if cursor.next_is(b"(*"):
        raise PatternError("a verb or setting such as (*UTF) cannot be used", 0)
    node = _alternatives(cursor, 0)
    if not cursor.at_end():
        raise PatternError("a closing parenthesis without an opening one", cursor.at)
    same = bytearray(pattern)
    for start in cursor.search_starts:
        same[start + 1] = 0x41
    return node, bytes(same)


def _alternatives(cursor: Cursor, depth: int) -> Node:
    if depth > _MOST_NESTED:
        raise PatternError(f"more than {_MOST_NESTED} groups in each other", cursor.at)
    branches = [_sequence(cursor, depth)]
    while not cursor.literal and cursor.skip(b"|"):
        branches.append(_sequence(cursor, depth))
    return branches[0] if len(branches) == 1 else Alternation(tuple(branches))


def _sequence(cursor: Cursor, depth: int) -> Node:
    items: list[Node] = []
    while True:
        cursor.skip_comments()
        if cursor.at_end() or (not cursor.literal and cursor.peek() in (b"|", b")")):
            break
        start = cursor.at
        item = _item(cursor, depth)
        cursor.skip_comments()
        quantifier = None if cursor.literal else _quantifier(cursor)
        if quantifier is not None:
            if item is None or isinstance(item, Assertion):
                raise PatternError("a quantifier without anything to repeat", start)
            item = Repeat(item, *quantifier, start)
        if item is not None:
            items.append(item)
    return items[0] if len(items) == 1 else Sequence(tuple(items)) if items else EMPTY


def _item(cursor: Cursor, depth: int) -> Node | None:
    """Read one item; None for what only changes options."""
    options = cursor.options
    start = cursor.at
    byte = cursor.take()
    if cursor.literal:
        return _literal(byte, options)
    if byte == 0x5C:
        found = read_escape(cursor)
        return _literal(found, options) if isinstance(found, int) else found
    if byte == 0x5B:
        return read_class(cursor)
    if byte == 0x28:
        return _group(cursor, depth)
    if byte == 0x2E:
        return OneByte(sets.ALL if options.dot_all else sets.NOT_NEWLINE)
    if byte == 0x5E:
        return Assertion(Place.LINE_START if options.multi_line else Place.TEXT_START, start)
    if byte == 0x24:
        return Assertion(Place.LINE_END if options.multi_line else Place.LAST_LINE_END, start)
    cursor.at = start
    if _quantifier(cursor) is not None:
        raise PatternError("a quantifier without anything to repeat", start)
    cursor.at = start + 1
    return _literal(byte, options)


def _literal(byte: int, options: Options) -> OneByte:
    return OneByte(sets.either_case(1 << byte) if options.caseless else 1 << byte)


def _group(cursor: Cursor, depth: int) -> Node | None:
    start = cursor.at - 1
    outer = cursor.options
    opening, cursor.options = read_opening(cursor)
    if opening is Opening.OPTIONS:
        return None
    if opening is Opening.CALL:
        return Beyond(ANYTHING, "a reference to a group", start)
    if opening is Opening.CAPTURE:
        cursor.groups += 1
    number = cursor.groups
    caseless = cursor.options.caseless
    node = _alternatives(cursor, depth + 1)
    if not cursor.skip(b")"):
        raise PatternError("an unclosed group", start)
    cursor.options = outer
    if opening is Opening.CAPTURE:
        cursor.closed[number] = node, caseless
        return Group(node, number)
    return _closed(node, opening, start)


_BEYOND = {
    Opening.LOOK: "a look-around",
    Opening.RESET: "a group (?|...) that numbers its branches alike",
    Opening.CONDITION: "a condition (?(...)...)",
}


def _closed(node: Node, opening: Opening, start: int) -> Node:
    if opening is Opening.ATOMIC:
        return Atomic(node, start)
    if opening in _BEYOND:
        return Beyond(EMPTY if opening is Opening.LOOK else node, _BEYOND[opening], start)
    # ``(?:^)*`` is valid, ``^*`` is not: what a quantifier may follow is no bare condition.
    return Sequence((node,)) if isinstance(node, Assertion) else node


def _quantifier(cursor: Cursor) -> tuple[int, int | None, Mode] | None:
    """Read a quantifier if one comes next: least, most (None: no end) and mode."""
    if cursor.skip(b"*"):
        counts: tuple[int, int | None] | None = (0, None)
    elif cursor.skip(b"+"):
        counts = (1, None)
    elif cursor.skip(b"?"):
        counts = (0, 1)
    else:
        counts = _counts(cursor)
    if counts is None:
        return None
    if cursor.skip(b"+"):
        return (*counts, Mode.POSSESSIVE)
    lazy = cursor.skip(b"?") != cursor.options.ungreedy
    return (*counts, Mode.LAZY if lazy else Mode.GREEDY)


def _counts(cursor: Cursor) -> tuple[int, int | None] | None:
    """Read ``{2}``, ``{2,}``, ``{,3}`` or ``{2,3}``; anything else in braces stands for itself."""
    start = cursor.at
    if not cursor.skip(b"{"):
        return None
    cursor.skip_blanks()
    low = cursor.run(_DIGITS)
    cursor.skip_blanks()
    comma = cursor.skip(b",")
    cursor.skip_blanks()
    high = cursor.run(_DIGITS) if comma else low
    cursor.skip_blanks()
    if not cursor.skip(b"}") or not (low or high):
        cursor.at = start
        return None
    least, most = _count(low or b"0", start), _count(high, start) if high else None
    if most is not None and most < least:
        raise PatternError("a repeat count out of order", start)
    return least, most


def _count(digits: bytes, start: int) -> int:
    number = int(digits.lstrip(b"0")[:6] or b"0")
    if number > _MOST_REPEATS:
        raise PatternError(f"a repeat count above {_MOST_REPEATS}", start)
    return number
