"""What is wrong with a policy, in plain words and with its place, instead of what a compiler says."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from cel_expr_python import cel

from bartizan.access.policy.attributes import ATTRIBUTES, BODY
from bartizan.access.policy.literals import place
from bartizan.access.policy.tree import Tree
from bartizan.errors import PolicyError

__all__ = ["explain", "no_verdict"]

_FIRST = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*?)(?:\n \||\s*\[[A-Z_]+\]\s*$|\s+ERROR: <input>)", re.DOTALL)
_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")
_OVERLOAD = re.compile(r"found no matching overload for '([^']+)' applied to '\((.*)\)'")
_SELECT = re.compile(r"expression of type '([^']+)' cannot be the operand of a select operation")
_UNEXPECTED = re.compile(r"(?:mismatched|extraneous) input '([^']*)'|token recognition error at: '(.)")
_RESERVED = re.compile(r"reserved identifier: (\w+)")
_OPERATORS = {"and": "&&", "or": "||", "not": "!", "=": "==", "&": "&&", "|": "||", "AND": "&&", "OR": "||"}
_TYPES = {"google.protobuf.Duration": "duration", "google.protobuf.Timestamp": "timestamp", "null_type": "null"}
_SYMBOLS = {"@in": "in", "!_": "!", "-_": "-", "_?_:_": "? :", "_[_]": "[]"}
_FUNCTIONS = {
    "in_cidr": 'in_cidr(request.address, "192.0.2.0/24")',
    "number": "number(request.body.amount)",
    "matches": 'request.path.matches("^/a")',
    "startsWith": 'request.path.startsWith("/a")',
    "endsWith": 'request.path.endsWith("/a")',
    "contains": 'request.path.contains("/a")',
    "size": "size(principal.groups)",
    "duration": 'duration("5m")',
    "timestamp": 'timestamp("2030-01-01T00:00:00Z")',
    "exists": 'principal.groups.exists(g, g.startsWith("x"))',
    "all": 'principal.groups.all(g, g != "x")',
    "has": "has(request.body.amount)",
    "getHours": 'time.now.getHours("Europe/Berlin")',
    "getDayOfWeek": 'time.now.getDayOfWeek("Europe/Berlin")',
    "string": "string(request.body.account)",
    "bool": "bool(request.body.urgent)",
    "int": "int(request.body.count)",
    "double": "double(request.body.amount)",
}
"""Functions that policies are written with, and how each is called."""


def explain(message: str, text: str, *, body: bool) -> PolicyError:
    """Return the first error that the compiler found in ``text``; ``body``: the policy may use ``request.body``."""
    found = _FIRST.search(message)
    if found is None or int(found[1]) < 1:
        if "ecursion" in message:
            return PolicyError("is nested too deeply", 1, 1, "CEL takes 32 levels: write less brackets")
        return PolicyError("cannot be compiled", 1, 1, "see cel.dev for the language")
    line, column, said = int(found[1]), int(found[2]), found[3].strip()
    if (name := _UNDECLARED.match(said)) is not None:
        return _unknown(name[1], text, line, column, body=body)
    if (overload := _OVERLOAD.match(said)) is not None:
        return PolicyError(*_mismatch(overload[1], _split(overload[2]), line, column))
    if (select := _SELECT.match(said)) is not None:
        kind = _TYPES.get(select[1], select[1])
        return PolicyError(
            f"asks for a field of a value of type {kind}, which has none", line, column, _fields_of(kind)
        )
    if "cannot be the range of a comprehension" in said:
        remedy = "they go through lists and maps; write dyn(…) around what is read with []"
        return PolicyError("`exists`, `all`, `map` or `filter` has nothing to go through", line, column, remedy)
    if said.startswith("Syntax error"):
        return _syntax(said, text, line, column)
    if (reserved := _RESERVED.match(said)) is not None:
        return PolicyError(f"`{reserved[1]}` is a word that CEL keeps for itself", line, column, "use another name")
    return PolicyError(said.splitlines()[0][:200], line, column)


def no_verdict(kind: cel.Type, text: str, tree: Tree) -> PolicyError | None:
    """Return what is wrong with a policy that is neither true nor false, None if it is."""
    if kind == cel.Type.BOOL:
        return None
    name = _readable(kind)
    if name == "dyn":
        return PolicyError("need not be true or false", 1, 1, "write bool(…) around it")
    where = place(text, tree.offset(tree.root))
    return PolicyError(f"is a value of type {name}, neither true nor false", *where, "compare it with something")


def _unknown(name: str, text: str, line: int, column: int, *, body: bool) -> PolicyError:
    lines = text.split("\n")
    after = lines[line - 1][column - 1 :] if line <= len(lines) else ""
    if name in _FUNCTIONS:
        return PolicyError(
            f"calls `{name}` with other arguments than it takes", line, column, f"as in {_FUNCTIONS[name]}"
        )
    if name == BODY or name.startswith(f"{BODY}."):
        return PolicyError(
            f"uses `{BODY}`, which is not there when a policy is asked",
            line,
            _start(name, column, after),
            "it is known in reauth[].when only",
        )
    known = [item.name for item in ATTRIBUTES if body or item.name != BODY]
    below = [attribute for attribute in known if attribute.startswith(f"{name}.")]
    if below:
        return PolicyError(f"`{name}` is no value by itself", line, column, f"known are: {', '.join(below)}")
    is_function = after.startswith("(")
    candidates = [*_FUNCTIONS] if is_function else known
    if is_function:
        column = max(1, column - len(name))
    near = _near(name, candidates)
    group = [attribute for attribute in known if attribute.startswith(f"{name.partition('.')[0]}.")]
    listed = sorted(candidates) if is_function else group or _groups(known)
    remedy = f"did you mean `{near}`?" if near else f"known are: {', '.join(listed)}"
    what = "function" if is_function else "attribute"
    return PolicyError(
        f"there is no {what} `{name[:60]}`", line, column if is_function else _start(name, column, after), remedy
    )


def _start(name: str, column: int, after: str) -> int:
    """Return the column where a name begins: of ``a.b``, the compiler tells that of the last dot."""
    head = name.rpartition(".")[0]
    return max(1, column - len(head)) if head and after.startswith(".") else column


def _near(name: str, candidates: list[str]) -> str:
    """Return the candidate that was probably meant, or nothing."""
    group, _, rest = name[:80].partition(".")
    last = rest.partition(".")[0]
    siblings = [candidate for candidate in candidates if candidate.startswith(f"{group}.")]
    if last and siblings:
        near = difflib.get_close_matches(f"{group}.{last}", siblings, 1, 1 - 0.4 * len(last) / len(f"{group}.{last}"))
        return near[0] if near else ""
    alike = [candidate for candidate in candidates if candidate.rpartition(".")[2] == name.rpartition(".")[2]]
    return next(iter(difflib.get_close_matches(name[:80], candidates, 1, 0.6) or alike), "")


def _groups(known: list[str]) -> list[str]:
    return sorted({f"{name.partition('.')[0]}.…" if "." in name else name for name in known})


def _mismatch(function: str, kinds: list[str], line: int, column: int) -> tuple[str, int, int, str]:
    symbol = _SYMBOLS.get(function) or function.strip("_")
    return f"`{symbol}` does not work with {_listed(kinds)}", line, column, _remedy(symbol, kinds)


def _remedy(symbol: str, kinds: list[str]) -> str:
    has, numbers = set(kinds), {"int", "double", "uint"}
    if symbol in ("&&", "||", "!", "? :") and "bool" not in kinds[:1]:
        return "write a comparison on each side, such as risk < 40"
    if "duration" in has and has & {"int", "double", "string"}:
        return 'write durations as duration("5m")'
    if "timestamp" in has and has & {"int", "double", "string"}:
        return 'write times as timestamp("2030-01-01T00:00:00Z"), or ask time.hour and time.weekday'
    if len(has & numbers) > 1:
        return "write a whole number beside a whole number (40), one with a fraction beside a double (40.0)"
    if "list(string)" in has:
        return 'ask whether a text is in it: "x" in principal.groups'
    if has == {"int", "string"} and symbol not in _FUNCTIONS:
        return "numbers are written without quotes"
    return example if (example := _FUNCTIONS.get(symbol, "")) == "" else f"as in {example}"


def _syntax(said: str, text: str, line: int, column: int) -> PolicyError:
    if "<EOF>" in said and "mismatched input '<EOF>'" in said:
        return PolicyError(
            "ends where a value is expected", line, column, "complete it" if text.strip() else "write one"
        )
    unexpected = _UNEXPECTED.search(said)
    token = "" if unexpected is None else unexpected[1] or unexpected[2] or ""
    if token in ('"', "'"):
        return PolicyError("has a quote that is not closed", line, column, "close it on the same line")
    before = text.split("\n")[line - 1][: column - 1].rstrip()
    word = before.split()[-1] if before.endswith((" and", " or", "not")) else token
    if word in _OPERATORS:
        column = column if word == token else len(before) - len(word) + 1
        return PolicyError(f"`{word}` is not an operator of CEL", line, column, f"write `{_OPERATORS[word]}`")
    shown = f"`{token}`" if token else "what stands here"
    return PolicyError(f"{shown} is not expected here", line, column, "is an operator or a bracket missing before it?")


def _fields_of(kind: str) -> str:
    return 'write ["name"] behind a map' if kind.startswith("map") else "remove the dot and what is behind it"


def _split(kinds: str) -> list[str]:
    """Return the types of an argument list; commas inside of brackets do not divide it."""
    return [_TYPES.get(kind, kind) for kind in _pieces(kinds)]


def _pieces(kinds: str) -> Iterator[str]:
    depth, piece = 0, ""
    for char in kinds:
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            yield piece.strip()
            piece = ""
        else:
            piece += char
    if piece.strip():
        yield piece.strip()


def _listed(kinds: list[str]) -> str:
    return " and ".join(kinds) if len(kinds) < 3 else f"{', '.join(kinds[:-1])} and {kinds[-1]}"


def _readable(kind: cel.Type) -> str:
    name = str(kind.name()).lower()
    return _TYPES.get(kind.name(), name)
