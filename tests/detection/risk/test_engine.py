"""The promises of the risk engine: what signals come to, in points."""

from __future__ import annotations

import pytest
from tests.support.risk import ADDRESS, NOW, PEOPLE, PLACES, canary, decoy, engine, honeytoken, rate_limit, waf


def test_one_exchange_too_many_is_hardly_a_risk() -> None:
    assert 0 < engine(rate_limit()).score(ADDRESS, NOW) < 15


def test_ten_thousand_exchanges_too_many_are_no_intrusion() -> None:
    made = engine(*(rate_limit(NOW + number / 100) for number in range(10_000)))
    assert 15 < made.score(ADDRESS, NOW + 100) < 35


@pytest.mark.parametrize(("severity", "confidence"), [(50, 1.0), (60, 0.9), (80, 0.9)])
def test_one_rule_of_the_waf_may_be_a_false_alarm(severity: int, confidence: float) -> None:
    assert engine(waf(severity=severity, confidence=confidence)).score(ADDRESS, NOW) < 40


def test_many_rules_of_the_waf_are_an_attack() -> None:
    assert 40 < engine(*[waf()] * 12).score(ADDRESS, NOW) < 65
    assert 40 < engine(*[waf(severity=60)] * 8).score(ADDRESS, NOW) < 65


def test_a_decoy_is_worth_more_than_a_rule() -> None:
    assert 35 < engine(decoy()).score(ADDRESS, NOW) < 60


def test_a_decoy_before_an_attack_is_worse_than_either() -> None:
    assert 60 < engine(decoy(NOW - 60), *[waf()] * 12).score(ADDRESS, NOW) < 80


def test_a_honeytoken_is_as_good_as_certain() -> None:
    assert engine(honeytoken()).score(ADDRESS, NOW) >= 80


def test_a_canary_tells_of_the_session() -> None:
    made = engine(canary())
    assert made.score(PEOPLE[0], NOW) >= 60
    assert made.score(PLACES[1], NOW) < made.score(PEOPLE[0], NOW) / 2
