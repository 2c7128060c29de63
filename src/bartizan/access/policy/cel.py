"""Policies in CEL, the Common Expression Language (cel-spec): compiled and type-checked once, asked for each exchange.

Text and nesting are bounded (the library takes at most 32 levels), and so is what one evaluation may take: CEL has no
loops but those over lists and maps, of which one evaluation goes through at most 10,000 elements in all, and regular
expressions are RE2's. An evaluation that fails is no permission: see ``Outcome``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from cel_expr_python import cel

from bartizan.access.policy import functions
from bartizan.access.policy.attributes import ATTRIBUTES, BODY, CelType
from bartizan.access.policy.comparisons import loose_comparison
from bartizan.access.policy.explanations import explain, no_verdict
from bartizan.access.policy.literals import faulty_literal
from bartizan.access.policy.tree import read_tree
from bartizan.errors import PolicyError

__all__ = ["MAX_LENGTH", "Outcome", "Policy"]

MAX_LENGTH = 4096  # characters


class Outcome(NamedTuple):
    """What a policy says; ``reason`` is why there was no answer (then it is not allowed), else empty.

    A reason names parts of the policy and types, never a value of the exchange.
    """

    allowed: bool
    reason: str = ""


class Policy:
    """A compiled policy. ``text`` is as it was written; ``uses`` are the attributes that it looks at."""

    __slots__ = ("_expression", "text", "uses")

    def __init__(self, text: str, uses: frozenset[str], expression: cel.Expression) -> None:
        """See ``compile``."""
        self.text = text
        self.uses = uses
        self._expression = expression

    @classmethod
    def compile(cls, text: str, *, body: bool = False) -> Policy:
        """Compile a policy; ``body``: it may look at ``request.body``.

        Raises ``PolicyError`` with the place of what is wrong: syntax, unknown names, types, a result that is neither
        true nor false, literals that can never be used (a regular expression, a duration, a network), and comparisons
        with values of the body that would depend on which type the client gives them.
        """
        if len(text) > MAX_LENGTH:
            raise PolicyError(f"is longer than {MAX_LENGTH} characters", 1, MAX_LENGTH + 1, "write less")
        if _UNPRINTABLE.search(text) is not None:
            raise PolicyError("has a control character or half a character", 1, 1, "remove it")
        try:
            expression = _environment(body).compile(text)
        except RuntimeError as error:
            raise explain(str(error), text, body=body) from None
        tree = read_tree(expression.serialize())
        faults = (
            no_verdict(expression.return_type(), text, tree),
            loose_comparison(text, tree),
            faulty_literal(text, tree),
        )
        for fault in faults:
            if fault is not None:
                raise fault
        named = (node.name for node in tree.root.walk() if node.kind == "name")
        return cls(text, _names().intersection(named), expression)

    def evaluate(self, attributes: Mapping[str, Any]) -> Outcome:
        """Ask the policy; ``attributes`` has at least those in ``uses`` that have a value. Never raises."""
        try:
            value = self._expression.eval(data=attributes).value()
        except Exception as error:  # noqa: BLE001 - whatever fails in the library, the answer is no
            return Outcome(False, _reason(str(error)))
        if value is True or value is False:
            return _ALLOWED if value else _REFUSED
        return Outcome(False, _reason(str(value)))

    def holds(self, attributes: Mapping[str, Any], *, on_error: bool) -> bool:
        """Tell whether the policy holds; ``on_error`` is the answer where it has none."""
        outcome = self.evaluate(attributes)
        return on_error if outcome.reason else outcome.allowed

    def __repr__(self) -> str:
        return f"Policy({self.text!r})"


_ALLOWED, _REFUSED = Outcome(allowed=True), Outcome(allowed=False)
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_TYPES = re.compile(r"UNKNOWN: No matching overloads? found : (\S{1,60}\([a-z0-9_., ]{0,60}\))")
_NO_VALUE = re.compile(r'UNKNOWN: No value with name "([a-z._0-9]{1,60})"')
_PLAIN = (
    ("Key not found", "a key is not in the map (ask `in` or `has()` first)"),
    ("Index error", "an index is outside of the list"),
    ("divide by zero", "a number is divided by zero"),
    ("Iteration budget", "a list or map has too many elements"),
    ("could not find", "a key is not in the map (ask `in` or `has()` first)"),
    ("the text is not", "a text is no number, address or network"),
    ("not an address", "a text is no address"),
    ("conver", "a value cannot be converted"),
)


def _reason(message: str) -> str:
    """Return a reason without any value: the library quotes them."""
    if (missing := _NO_VALUE.match(message)) is not None:
        return f"`{missing[1]}` has no value"
    if (types := _TYPES.match(message)) is not None:
        return f"nothing is known for these types: {types[1]}"
    return next((told for known, told in _PLAIN if known in message), "it failed")


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(item.name for item in ATTRIBUTES)


@lru_cache(maxsize=2)
def _environment(body: bool) -> cel.Env:  # noqa: FBT001 - positional for the cache
    variables = {item.name: _type(item.type) for item in ATTRIBUTES if body or item.name != BODY}
    return cel.NewEnv(variables=variables, functions=_functions())


def _functions() -> list[cel.FunctionDecl]:
    kinds = cel.Type
    both = [kinds.STRING, kinds.STRING]
    numbers = [
        cel.Overload(f"number_{kind.name().lower()}", kinds.DYN, [kind], is_member=False, impl=functions.number)
        for kind in (kinds.STRING, kinds.INT, kinds.DOUBLE)
    ]
    within = cel.Overload("in_cidr_string_string", kinds.BOOL, both, is_member=False, impl=functions.in_cidr)
    return [cel.FunctionDecl("in_cidr", [within]), cel.FunctionDecl("number", numbers)]


def _type(name: CelType) -> cel.Type:
    kinds = cel.Type
    return {
        "bool": kinds.BOOL,
        "int": kinds.INT,
        "string": kinds.STRING,
        "duration": kinds.DURATION,
        "timestamp": kinds.TIMESTAMP,
        "list(string)": kinds.List(kinds.STRING),
        "map(string, string)": kinds.Map(kinds.STRING, kinds.STRING),
        "map(string, list(string))": kinds.Map(kinds.STRING, kinds.List(kinds.STRING)),
        "dyn": kinds.DYN,
    }[name]
