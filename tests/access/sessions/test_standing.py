"""Whether a session still stands."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.sessions import NOW, make_session

from bartizan.access.sessions.facts import client_facts
from bartizan.access.sessions.standing import FINE, Limits, Standing, judge


def test_a_fresh_session_stands() -> None:
    session = make_session()
    assert judge(session, session.facts, NOW + 1) == FINE


def test_it_ends_at_the_end_of_its_lifetime_however_much_it_is_used() -> None:
    session = make_session(seen=NOW + 7199, proved=NOW + 7199)
    assert judge(session, session.facts, NOW + 7199.9) == FINE
    assert judge(session, session.facts, NOW + 7200) == Standing("ended", "lifetime")


def test_it_ends_when_it_was_idle_for_too_long() -> None:
    session = make_session(proof_interval=3600.0)
    assert judge(session, session.facts, NOW + 899) == FINE
    assert judge(session, session.facts, NOW + 900) == Standing("ended", "idle")


@pytest.mark.parametrize(
    ("limits", "reason"), [(Limits(idle=60), "idle"), (Limits(lifetime=60), "lifetime"), (Limits(60, 60), "lifetime")]
)
def test_a_route_can_only_make_it_shorter(limits: Limits, reason: str) -> None:
    session = make_session()
    assert judge(session, session.facts, NOW + 61, limits) == Standing("ended", reason)
    longer = Limits(idle=1e9, lifetime=1e9)
    assert judge(session, session.facts, NOW + 7200, longer) == Standing("ended", "lifetime")


@pytest.mark.parametrize("changed", ["network", "tls", "agent"])
def test_another_network_tls_stack_or_browser_has_to_be_explained(changed: str) -> None:
    session = make_session()
    facts = msgspec.structs.replace(session.facts, **{changed: "another"})
    assert judge(session, facts, NOW + 1) == Standing("changed", changed)


def test_what_was_found_before_stays_found_when_the_client_comes_back() -> None:
    session = make_session(reauth="network")
    assert judge(session, session.facts, NOW + 1) == Standing("reauth", "network")


def test_the_device_proves_its_key_again_after_the_interval() -> None:
    session = make_session()
    assert judge(session, session.facts, NOW + 299) == FINE
    assert judge(session, session.facts, NOW + 300) == Standing("prove", "proof")


def test_an_api_client_proves_it_with_every_request_anyway() -> None:
    session = make_session(kind="dpop")
    assert judge(session, session.facts, NOW + 301) == FINE


@given(st.integers(0, 9000), st.integers(1, 9000), st.integers(1, 9000), st.integers(0, 9000))
def test_no_session_stands_beyond_any_limit(after: int, idle: int, lifetime: int, seen: int) -> None:
    session = make_session(seen=NOW + min(seen, after))
    standing = judge(session, client_facts("192.0.2.7", None, ""), NOW + after, Limits(idle, lifetime))
    beyond = after >= min(7200, lifetime) or NOW + after - session.seen >= min(900, idle)
    assert (standing.outcome == "ended") is beyond
