"""When somebody has to prove anew who they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tests.support.sessions import NOW, make_session

from bartizan.access.policy.cel import Policy
from bartizan.access.stepup import compile_rules, missing
from bartizan.config.model import Reauth


def rules(*given: dict[str, Any]) -> Any:
    return compile_rules([Reauth.model_validate(each) for each in given])


def body(value: object) -> Any:
    def attributes(policy: Policy) -> Mapping[str, object]:
        return {} if value is None else {"request.body": value}

    return attributes


@pytest.mark.parametrize(
    ("factor", "after", "due"),
    [
        ("any", 300, False),
        ("any", 301, True),
        ("webauthn", 300, False),
        ("webauthn", 301, True),
        ("password", 10, False),
        ("totp", 0, True),
    ],
)
def test_a_factor_counts_as_long_as_it_is_fresh(factor: str, after: float, due: bool) -> None:
    rule, unasked = missing(
        rules({"max_age": "5m", "factor": factor}), make_session(), "GET", NOW + after, body(None), body_is_there=False
    )
    assert (rule is not None, unasked) == (due, False)


def test_a_rule_is_about_its_methods() -> None:
    given = rules({"max_age": "5m", "methods": ["POST", "DELETE"]})
    late = NOW + 3600
    assert missing(given, make_session(), "GET", late, body(None), body_is_there=False)[0] is None
    assert missing(given, make_session(), "DELETE", late, body(None), body_is_there=False)[0] is given[0]


def test_a_condition_waits_for_the_body() -> None:
    given = rules({"max_age": "5m", "factor": "webauthn", "when": "request.body.amount > 1000"})
    late = NOW + 3600
    assert missing(given, make_session(), "POST", late, body(None), body_is_there=False) == (None, True)
    assert missing(given, make_session(), "POST", late, body({"amount": 1001}), body_is_there=True)[0] is given[0]
    assert missing(given, make_session(), "POST", late, body({"amount": 1000}), body_is_there=True)[0] is None


@pytest.mark.parametrize("value", [None, {}, {"amount": "much"}, [], {"amount": {}}])
def test_a_body_that_does_not_tell_counts_as_the_worst(value: object) -> None:
    given = rules({"max_age": "5m", "when": "request.body.amount > 1000"})
    assert missing(given, make_session(), "POST", NOW + 3600, body(value), body_is_there=True)[0] is given[0]


def test_nobody_is_asked_for_a_condition_whose_factor_is_fresh() -> None:
    given = rules({"max_age": "5m", "when": "request.body.amount > 1000"})
    assert missing(given, make_session(), "POST", NOW + 10, body(None), body_is_there=False) == (None, False)


def test_the_first_rule_that_is_not_fulfilled_decides() -> None:
    given = rules({"max_age": "1h"}, {"max_age": "5m", "factor": "totp"}, {"max_age": "5m"})
    assert missing(given, make_session(), "POST", NOW + 600, body(None), body_is_there=False)[0] is given[1]


def test_a_condition_that_asks_for_no_body_is_asked_at_once() -> None:
    given = rules({"max_age": "5m", "when": "request.method == 'POST'"})

    def attributes(policy: Policy) -> Mapping[str, object]:
        assert policy.uses == {"request.method"}
        return {"request.method": "POST"}

    late = NOW + 3600
    assert missing(given, make_session(), "POST", late, attributes, body_is_there=False) == (given[0], False)
