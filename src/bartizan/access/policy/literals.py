"""What the type checker lets pass and is wrong all the same: found in the syntax tree of a compiled policy.

**Literals that can never be used.** ``matches("(")`` or ``duration("5x")`` would fail at each evaluation.

**Loose comparisons.** Where ``request.body`` is concerned, the client says which type a value has, and CEL says that
``5 == "5"`` is false, while many upstreams take one for the other: a rule ``request.body.account == 12345`` would be
got around by sending ``"12345"``. Orderings fail on the wrong type, and a rule that fails counts as met; equality does
not fail. So ``==``, ``!=`` and ``in`` take values of the body only where the type is fixed (``number()``, ``string()``,
``bool()`` …) or beside text that nothing but text can be.
"""

from __future__ import annotations

import re

from cel_expr_python import cel

from bartizan.access.policy.functions import in_cidr
from bartizan.access.policy.tree import Node, Tree
from bartizan.errors import PolicyError

__all__ = ["faulty_literal", "loose_comparison", "place"]

_ZONED = (
    "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getFullYear", "getHours", "getMilliseconds",
    "getMinutes", "getMonth", "getSeconds",
)  # fmt: skip
_EPOCH = 'timestamp("1970-01-01T00:00:00Z")'
_PROBES = {
    "matches": ('"".matches(it)', "is no regular expression that RE2 knows", "see github.com/google/re2/wiki/Syntax"),
    "duration": ("duration(it) == duration(it)", "is no duration", 'write "5m", "90s" or "1h30m"'),
    "timestamp": ("timestamp(it) == timestamp(it)", "is no time", f"write it as RFC 3339 does: {_EPOCH}"),
    "in_cidr": ("", "is no network", 'write "192.0.2.0/24" or "2001:db8::/32"'),
    **dict.fromkeys(_ZONED, (f"{_EPOCH}.getHours(it) < 25", "is no time zone", 'write "Europe/Berlin" or "+02:00"')),
}
"""By function: what to evaluate with a literal, what is wrong if that fails, and what to do."""
_COMPARISONS = {"_==_": "==", "_!=_": "!=", "@in": "in"}
_CONVERSIONS = frozenset(("number", "string", "bool", "int", "uint", "double", "bytes", "size", "type"))
_ARITHMETIC = frozenset(("_+_", "_-_", "_*_", "_/_", "_%_", "-_", "_?_:_"))
_AMBIGUOUS = re.compile(
    r"\s*[+-]?[0-9.].*|\s*(true|false|null|on|off|yes|no|t|f|y|n|nan|inf|infinity)?\s*", re.IGNORECASE | re.DOTALL
)
"""Text that a server may take for a number, a truth value or nothing."""


def place(text: str, offset: int) -> tuple[int, int]:
    """Return line and column, from 1, of the character at ``offset``."""
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def faulty_literal(text: str, tree: Tree) -> PolicyError | None:
    """Return what is wrong with the first literal that can never be used."""
    for node in tree.root.walk():
        if node.kind != "call" or node.name not in _PROBES or not node.parts:
            continue
        last = node.parts[-1]
        if last.kind == "constant" and isinstance(last.value, str) and not _usable(node.name, last.value):
            _, message, remedy = _PROBES[node.name]
            return PolicyError(f'"{last.value[:60]}" {message}', *place(text, tree.offset(last)), remedy)
    return None


def loose_comparison(text: str, tree: Tree) -> PolicyError | None:
    """Return what is wrong with the first comparison whose outcome depends on the type that a client chooses."""
    for node in tree.root.walk():
        if node.kind != "call" or node.name not in _COMPARISONS or len(node.parts) != 2:
            continue
        for value, other in (node.parts, node.parts[::-1]):
            if _is_open(value, tree) and not _is_distinct(other):
                return PolicyError(
                    f"`{_COMPARISONS[node.name]}` compares a value of the body, whose type the client chooses",
                    *place(text, tree.offset(node)),
                    'write number(…) == 5, string(…) == "12345" or bool(…), by what you mean',
                )
    return None


def _is_open(node: Node, tree: Tree) -> bool:
    """Tell whether the client chooses the type of a value."""
    if node.kind == "constant":
        return False
    if node.kind in ("list", "struct"):
        return any(_is_open(part, tree) for part in node.parts)
    if node.kind == "call" and node.name in _CONVERSIONS:
        return False
    if node.kind == "call" and node.name in _ARITHMETIC:
        return any(_is_open(part, tree) for part in node.parts)
    return node.number not in tree.typed


def _is_distinct(node: Node) -> bool:
    """Tell whether a value is text that nothing but text can be."""
    if node.kind == "list":
        return all(_is_distinct(part) for part in node.parts)
    return isinstance(node.value, str) and _AMBIGUOUS.fullmatch(node.value) is None


def _usable(function: str, literal: str) -> bool:
    if function == "in_cidr":
        try:
            in_cidr("192.0.2.1", literal)
        except ValueError:
            return False
        return True
    probe = cel.NewEnv(variables={"it": cel.Type.STRING}).compile(_PROBES[function][0])
    return isinstance(probe.eval(data={"it": literal}).value(), bool)
