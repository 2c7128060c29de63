"""Literals that can never be used: ``matches("(")`` or ``duration("5x")`` would fail at each evaluation."""

from __future__ import annotations

from functools import lru_cache

from cel_expr_python import cel

from bartizan.access.policy.functions import in_cidr
from bartizan.access.policy.tree import Tree
from bartizan.errors import PolicyError

__all__ = ["faulty_literal", "place"]

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


@lru_cache(maxsize=1024)
def _usable(function: str, literal: str) -> bool:
    if function == "in_cidr":
        try:
            in_cidr("192.0.2.1", literal)
        except ValueError:
            return False
        return True
    probe = cel.NewEnv(variables={"it": cel.Type.STRING}).compile(_PROBES[function][0])
    return isinstance(probe.eval(data={"it": literal}).value(), bool)
