"""Makes of a pattern that RE2 cannot match a wider one that it can."""

from __future__ import annotations

from dataclasses import replace

from bartizan.perimeter.waf.operators.pcre.nodes import (
    Alternation,
    Assertion,
    Atomic,
    Group,
    Mode,
    Node,
    OneByte,
    Place,
    Repeat,
    Sequence,
)

__all__ = ["widen"]


def widen(node: Node) -> Node:
    """Return a pattern that has a match wherever ``node`` has one, and maybe elsewhere; it captures nothing."""
    if isinstance(node, OneByte):
        return node
    if isinstance(node, Assertion):
        return replace(node, place=Place.LINE_END) if node.place is Place.LAST_LINE_END else node
    if isinstance(node, Sequence):
        return Sequence(tuple(map(widen, node.items)))
    if isinstance(node, Alternation):
        return Alternation(tuple(map(widen, node.branches)))
    if isinstance(node, Repeat):
        mode = Mode.GREEDY if node.mode is Mode.POSSESSIVE else node.mode
        return replace(node, node=widen(node.node), mode=mode)
    if isinstance(node, Group | Atomic):
        return widen(node.node)
    return widen(node.wider)
