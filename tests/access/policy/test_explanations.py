"""Errors in policies: where, what, and what to write instead."""

from __future__ import annotations

import pytest

from bartizan.access.policy.cel import Policy
from bartizan.errors import PolicyError

CASES = [
    ("session.aall >= 2", 1, 1, "there is no attribute `session.aall`", "did you mean `session.aal`?"),
    ("risk < 4 &&\n  sesion.aal >= 2", 2, 3, "there is no attribute `sesion.aal`", "did you mean `session.aal`?"),
    ('"a" in principal.group', 1, 8, "there is no attribute `principal.group`", "did you mean `principal.groups`?"),
    ('"a" in groups', 1, 8, "there is no attribute `groups`", "did you mean `principal.groups`?"),
    ("session.colour == 1", 1, 1, "there is no attribute `session.colour`", "known are: session.id, session.kind, "),
    ("weather == 1", 1, 1, "there is no attribute `weather`", "known are: device.…, principal.…, request.…, risk, "),
    ("session", 1, 1, "`session` is no value by itself", "known are: session.id, "),
    ('session["aal"] == 2', 1, 1, "`session` is no value by itself", "known are: session.id, "),
    ('in_cdr(request.address, "10.0.0.0/8")', 1, 1, "there is no function `in_cdr`", "did you mean `in_cidr`?"),
    ('request.path.beginsWith("/a")', 1, 14, "there is no function `beginsWith`", "did you mean `endsWith`?"),
    ("teleport(1)", 1, 1, "there is no function `teleport`", "known are: all, bool, "),
    (
        "in_cidr(request.address)",
        1,
        8,
        "calls `in_cidr` with other arguments than it takes",
        "as in in_cidr(request.add",
    ),
    ("request.body.amount > 1", 1, 1, "uses `request.body`, which is not there", "it is known in reauth[].when only"),
    ("risk", 1, 1, "is a value of type int, neither true nor false", "compare it with something"),
    ("session.aal + 1", 1, 13, "is a value of type int, neither true nor false", "compare it with something"),
    ("dyn(risk)", 1, 1, "need not be true or false", "write bool(…) around it"),
    ('session.aal >= "2"', 1, 13, "`>=` does not work with int and string", "numbers are written without quotes"),
    ("risk < 40.5", 1, 6, "`<` does not work with int and double", "write a whole number beside a whole number (40)"),
    ("session.age < 300", 1, 13, "`<` does not work with duration and int", 'write durations as duration("5m")'),
    ('session.age < "5m"', 1, 13, "`<` does not work with duration and string", 'write durations as duration("5m")'),
    ("time.now > 9", 1, 10, "`>` does not work with timestamp and int", "write times as timestamp("),
    (
        'principal.groups == "a"',
        1,
        18,
        "`==` does not work with list(string) and string",
        "ask whether a text is in it",
    ),
    ('request.query["a"] == "b"', 1, 20, "`==` does not work with list(string) and string", "ask whether a text is in"),
    ("!risk", 1, 1, "`!` does not work with int", "write a comparison"),
    ("risk && true", 1, 6, "`&&` does not work with int and bool", "write a comparison"),
    (
        "request.path.matches(1) || risk < 2",
        1,
        21,
        "`matches` does not work with string and int",
        "as in request.path.matches(",
    ),
    ("risk.level > 1", 1, 5, "asks for a field of a value of type int, which has none", "remove the dot"),
    ("session.aal = 2", 1, 13, "`=` is not an operator of CEL", "write `==`"),
    ("risk < 4 and session.aal > 1", 1, 10, "`and` is not an operator of CEL", "write `&&`"),
    ("risk < 4 or session.aal > 1", 1, 10, "`or` is not an operator of CEL", "write `||`"),
    ("not risk < 4", 1, 1, "`not` is not an operator of CEL", "write `!`"),
    ("", 1, 1, "ends where a value is expected", "write one"),
    ("risk < 40 &&", 1, 13, "ends where a value is expected", "complete it"),
    ("((", 1, 3, "ends where a value is expected", "complete it"),
    ('principal.name == "a', 1, 19, "has a quote that is not closed", "close it"),
    ("risk < 40)", 1, 10, "`)` is not expected here", ""),
    ("risk risk", 1, 6, "`risk` is not expected here", "is an operator or a bracket missing before it?"),
    ("risk < $4", 1, 8, "`$` is not expected here", ""),
    ("risk.exists(r, r > 1)", 1, 1, "`exists`, `all`, `map` or `filter` has nothing to go through", "they go through"),
    ("for(risk)", 1, 1, "`for` is a word that CEL keeps for itself", "use another name"),
    ("99999999999999999999 > risk", 1, 1, "invalid int literal", ""),
    ("(" * 50 + "true" + ")" * 50, 1, 1, "is nested too deeply", ""),
    ("risk < 4\x00", 1, 1, "has a control character", "remove it"),
]


@pytest.mark.parametrize(("text", "line", "column", "message", "remedy"), CASES)
def test_errors_have_their_place_and_a_remedy(text: str, line: int, column: int, message: str, remedy: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.compile(text)
    error = caught.value
    assert (error.line, error.column) == (line, column)
    assert error.message.startswith(message)
    assert error.remedy.startswith(remedy)
    assert f"(line {error.line}, column {error.column} of the policy)" in str(error)


def test_the_body_is_suggested_where_it_is_known() -> None:
    with pytest.raises(PolicyError, match=r"did you mean `request.body`"):
        Policy.compile("request.bodyy.amount > 1", body=True)
