"""Policies: compiled once, asked for each exchange."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.access.policy.attributes import ATTRIBUTES
from bartizan.access.policy.cel import MAX_LENGTH, Outcome, Policy
from bartizan.errors import PolicyError

WORDS = [item.name for item in ATTRIBUTES] + [
    "&&", "||", "!", "==", "!=", "<", ">=", "+", "-", "(", ")", "[", "]", "{", "}", "?", ":", ".", ",", "in", "true",
    "null", "1", "2.5", '"a"', "'", '"', "`", "\\", "\n", "//", "é", "x", "exists", "has", "in_cidr", "number",
    "matches", "duration", "size", "dyn", "b", "u", "r", "@", "$", "=", "and", "for", "9" * 30, "\U0001f600",
]  # fmt: skip


def allowed(text: str, **attributes: Any) -> Outcome:
    return Policy.compile(text).evaluate({name.replace("__", "."): value for name, value in attributes.items()})


@pytest.mark.parametrize(
    ("groups", "aal", "risk", "expected"),
    [(["finance"], 2, 39, True), (["finance"], 2, 40, False), (["finance"], 1, 0, False), ([], 3, 0, False)],
)
def test_the_policy_of_the_manual(groups: list[str], aal: int, risk: int, expected: bool) -> None:
    text = '"finance" in principal.groups && session.aal >= 2 && risk < 40'
    outcome = allowed(text, principal__groups=groups, session__aal=aal, risk=risk)
    assert outcome == Outcome(expected, "")


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ('session.auth_age < duration("5m")', {"session__auth_age": timedelta(seconds=299)}, True),
        ('session.auth_age < duration("5m")', {"session__auth_age": timedelta(seconds=300)}, False),
        ('time.now < timestamp("2030-01-01T00:00:00Z")', {"time__now": datetime(2029, 12, 31, tzinfo=UTC)}, True),
        ('in_cidr(request.address, "10.0.0.0/8")', {"request__address": "10.1.2.3"}, True),
        ('in_cidr(request.address, "10.0.0.0/8")', {"request__address": "11.1.2.3"}, False),
        ('"all" in request.query["export"]', {"request__query": {"export": ["none", "all"]}}, True),
        ('request.headers["x-team"] == "red"', {"request__headers": {"x-team": "red"}}, True),
        ('request.path.matches("^/a/[0-9]+$")', {"request__path": "/a/17"}, True),
        ('principal.groups.exists(g, g.startsWith("fin"))', {"principal__groups": ["x", "finance"]}, True),
        ("// first line\n risk < 5", {"risk": 4}, True),
    ],
)
def test_what_policies_can_ask(text: str, values: dict[str, Any], expected: bool) -> None:
    assert allowed(text, **values) == Outcome(expected, "")


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ('"finance" in principal.groups && session.aal >= 2', {"principal.groups", "session.aal"}),
        ("true", set()),
        ('principal.name == "session.aal"', {"principal.name"}),
        ("session . aal > 1", {"session.aal"}),
        ("request.headers.a == request.headers.b", {"request.headers"}),
    ],
)
def test_a_policy_knows_what_it_looks_at(text: str, uses: set[str]) -> None:
    assert Policy.compile(text).uses == uses


def test_the_body_is_known_to_rules_for_reauthentication_only() -> None:
    assert Policy.compile("request.body.amount > 1000", body=True).uses == {"request.body"}
    with pytest.raises(PolicyError, match=r"uses `request.body`"):
        Policy.compile("request.body.amount > 1000")


@pytest.mark.parametrize(
    ("text", "values", "reason"),
    [
        ("risk < 40", {}, "`risk` has no value"),
        ('request.headers["x"] == "a"', {"request__headers": {}}, "a key is not in the map"),
        ('request.headers["x"] != "a"', {"request__headers": {}}, "a key is not in the map"),
        ("1 / risk == 1", {"risk": 0}, "a number is divided by zero"),
        ("principal.groups[3] == 'a'", {"principal__groups": []}, "an index is outside of the list"),
        ('in_cidr(request.address, "10.0.0.0/8")', {"request__address": ""}, "a text is no address"),
        ("risk < 40", {"risk": 2**70}, "a value cannot be converted"),
        ("risk < 40", {"risk": "low"}, "it failed"),
        ('principal.name == "a"', {"principal__name": "\ud800"}, "it failed"),
        (
            "principal.groups.all(a, a != 'x')",
            {"principal__groups": ["y"] * 20_000},
            "a list or map has too many elements",
        ),
    ],
)
def test_a_policy_that_has_no_answer_refuses_and_says_why(text: str, values: dict[str, Any], reason: str) -> None:
    outcome = allowed(text, **values)
    assert not outcome.allowed
    assert outcome.reason.startswith(reason)


def test_an_answer_may_not_need_what_has_no_value() -> None:
    text = 'risk < 40 || request.headers["x"] == "a"'
    assert allowed(text, risk=1, request__headers={}) == Outcome(True)
    assert not allowed(text, risk=50, request__headers={}).allowed


@pytest.mark.parametrize("on_error", [True, False])
def test_whoever_asks_decides_what_no_answer_means(on_error: bool) -> None:
    policy = Policy.compile("number(request.body.amount) > 1000", body=True)
    assert policy.holds({"request.body": {"amount": 1001}}, on_error=on_error)
    assert not policy.holds({"request.body": {"amount": 1}}, on_error=on_error)
    assert policy.holds({"request.body": {"amount": "much"}}, on_error=on_error) is on_error
    assert policy.holds({}, on_error=on_error) is on_error


@pytest.mark.parametrize(
    ("amount", "bare", "through_number"),
    [
        (1001, True, True),
        (1000, False, False),
        (1000.01, True, True),
        (999.99, False, False),
        ("1001", None, True),
        ("1000", None, False),
        ("1000.01", None, True),
        ("1e4", None, None),
        (True, None, None),
        (None, None, None),
        ([2000], None, None),
        ({}, None, None),
    ],
)
def test_amounts_of_any_type_are_compared_or_have_no_answer(
    amount: object, bare: bool | None, through_number: bool | None
) -> None:
    for text, expected in (
        ("request.body.amount > 1000", bare),
        ("number(request.body.amount) > 1000", through_number),
    ):
        outcome = Policy.compile(text, body=True).evaluate({"request.body": {"amount": amount}})
        assert (None if outcome.reason else outcome.allowed) == expected


@pytest.mark.parametrize(
    "secret", ["hunter2(", 'No value with name "hunter2(', "hunter2()[", "UNKNOWN: hunter2(", 2**70]
)
@pytest.mark.parametrize(
    "text",
    [
        "request.body[request.body.key]",
        "int(request.body.key)",
        "number(request.body.key)",
        '"a".matches(request.body.key)',
        "duration(request.body.key) == duration('1s')",
        "timestamp(request.body.key) == timestamp('2030-01-01T00:00:00Z')",
        "in_cidr(string(request.body.key), '10.0.0.0/8')",
        "request.body.key > 1",
        "request.body.key.key",
    ],
)
def test_reasons_never_quote_a_value(text: str, secret: object) -> None:
    comparison = text if "==" in text or ">" in text or "matches" in text or "cidr" in text else f"{text} > 0"
    outcome = Policy.compile(comparison, body=True).evaluate({"request.body": {"key": secret}})
    assert outcome.reason
    assert "hunter2" not in outcome.reason
    assert str(2**70) not in outcome.reason


def test_text_and_nesting_are_bounded() -> None:
    assert Policy.compile("risk < 40" + " " * (MAX_LENGTH - 9))
    for text in ("risk < 40" + " " * MAX_LENGTH, "(" * 100 + "true" + ")" * 100, "risk" + " + 1" * 900 + " > 1"):
        with pytest.raises(PolicyError, match=r"is longer than|nested too deeply"):
            Policy.compile(text)


def test_its_text_is_kept() -> None:
    assert Policy.compile("risk < 40").text == "risk < 40"
    assert repr(Policy.compile("risk < 40")) == "Policy('risk < 40')"


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)), st.booleans())
def test_any_text_is_a_policy_or_an_error_with_its_place(text: str, body: bool) -> None:
    try:
        policy = Policy.compile(text, body=body)
    except PolicyError as error:
        told = error
    else:
        assert isinstance(policy.evaluate({}), Outcome)
        return
    assert 1 <= told.line <= text.count("\n") + 2
    assert told.column >= 1
    assert "<input>" not in str(told)


BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(BODIES)
def test_any_body_has_an_answer_or_a_reason(body: object) -> None:
    text = 'number(request.body.a) > 1 || request.body.b.exists(x, x == "transfer") || bool(request.body)'
    outcome = Policy.compile(text, body=True).evaluate({"request.body": body})
    assert not (outcome.allowed and outcome.reason)
