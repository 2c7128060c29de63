"""Comparisons with values of the body whose outcome would depend on which type the client gives them.

CEL says that ``5 == "5"`` is false, and many servers take one for the other: a rule ``request.body.account == 12345``
would be got around by sending ``"12345"``. Orderings fail on the wrong type, and a rule that fails counts as met;
equality does not fail. So ``==``, ``!=`` and ``in`` take values of the body only where their type is fixed by
``number()``, ``string()`` or ``bool()``, or beside text that nothing but text can be.

What the type checker says about a value of the body is no help: it infers from the comparison what would fit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bartizan.access.policy.attributes import BODY
from bartizan.access.policy.literals import place
from bartizan.access.policy.tree import Node, Tree
from bartizan.errors import PolicyError

__all__ = ["loose_comparison"]

_COMPARISONS = {"_==_": "==", "_!=_": "!=", "@in": "in"}
_HANDS_ON = frozenset(("_+_", "_-_", "_*_", "_/_", "_%_", "-_", "_?_:_", "dyn"))
"""Functions whose result has the type of what they are given; that of all others is fixed."""
_AMBIGUOUS = re.compile(
    r"\s*[+-]?[0-9.].*|\s*(true|false|null|on|off|yes|no|t|f|y|n|nan|inf|infinity)?\s*", re.IGNORECASE | re.DOTALL
)
"""Text that a server may take for a number, a truth value or nothing."""

Open = frozenset[str]
"""Names of variables that hold values of the body."""


def loose_comparison(text: str, tree: Tree) -> PolicyError | None:
    """Return what is wrong with the first comparison whose outcome depends on the type that a client chooses."""
    for node, names in _comparisons(tree.root, frozenset((BODY,)), tree):
        for value, other in (node.parts, node.parts[::-1]):
            if _is_open(value, names, tree) and not _is_distinct(other):
                return PolicyError(
                    f"`{_COMPARISONS[node.name]}` compares a value of the body, whose type the client chooses",
                    *place(text, tree.offset(node)),
                    'write number(…) == 5, string(…) == "12345" or bool(…), by what you mean',
                )
    return None


def _comparisons(node: Node, names: Open, tree: Tree) -> Iterator[tuple[Node, Open]]:
    """Yield every comparison, with the names that hold values of the body there."""
    if node.kind == "call" and node.name in _COMPARISONS and len(node.parts) == 2:
        yield node, names
    inside = _inside(node, names, tree)
    for part in node.parts:
        yield from _comparisons(part, inside, tree)


def _inside(node: Node, names: Open, tree: Tree) -> Open:
    """Return the names that hold values of the body inside of a node: a comprehension brings its own variable."""
    if node.kind != "comprehension" or not node.parts:
        return names
    return names | {node.name} if _is_open(node.parts[0], names, tree) else names - {node.name}


def _is_open(node: Node, names: Open, tree: Tree) -> bool:
    """Tell whether the client chooses the type of a value, or of what is in it."""
    if node.kind == "name":
        return node.name in names
    if node.kind == "call":
        if node.name == "_[_]":
            return _is_open(node.parts[0], names, tree)
        return node.name in _HANDS_ON and any(_is_open(part, names, tree) for part in node.parts)
    if node.kind == "comprehension" and node.number in tree.boolean:
        return False
    if node.kind == "has":
        return False
    inside = _inside(node, names, tree)
    return any(_is_open(part, inside, tree) for part in node.parts)


def _is_distinct(node: Node) -> bool:
    """Tell whether a value is text that nothing but text can be."""
    if node.kind == "list":
        return bool(node.parts) and all(_is_distinct(part) for part in node.parts)
    return isinstance(node.value, str) and _AMBIGUOUS.fullmatch(node.value) is None
