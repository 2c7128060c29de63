from __future__ import annotations

from collections.abc import Sequence

from tests.support.journals import NOW, honeytoken, records_of

from bartizan.detection.risk import Engine, RiskSettings
from bartizan.evidence.journal import Entry, Position
from bartizan.evidence.journal.records import Record
from bartizan.sentry.reading import Reading

SEGMENT = "edge-0-1764000000000-aabbccddeeff-000001.bzj"
OTHER = "edge-1-1764000000000-aabbccddeeff-000001.bzj"


def new_reading() -> Reading:
    return Reading(Engine(RiskSettings()))


def entries(records: Sequence[Record], segment: str = SEGMENT, begin: int = 0) -> list[Entry]:
    return [Entry(Position(segment, begin + 100 * (number + 1)), b"", record) for number, record in enumerate(records)]


def take(reading: Reading, records: Sequence[Record], segment: str = SEGMENT, begin: int = 0) -> None:
    for entry in entries(records, segment, begin):
        reading.take(entry)


def test_a_finding_raises_the_risk_of_whom_it_names() -> None:
    reading = new_reading()
    take(reading, records_of(honeytoken()))
    assert reading.engine.score("address:192.0.2.7", NOW) >= 80
    assert reading.engine.score("credential:key-1", NOW) >= 80
    assert 0 < reading.engine.score("network:192.0.2.0/24", NOW) < 60
    assert reading.engine.score("address:192.0.2.8", NOW) == 0
    assert (reading.counts.records, reading.counts.exchanges, reading.counts.findings) == (2, 1, 1)


def test_a_checkpoint_stands_before_an_exchange_whose_findings_may_still_come() -> None:
    reading = new_reading()
    first, second = entries([*records_of(), *records_of(honeytoken())])[:2]
    reading.take(first)
    assert reading.checkpoint == {}
    reading.take(second)
    assert reading.checkpoint == {SEGMENT: 100}


def test_what_waits_is_read_again_and_counted_once_after_a_restart() -> None:
    stream = entries([*records_of(), *records_of(honeytoken()), *records_of()])
    for cut in range(len(stream) + 1):
        before = new_reading()
        for entry in stream[:cut]:
            before.take(entry)
        after = new_reading()
        after.checkpoint, after.counts = dict(before.checkpoint), before.counts
        for key in before.engine.dirty():
            after.engine.load(key, before.engine.dump(key))
        for entry in stream:
            if entry.position.offset > after.checkpoint.get(SEGMENT, 0):
                after.take(entry)
        after.settle()
        assert (after.counts.records, after.counts.signals) == (4, 1)
        assert after.checkpoint == {SEGMENT: 400}
        assert after.engine.explain("address:192.0.2.7", NOW).contributions[0].count == 1


def test_exchanges_that_passed_cleanly_tell_who_shares_an_address() -> None:
    reading = new_reading()
    for number in range(30):
        take(reading, records_of(principal=f"person-{number}", session=f"session-{number}"), begin=100 * number)
    attack = records_of(honeytoken(), principal="mallory", session="stolen", now=NOW + 1)
    take(reading, attack, begin=10_000)
    assert reading.engine.score("address:192.0.2.7", NOW + 1) < 25
    assert reading.engine.score("session:stolen", NOW + 1) >= 80


def test_an_exchange_with_findings_is_no_sign_of_clean_people() -> None:
    reading = new_reading()
    for number in range(30):
        found = records_of(honeytoken(), principal=f"person-{number}", session=f"session-{number}")
        take(reading, found, begin=200 * number)
    assert reading.engine.score("address:192.0.2.7", NOW) >= 80


def test_workers_are_read_side_by_side() -> None:
    reading = new_reading()
    one, two = records_of(), records_of(honeytoken())
    take(reading, one)
    take(reading, two, OTHER)
    assert reading.checkpoint == {OTHER: 200}
    reading.settle()
    assert reading.checkpoint == {OTHER: 200, SEGMENT: 100}


def test_the_operator_of_a_network_becomes_an_actor_where_it_is_known() -> None:
    reading = Reading(Engine(RiskSettings()), lambda address: "asn:64496" if address == "192.0.2.7" else None)
    take(reading, records_of(honeytoken()))
    assert 0 < reading.engine.score("asn:64496", NOW) < 30


def test_segments_that_are_gone_are_forgotten() -> None:
    reading = new_reading()
    take(reading, records_of(honeytoken()))
    reading.forget([SEGMENT, "never-seen"])
    assert reading.checkpoint == {}
