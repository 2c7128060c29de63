from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.config.model.upstreams import Retries
from bartizan.edge.upstreams.retry import IDEMPOTENT_METHODS, RetryBudget, RetryPolicy
from bartizan.errors import (
    UpstreamError,
    UpstreamProtocolError,
    UpstreamTimeout,
    UpstreamUnavailable,
    UpstreamUnreachable,
)

GONE = UpstreamUnreachable("gone", sent=True)


def policy(**options: object) -> RetryPolicy:
    return RetryPolicy(Retries.model_validate({"attempts": 2, "statuses": ["503"], **options}))


@pytest.mark.parametrize(
    ("method", "sent", "replayable", "allowed"),
    [
        ("GET", True, True, True),
        ("PUT", True, True, True),
        ("DELETE", True, True, True),
        ("GET", True, False, False),
        ("POST", True, True, False),
        ("PATCH", True, True, False),
        ("get", True, True, False),
        ("FROBNICATE", True, True, False),
        ("POST", False, False, True),
        ("GET", False, False, True),
    ],
)
@pytest.mark.parametrize("stale", [False, True])
def test_only_what_is_safe_is_repeated(method: str, sent: bool, replayable: bool, allowed: bool, stale: bool) -> None:
    decision = policy().after_error(GONE, method, 0, sent=sent, replayable=replayable, stale=stale, now=0.0)
    assert decision is allowed


@pytest.mark.parametrize(
    ("error", "useful"),
    [
        (GONE, True),
        (UpstreamTimeout("slow"), True),
        (UpstreamUnavailable("full"), True),
        (UpstreamProtocolError("garbage"), False),
        (UpstreamError("?"), False),
    ],
)
def test_only_what_another_node_may_do_better_is_repeated(error: UpstreamError, useful: bool) -> None:
    assert policy().after_error(error, "GET", 0, sent=True, replayable=True, stale=False, now=0.0) is useful


def test_there_are_so_many_retries_and_no_more_but_a_stale_connection_costs_none() -> None:
    rules = policy(attempts=1, budget_percent=0)
    assert not rules.after_error(GONE, "GET", 0, sent=True, replayable=True, stale=False, now=0.0)
    assert rules.after_error(GONE, "GET", 5, sent=True, replayable=True, stale=True, now=0.0)
    rules = policy(attempts=1)
    assert rules.after_error(GONE, "GET", 0, sent=True, replayable=True, stale=False, now=0.0)
    assert not rules.after_error(GONE, "GET", 1, sent=True, replayable=True, stale=False, now=0.0)


def test_statuses_are_repeated_only_as_configured() -> None:
    rules = policy()
    assert rules.after_status(503, "GET", 0, replayable=True, now=0.0)
    assert not rules.after_status(502, "GET", 0, replayable=True, now=0.0)
    assert not rules.after_status(503, "POST", 0, replayable=True, now=0.0)
    assert not rules.after_status(503, "GET", 0, replayable=False, now=0.0)
    assert not rules.after_status(503, "GET", 2, replayable=True, now=0.0)


def test_the_idempotent_methods_are_those_of_rfc_9110() -> None:
    assert set(IDEMPOTENT_METHODS) == {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"}


@given(st.integers(1, 100), st.integers(0, 2000), st.integers(1, 600))
def test_a_budget_allows_its_share_plus_the_allowance(percent: int, exchanges: int, asked: int) -> None:
    budget = RetryBudget(percent, window=10.0, allowance=3.0)
    for _ in range(exchanges):
        budget.count(50.0)
    granted = sum(budget.take(50.0) for _ in range(asked))
    assert granted == min(asked, int(30 + exchanges * percent / 100))


def test_little_traffic_can_be_retried_and_a_used_budget_comes_back() -> None:
    budget = RetryBudget(20)
    assert sum(budget.take(0.0) for _ in range(100)) == 30
    assert not budget.take(5.0)
    assert budget.take(20.0)


def test_no_percent_means_no_retries() -> None:
    budget = RetryBudget(0)
    for _ in range(1000):
        budget.count(0.0)
    assert not budget.take(0.0)
