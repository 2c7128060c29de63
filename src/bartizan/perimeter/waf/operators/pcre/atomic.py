"""Does away with atomic groups and possessive quantifiers where giving back could not lead to a match anyway.

RE2 gives back everything. Where each choice within a group is decided by the next byte alone, there is only one way
through it, so nothing is lost by giving back; the same holds where nothing after the group can fail.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations

from bartizan.perimeter.waf.operators.pcre import sets
from bartizan.perimeter.waf.operators.pcre.errors import NotLinearError
from bartizan.perimeter.waf.operators.pcre.nodes import (
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

__all__ = ["release"]

_END = 1 << 256
"""The end of the text, beside the 256 bytes that can come next."""
_ANYTHING = sets.ALL | _END
_NEXT = {
    Place.LINE_END: sets.NEWLINE | _END,
    Place.LAST_LINE_END: sets.NEWLINE | _END,
    Place.TEXT_END: _END,
}
"""What can come next where a condition holds."""


def release(node: Node) -> Node:
    """Return the pattern without atomic groups and possessive quantifiers.

    Raises:
        NotLinearError: One of them may change what matches, or something else is beyond RE2.
    """
    return _release(node, _ANYTHING, sure=True)


def _release(node: Node, follow: int, *, sure: bool) -> Node:
    """Rewrite a node; ``follow``: what can come next after it, ``sure``: whether nothing after it can fail."""
    if isinstance(node, OneByte | Assertion):
        return node
    if isinstance(node, Beyond):
        raise NotLinearError(node.what, node.position)
    if isinstance(node, Sequence):
        return _release_sequence(node, follow, sure=sure)
    if isinstance(node, Alternation):
        return Alternation(tuple(_release(branch, follow, sure=sure) for branch in node.branches))
    if isinstance(node, Group):
        return replace(node, node=_release(node.node, follow, sure=sure))
    if isinstance(node, Atomic):
        if not (sure or _one_way(node.node, follow)):
            raise NotLinearError("an atomic group (?>...) that changes what matches", node.position)
        return _release(node.node, follow, sure=sure)
    if node.mode is Mode.POSSESSIVE:
        node = replace(node, mode=Mode.GREEDY)
        if not (sure or _one_way(node, follow)):
            raise NotLinearError("a possessive quantifier that changes what matches", node.position)
    inner = _first(node.node, follow) | follow
    return replace(node, node=_release(node.node, inner, sure=sure and node.low <= 1))


def _release_sequence(node: Sequence, follow: int, *, sure: bool) -> Sequence:
    done: list[Node] = []
    for item in reversed(node.items):
        done.append(_release(item, follow, sure=sure))
        follow = _first(item, follow)
        sure = sure and _cannot_fail(item)
    return Sequence(tuple(reversed(done)))


def _cannot_fail(node: Node) -> bool:
    if isinstance(node, OneByte | Assertion | Beyond):
        return False
    if isinstance(node, Sequence):
        return all(map(_cannot_fail, node.items))
    if isinstance(node, Alternation):
        return any(map(_cannot_fail, node.branches))
    if isinstance(node, Repeat):
        return node.low == 0 or _cannot_fail(node.node)
    return _cannot_fail(node.node)


def _first(node: Node, follow: int) -> int:
    """Return what can come next where a node and what follows it match."""
    if isinstance(node, OneByte):
        return node.bytes
    if isinstance(node, Beyond):
        return _ANYTHING
    if isinstance(node, Assertion):
        return follow & _NEXT.get(node.place, _ANYTHING)
    if isinstance(node, Sequence):
        for item in reversed(node.items):
            follow = _first(item, follow)
        return follow
    if isinstance(node, Alternation):
        return _union(_first(branch, follow) for branch in node.branches)
    if isinstance(node, Repeat):
        found = _first(node.node, follow | _first(node.node, follow))
        return found | follow if node.low == 0 else found
    return _first(node.node, follow)


def _union(parts: Iterable[int]) -> int:
    found = 0
    for part in parts:
        found |= part
    return found


def _one_way(node: Node, follow: int) -> bool:
    """Tell whether there is only one way through a node after which what follows could match."""
    if isinstance(node, OneByte | Assertion | Beyond):
        return not isinstance(node, Beyond)
    if isinstance(node, Sequence):
        for item in reversed(node.items):
            if not _one_way(item, follow):
                return False
            follow = _first(item, follow)
        return True
    if isinstance(node, Alternation):
        # A branch that can match nothing is taken whatever comes next, so only the last may be such a one.
        return (
            not any(map(_cannot_be_told, node.branches[:-1]))
            and all(_one_way(branch, follow) for branch in node.branches)
            and all(_apart(one, other, follow) for one, other in combinations(node.branches, 2))
        )
    if isinstance(node, Repeat):
        again = _first(node.node, 0)
        decided = node.low == node.high or (node.mode is not Mode.LAZY and not again & follow)
        return decided and not _cannot_be_told(node.node) and _one_way(node.node, follow | again)
    return _one_way(node.node, follow)


def _cannot_be_told(node: Node) -> bool:
    """Tell whether a node may match nothing, so that the next byte says nothing about whether it matches."""
    return bool(_first(node, _END) & _END)


def _apart(one: Node, other: Node, follow: int) -> bool:
    """Tell whether two branches, tried in this order, cannot both lead on."""
    if not _first(one, follow) & _first(other, follow):
        return True
    first, second = _steps(one), _steps(other)
    if first is None or second is None:
        return False
    if any(not a & b for a, b in zip(first, second, strict=False)):
        return True
    # The second may match where the first did, but then leaves what the first took on top of it.
    return len(second) == len(first) or (len(second) < len(first) and not first[len(second)] & follow)


def _steps(node: Node) -> list[int] | None:
    """Return the sets that a node takes one after the other, if it always takes the same number."""
    items = node.items if isinstance(node, Sequence) else (node,)
    return [item.bytes for item in items if isinstance(item, OneByte)] if _plain(items) else None


def _plain(items: tuple[Node, ...]) -> bool:
    return all(isinstance(item, OneByte) for item in items)
