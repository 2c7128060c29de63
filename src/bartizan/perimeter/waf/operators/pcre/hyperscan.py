"""Writes a pattern for Hyperscan, as a gate: it matches wherever the pattern does, and maybe elsewhere."""

from __future__ import annotations

from dataclasses import replace

from bartizan.perimeter.waf.operators.pcre import sets
from bartizan.perimeter.waf.operators.pcre.leaves import write_run, write_set
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

__all__ = ["write_hyperscan"]

_MOST_REPEATS = 1000
"""Beyond it a count is written as without end: a larger automaton would not make a better gate."""
_PLACES = {
    Place.TEXT_START: b"^",
    Place.LINE_START: b"^",
    Place.TEXT_END: b"$",
    Place.LINE_END: b"$",
    Place.LAST_LINE_END: b"$",
    Place.WORD_EDGE: b"\\b",
    Place.NO_WORD_EDGE: b"\\B",
}
_STARTS = (Place.TEXT_START, Place.LINE_START)
_ENDS = (Place.TEXT_END, Place.LINE_END, Place.LAST_LINE_END)


def write_hyperscan(node: Node, *, either_case: bool = False) -> bytes:
    """Return the pattern for ``HS_FLAG_DOTALL | HS_FLAG_MULTILINE``; case is already in its sets.

    With ``either_case`` it also matches texts that differ only in case from one that the pattern matches. That is not
    what ``HS_FLAG_CASELESS`` does: with it ``[^A]`` would take no ``a``, though it takes the ``a`` that ``A`` becomes.
    """
    return _write(_in_either_case(node) if either_case else node, b"%b", before=False, after=False)


def _in_either_case(node: Node) -> Node:
    if isinstance(node, OneByte):
        return OneByte(sets.either_case(node.bytes))
    if isinstance(node, Assertion):
        return node
    if isinstance(node, Sequence):
        return Sequence(tuple(map(_in_either_case, node.items)))
    if isinstance(node, Alternation):
        return Alternation(tuple(map(_in_either_case, node.branches)))
    if isinstance(node, Beyond):
        return replace(node, wider=_in_either_case(node.wider))
    return replace(node, node=_in_either_case(node.node))


def _write(node: Node, around: bytes, *, before: bool, after: bool) -> bytes:
    r"""Write a node.

    ``around`` is what a choice has to be put into: ``%b``, or ``(?:%b)`` within others. ``before`` and ``after`` tell
    whether anything stands before and after the node; Hyperscan wants line ends to be the very first and the very last.
    """
    if isinstance(node, OneByte):
        return write_set(node.bytes or sets.ALL)
    if isinstance(node, Assertion):
        return b"" if (node.place in _ENDS and after) or (node.place in _STARTS and before) else _PLACES[node.place]
    if isinstance(node, Sequence):
        return _sequence(node, before=before, after=after)
    if isinstance(node, Alternation):
        return around % b"|".join([_write(branch, b"%b", before=before, after=after) for branch in node.branches])
    if isinstance(node, Repeat):
        return _repeat(node, before=before, after=after)
    return _write(node.wider if isinstance(node, Beyond) else node.node, around, before=before, after=after)


def _sequence(node: Sequence, *, before: bool, after: bool) -> bytes:
    parts: list[bytes] = []
    run: list[int] = []
    final = len(node.items) - 1
    for at, item in enumerate(node.items):
        if isinstance(item, OneByte):
            run.append(item.bytes or sets.ALL)
            continue
        if run:
            parts.append(write_run(run))
            run = []
        parts.append(_write(item, b"(?:%b)", before=before or at > 0, after=after or at < final))
    parts.append(write_run(run))
    return b"".join(parts)


def _repeat(node: Repeat, *, before: bool, after: bool) -> bytes:
    if node.high == 0:
        return b""
    again = node.high != 1
    inner = _write(node.node, b"%b", before=before or again, after=after or again)
    if not isinstance(node.node, OneByte):
        inner = b"(?:%b)" % inner
    low = min(node.low, _MOST_REPEATS)
    high = None if node.high is None or node.high > _MOST_REPEATS else node.high
    if high is None:
        return inner + (b"*" if low == 0 else b"+" if low == 1 else b"{%d,}" % low)
    if (low, high) == (0, 1):
        return inner + b"?"
    return inner if low == high == 1 else inner + (b"{%d}" % low if low == high else b"{%d,%d}" % (low, high))
