from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis.strategies import integers, lists
from tests.support.risk import NOW, honeytoken

from bartizan.detection.risk.memory import Known, Memory, dumped, loaded
from bartizan.detection.risk.strand import mark

DAY = 86400.0


def risky(known: Known, time: float = NOW, party: str = "address:192.0.2.7") -> None:
    signal = honeytoken(time)
    known.strand((signal.detector, signal.kind, (party,))).add(mark(signal, 2.0, 1, 7 * DAY), 7 * DAY)


def no_risk(_key: str) -> float:
    return 0.0


def test_an_actor_is_dumped_and_loaded() -> None:
    known = Known(links={"session:s1": NOW}, people={"principal:alice": NOW}, touched=NOW, pardoned=NOW - 5)
    risky(known)
    again = loaded(dumped(known))
    assert again == known
    assert dumped(again) == dumped(known)


def test_links_are_bounded_and_the_oldest_goes() -> None:
    known = Known()
    assert known.link("address:a", ("address:a", "session:0"), NOW)
    assert not known.link("address:a", ("address:a", "session:0"), NOW + 1)
    for number in range(1, 40):
        assert known.link("address:a", (f"session:{number}",), NOW + number)
    assert len(known.links) == 16
    assert "session:0" not in known.links
    assert "session:39" in known.links


def test_people_are_bounded() -> None:
    known = Known()
    for number in range(200):
        assert known.meet(f"principal:{number}", NOW + number)
    assert not known.meet("principal:199", NOW)
    assert len(known.people) == 64
    assert known.people["principal:199"] == NOW + 199


def test_what_is_strong_stays_when_much_that_is_weak_comes() -> None:
    known = Known()
    risky(known)
    for number in range(100):
        weak = honeytoken(NOW + number)
        strand = known.strand(("rate_limit", "volume", (f"session:{number}",)))
        strand.add(mark(weak, 0.1, -1, 600.0), 600.0)
    assert len(known.strands) == 32
    assert ("honeytokens", "deception", ("address:192.0.2.7",)) in known.strands


@given(lists(integers(0, 60), max_size=200))
def test_there_are_never_more_than_the_maximum(numbers: list[int]) -> None:
    memory = Memory(20)
    for time, number in enumerate(numbers):
        known = memory.touch(f"session:{number}", NOW + time)
        if number % 3 == 0:
            risky(known, NOW + time)
    assert len(memory) == min(20, len(set(numbers)))
    assert not memory.gone & {key for key, _ in memory.items()}
    assert {f"session:{number}" for number in numbers} == memory.gone | {key for key, _ in memory.items()}
    if numbers:
        assert f"session:{numbers[-1]}" in dict(memory.items())


def test_who_was_pardoned_is_known_as_long_as_signals_may_still_arrive() -> None:
    memory = Memory(20)
    memory.touch("session:s1", NOW - 10 * DAY).pardoned = NOW
    assert memory.forget(NOW + 60, 10, no_risk) == 0
    assert memory.forget(NOW + 2 * DAY, 10, no_risk) == 1


def test_a_look_at_the_idle_is_bounded() -> None:
    memory = Memory(200)
    for number in range(100):
        memory.touch(f"session:{number}", NOW)
    assert memory.forget(NOW + 10 * DAY, 30, no_risk) == 30
    assert len(memory) == 70


@pytest.mark.parametrize("data", [b"", b"\x90", b"junk"])
def test_what_is_no_actor_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no actor"):
        loaded(data)


def test_who_has_a_risk_from_somebody_else_is_not_forgotten() -> None:
    memory = Memory(20)
    memory.touch("session:s1", NOW)
    assert memory.forget(NOW + 10 * DAY, 10, lambda _: 5.0) == 0
    assert memory.forget(NOW + 10 * DAY, 10, no_risk) == 1
