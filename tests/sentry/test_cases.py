from __future__ import annotations

from tests.support.journals import NOW, honeytoken, records_of

from bartizan.evidence.journal import DetectionFinding
from bartizan.pipeline import Signal
from bartizan.sentry.cases import Cases


def finding(signal: Signal, **about: object) -> DetectionFinding:
    record = records_of(signal, **about)[1]  # type: ignore[arg-type]
    assert isinstance(record, DetectionFinding)
    return record


def test_one_case_per_actor_decoy_and_place_however_often_it_is_touched() -> None:
    cases = Cases()
    first = cases.take(finding(honeytoken("repository"), now=NOW))
    assert first is not None
    assert cases.take(finding(honeytoken("repository"), now=NOW + 60)) is None
    assert len(cases) == 1
    assert (first.count, first.opened, first.last, first.place, first.decoy) == (
        2,
        NOW,
        NOW + 60,
        "repository",
        "key-1",
    )
    assert first.actor == "address:192.0.2.7"
    assert cases.take(finding(honeytoken("bait file"))) is not None
    assert cases.take(finding(honeytoken("repository", decoy="key-2"))) is not None
    assert cases.take(finding(honeytoken("repository"), client="192.0.2.8")) is not None
    assert len(cases) == 4


def test_a_person_is_named_rather_than_their_address() -> None:
    case = Cases().take(finding(honeytoken(), principal="mallory", session="s1"))
    assert case is not None
    assert case.actor == "principal:mallory"
    assert {"session:s1", "address:192.0.2.7"} <= set(case.actors)


def test_other_signals_are_no_case() -> None:
    cases = Cases()
    assert cases.take(finding(Signal("waf.match", 60))) is None
    assert cases.take(finding(Signal("decoy.touched", 0, evidence={"decoy": "/.env"}))) is None
    assert len(cases) == 0


def test_cases_come_back_as_they_were_and_the_quiet_ones_go_first() -> None:
    cases = Cases(maximum=2)
    for number, place in enumerate(("one", "two", "three")):
        cases.take(finding(honeytoken(place), now=NOW + number))
    changes = cases.changes()
    assert sorted(map(bool, changes.values())) == [False, True, True]
    again = Cases(maximum=2)
    for key, data in reversed([item for item in changes.items() if item[1]]):
        again.load(key, data)
    again.settle()
    assert len(again) == 2
    assert again.take(finding(honeytoken("four"), now=NOW + 9)) is not None
    assert again.take(finding(honeytoken("three"))) is None
    assert again.take(finding(honeytoken("two"))) is not None


def test_a_pardon_is_noted_in_the_cases_of_the_actor() -> None:
    cases = Cases()
    case = cases.take(finding(honeytoken(), session="s1"))
    cases.take(finding(honeytoken("elsewhere"), client="198.51.100.1"))
    assert case is not None
    assert cases.pardon("session:s1", "a test of ours") == [case.id]
    assert case.pardoned == "a test of ours"
