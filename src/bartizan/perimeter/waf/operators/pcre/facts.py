"""What can be told about a pattern without matching anything."""

from __future__ import annotations

from enum import Enum, auto

from bartizan.perimeter.waf.operators.pcre.nodes import (
    Alternation,
    Assertion,
    Beyond,
    Node,
    OneByte,
    Place,
    Repeat,
    Sequence,
)

__all__ = ["LineStarts", "literal", "matches_empty_text", "may_take_nothing", "may_take_something", "rank_line_starts"]


class LineStarts(Enum):
    """Whether ``^`` may be reached at the end of a text, where PCRE2 and RE2 differ about a newline just before it."""

    EXACT = auto()
    """Never: a byte has to follow each ``^``."""
    LEADING = auto()
    """Only where the match also begins there."""
    INNER = auto()
    """Also after something that was matched."""


def matches_empty_text(node: Node) -> bool:
    """Tell whether the empty text matches; with look-arounds and the like, whether it may."""
    return _passes(node, frozenset({Place.WORD_EDGE}))


def may_take_nothing(node: Node) -> bool:
    """Tell whether there can be a match of no length, somewhere in some text."""
    return _passes(node, frozenset())


def _passes(node: Node, false: frozenset[Place]) -> bool:
    """Tell whether a node can match without taking a byte, where the conditions in ``false`` do not hold."""
    if isinstance(node, OneByte):
        return False
    if isinstance(node, Assertion):
        return node.place not in false
    if isinstance(node, Sequence):
        return all(_passes(item, false) for item in node.items)
    if isinstance(node, Alternation):
        return any(_passes(branch, false) for branch in node.branches)
    if isinstance(node, Repeat):
        return node.low == 0 or _passes(node.node, false)
    return _passes(node.wider if isinstance(node, Beyond) else node.node, false)


def may_take_something(node: Node) -> bool:
    """Tell whether a node can match a text that is not empty."""
    if isinstance(node, OneByte):
        return True
    if isinstance(node, Assertion):
        return False
    if isinstance(node, Sequence):
        return any(map(may_take_something, node.items))
    if isinstance(node, Alternation):
        return any(map(may_take_something, node.branches))
    if isinstance(node, Repeat):
        return node.high != 0 and may_take_something(node.node)
    return may_take_something(node.wider if isinstance(node, Beyond) else node.node)


def literal(node: Node) -> bytes | None:
    """Return the one text that a pattern matches, if it is that simple: no group, no choice, no repetition."""
    items = node.items if isinstance(node, Sequence) else (node,)
    found = bytearray()
    for item in items:
        if not isinstance(item, OneByte) or item.bytes.bit_count() != 1:
            return None
        found.append(item.bytes.bit_length() - 1)
    return bytes(found) or None


_AFTER_LAST_NEWLINE = frozenset({Place.TEXT_START, Place.WORD_EDGE})
"""What does not hold at the end of a text that ends with a newline."""


def rank_line_starts(node: Node) -> LineStarts:
    """Tell where ``^`` in multi-line mode may be reached at the end of a text."""
    found = _ranks(node, taken=False, free=True)
    if LineStarts.INNER in found:
        return LineStarts.INNER
    return LineStarts.LEADING if LineStarts.LEADING in found else LineStarts.EXACT


def _ranks(node: Node, *, taken: bool, free: bool) -> set[LineStarts]:
    """Collect the ranks of all ``^``; ``taken``: bytes may precede it, ``free``: nothing has to follow it."""
    if isinstance(node, OneByte):
        return set()
    if isinstance(node, Assertion):
        if node.place is not Place.LINE_START or not free:
            return set()
        return {LineStarts.INNER if taken else LineStarts.LEADING}
    if isinstance(node, Alternation):
        return set().union(*(_ranks(branch, taken=taken, free=free) for branch in node.branches))
    if isinstance(node, Sequence):
        return _sequence_ranks(node, taken=taken, free=free)
    if isinstance(node, Repeat):
        again = node.high is None or node.high > 1
        return _ranks(node.node, taken=taken or (again and may_take_something(node.node)), free=free)
    return set() if isinstance(node, Beyond) else _ranks(node.node, taken=taken, free=free)


def _sequence_ranks(node: Sequence, *, taken: bool, free: bool) -> set[LineStarts]:
    found: set[LineStarts] = set()
    ends = [free]
    for item in reversed(node.items):
        ends.append(ends[-1] and _passes(item, _AFTER_LAST_NEWLINE))
    for item, nothing_follows in zip(node.items, reversed(ends[:-1]), strict=True):
        found |= _ranks(item, taken=taken, free=nothing_follows)
        taken = taken or may_take_something(item)
    return found
