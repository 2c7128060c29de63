"""The promises of the risk engine: what signals come to, in points."""

from __future__ import annotations

from dataclasses import replace
from math import log1p
from random import Random

import pytest
from hypothesis import given
from hypothesis.strategies import DrawFn, SearchStrategy, composite, floats, integers, lists, randoms, sampled_from
from tests.support.risk import ADDRESS, NOW, PEOPLE, PLACES, canary, decoy, engine, feed, honeytoken, rate_limit, waf

from bartizan.detection.risk import RiskSignal
from bartizan.detection.risk.links import party_of

HOUR, DAY = 3600.0, 86400.0
Actors = tuple[str, ...]
COMPANIES: tuple[Actors, ...] = (
    PLACES,
    (*PLACES, *PEOPLE),
    (*PLACES, "session:s2", "principal:bob"),
    ("address:192.0.2.8", PLACES[1], "session:s3", "device:d1", "principal:alice"),
    ("address:192.0.2.8", PLACES[1], "credential:key-1"),
)
ACTORS = tuple(sorted({key for actors in COMPANIES for key in actors}))
MAKERS = (rate_limit, waf, decoy, honeytoken, canary)


def companies() -> SearchStrategy[Actors]:
    return sampled_from(COMPANIES)


@composite
def signals(draw: DrawFn) -> RiskSignal:
    """Signals of two days, some at the same time."""
    return draw(sampled_from(MAKERS))(NOW + draw(integers(0, 12)) * 4 * HOUR, draw(companies()))


def evidence_of(score: float) -> float:
    return -log1p(-score / 100)


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


def test_stages_in_their_order_are_worse_than_the_same_without() -> None:
    def three(*times: float) -> float:
        signals = [decoy(times[0]), waf(times[1]), canary(times[2], PLACES)]
        return engine(*signals).explain(ADDRESS, NOW).score

    ordered, reversed_ = three(NOW - 120, NOW - 60, NOW), three(NOW, NOW - 60, NOW - 120)
    assert ordered > reversed_ + 3


def test_stages_are_remembered_for_weeks() -> None:
    alone = engine(honeytoken()).score(ADDRESS, NOW)
    weeks_later = engine(decoy(NOW - 21 * DAY), honeytoken())
    explained = weeks_later.explain(ADDRESS, NOW)
    assert explained.score > alone + 1
    assert explained.chain is not None
    assert [stage for stage, _ in explained.chain.stages] == ["reconnaissance", "access"]


def test_an_address_that_many_share_is_not_to_blame_for_one_of_them() -> None:
    made = engine()
    for number in range(30):
        made.seen((*PLACES, f"session:clean{number}", f"principal:clean{number}"), NOW - 3600 + number)
    for signal in (decoy(NOW, (*PLACES, *PEOPLE)), *[waf(NOW, (*PLACES, *PEOPLE))] * 12, canary(NOW)):
        made.observe(signal)
    assert made.score(ADDRESS, NOW) < 25
    assert made.score("session:s1", NOW) > 80
    assert made.score("session:clean7", NOW) < 5
    shared = made.explain(ADDRESS, NOW).shared
    assert shared is not None
    assert 29 < shared.people <= 30


def test_who_attacks_is_no_clean_person() -> None:
    made = engine()
    attackers = [(*PLACES, f"session:bad{number}", f"principal:bad{number}") for number in range(30)]
    for actors in attackers:
        made.seen(actors, NOW - 60)
        made.observe(waf(NOW, actors))
    assert made.score(ADDRESS, NOW) > 50


def test_a_browser_is_not_to_blame_for_those_who_use_it_to_attack() -> None:
    made = engine()
    for number in range(30):
        made.seen((f"address:198.51.{number}.1", f"network:198.51.{number}.0/24", PLACES[2]), NOW)
    for number in range(5):
        made.observe(honeytoken(NOW, (f"address:192.0.2.{number}", PLACES[1], PLACES[2])))
    assert made.score(PLACES[2], NOW) < 2
    assert made.score(PLACES[1], NOW) > 25


def test_a_network_has_little_of_one_intruder_and_more_of_many() -> None:
    def intruder(number: int) -> list[RiskSignal]:
        actors = (f"address:192.0.2.{number}", *PLACES[1:])
        return [decoy(NOW - 60, actors), *[waf(NOW, actors)] * 9, honeytoken(NOW, (*actors, f"credential:k{number}"))]

    one, ten = engine(*intruder(1)), engine(*(signal for number in range(10) for signal in intruder(number)))
    assert one.score("address:192.0.2.1", NOW) > 90
    assert 20 < one.score(PLACES[1], NOW) <= 30
    assert 10 < one.score(PLACES[2], NOW) <= 15
    assert ten.score(PLACES[1], NOW) > 90


@pytest.mark.parametrize(("signal", "half_life"), [(waf(), 6 * HOUR), (honeytoken(), 7 * DAY), (canary(), 14 * DAY)])
def test_a_risk_fades_with_the_half_life_of_its_kind(signal: RiskSignal, half_life: float) -> None:
    made = engine(signal)
    first = evidence_of(made.score(ADDRESS, NOW))
    for halves in (1, 2, 5):
        assert evidence_of(made.score(ADDRESS, NOW + halves * half_life)) == pytest.approx(first / 2**halves)


def test_the_half_life_of_a_score_is_told() -> None:
    made = engine(rate_limit())
    score, half_life = made.score(ADDRESS, NOW), made.half_life(ADDRESS, NOW)
    for later in (60, 120, 240):
        assert made.score(ADDRESS, NOW + later) == pytest.approx(score * 0.5 ** (later / half_life), abs=0.1)
    assert DAY < engine(honeytoken()).half_life(ADDRESS, NOW) <= 14 * DAY


@pytest.mark.parametrize("signals_", [[], [waf()] * 50, [honeytoken()] * 50])
def test_a_score_that_is_as_high_as_can_be_has_a_half_life_too(signals_: list[RiskSignal]) -> None:
    half_life = engine(*signals_).half_life(ADDRESS, NOW)
    assert 0 < half_life <= 14 * DAY


def test_a_new_session_of_somebody_suspect_is_suspect() -> None:
    made = engine(canary())
    assert made.score("session:s2", NOW) == 0
    made.changed()
    made.seen((*PLACES, "session:s2", "device:d1", "principal:alice"), NOW)
    assert 40 < made.score("session:s2", NOW) < made.score("session:s1", NOW) * 0.7
    assert "session:s2" in made.changed()
    part = made.explain("session:s2", NOW).contributions[0]
    assert (part.via, part.damping) == ("device:d1", 0.6)


def test_risk_goes_one_step_and_no_further() -> None:
    made = engine(honeytoken(NOW, ("session:s1",)))
    made.seen(("session:s1", "principal:alice"), NOW)
    made.seen(("session:s2", "principal:alice"), NOW)
    assert made.score("principal:alice", NOW) > 50
    assert made.score("session:s2", NOW) == 0


@pytest.mark.parametrize("nothing", [waf(severity=0), waf(confidence=0.0), waf(float("inf")), waf(float("nan"))])
def test_what_is_no_evidence_counts_for_nothing(nothing: RiskSignal) -> None:
    made = engine(nothing)
    assert len(made) == 0
    assert made.explain(ADDRESS, NOW).contributions == ()


def test_a_previewer_with_little_confidence_hardly_counts() -> None:
    assert engine(decoy(confidence=0.05)).score(ADDRESS, NOW) < 5


def test_what_changed_are_the_actors_of_signals_and_who_is_linked_with_them() -> None:
    made = engine()
    made.seen(("session:s1", "principal:alice"), NOW)
    assert made.changed() == {"session:s1", "principal:alice"}
    made.observe(honeytoken(NOW, ("session:s1",)))
    assert made.changed() == {"session:s1", "principal:alice"}
    assert made.changed() == set()


def test_actors_without_risk_are_forgotten_when_they_stay_away() -> None:
    made = engine(rate_limit(NOW, ("address:192.0.2.1",)), honeytoken(NOW, ("address:192.0.2.2",)))
    made.seen(("session:s1", "principal:alice"), NOW)
    assert made.forget(NOW + HOUR) == 0
    made.dirty()
    assert made.forget(NOW + 4 * DAY) == 3
    gone = made.dirty()
    assert gone == {"address:192.0.2.1", "session:s1", "principal:alice"}
    assert all(made.dump(key) == b"" for key in gone)
    assert made.score("address:192.0.2.2", NOW + 4 * DAY) > 50


def test_no_more_actors_than_allowed_are_remembered_and_those_with_a_risk_longest() -> None:
    made = engine(honeytoken(NOW, ("address:192.0.2.7",)), actors=100)
    for number in range(1000):
        made.seen((f"session:{number}", f"principal:{number}"), NOW + number)
    assert len(made) == 100
    assert made.score("address:192.0.2.7", NOW) > 80


@given(lists(signals(), max_size=20), lists(companies(), max_size=5))
def test_scores_are_from_0_to_100_and_their_parts_add_up(given_: list[RiskSignal], clean: list[Actors]) -> None:
    made = engine(*given_)
    for actors in clean:
        made.seen(actors, NOW)
    for key in ACTORS:
        explained = made.explain(key, NOW + HOUR)
        assert 0 <= explained.score <= 100
        assert explained.score == pytest.approx(made.score(key, NOW + HOUR))
        parts = [part.points for part in explained.contributions]
        parts.append(0.0 if explained.chain is None else explained.chain.points)
        assert sum(parts) == pytest.approx(explained.score, abs=1e-6)
        assert all(points >= 0 for points in parts)


@given(lists(signals(), max_size=12), signals())
def test_new_evidence_never_lowers_a_score(given_: list[RiskSignal], more: RiskSignal) -> None:
    before, after = engine(*given_), engine(*given_, more)
    now = NOW + 3 * DAY
    for key in ACTORS:
        assert after.score(key, now) >= before.score(key, now) - 0.01


@given(lists(signals(), min_size=1, max_size=12), lists(companies(), max_size=5), floats(1, 60 * DAY))
def test_a_score_never_rises_by_itself(given_: list[RiskSignal], clean: list[Actors], step: float) -> None:
    made = engine(*given_)
    for actors in clean:
        made.seen(actors, NOW)
    now = NOW + 2 * DAY
    for key in ACTORS:
        falling = [made.score(key, now + number * step) for number in range(4)]
        assert falling == sorted(falling, reverse=True)


@given(lists(signals(), max_size=12), randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(given_: list[RiskSignal], random: Random) -> None:
    shuffled = given_.copy()
    random.shuffle(shuffled)
    one, other = engine(*given_), engine(*shuffled)
    for key in ACTORS:
        assert one.score(key, NOW + 3 * DAY) == pytest.approx(other.score(key, NOW + 3 * DAY), abs=0.1)


@given(lists(signals(), max_size=12), lists(companies(), max_size=5))
def test_what_was_dumped_is_loaded_as_it_was(given_: list[RiskSignal], clean: list[Actors]) -> None:
    made, restored = engine(*given_), engine()
    for actors in clean:
        made.seen(actors, NOW)
    kept = {key: made.dump(key) for key in made.dirty()}
    for key, data in kept.items():
        restored.load(key, data)
    assert {key: restored.dump(key) for key in kept} == kept
    for key in ACTORS:
        assert restored.score(key, NOW + HOUR) == made.score(key, NOW + HOUR)
        assert restored.explain(key, NOW + HOUR) == made.explain(key, NOW + HOUR)


@given(lists(signals(), max_size=12), sampled_from(ACTORS))
def test_a_pardon_takes_back_all_that_came_from_an_actor_and_nothing_else(given_: list[RiskSignal], key: str) -> None:
    now = NOW + 3 * DAY
    made, without = engine(*given_), engine()
    for signal in given_:
        if key not in party_of(signal.actors):
            gone = (key, *PLACES[1:]) if key in signal.actors and key.startswith("address:") else (key,)
            without.observe(replace(signal, actors=tuple(each for each in signal.actors if each not in gone)))
    for actors in COMPANIES:
        made.seen(actors, now)
        without.seen(actors, now)
    before = {each: made.score(each, now) for each in ACTORS}
    touched = made.pardon(key, now)
    for each in ACTORS:
        assert made.score(each, now) == pytest.approx(without.score(each, now), abs=0.01)
        assert (each in touched) == (each == key or before[each] - made.score(each, now) > 0.01)
    explained = made.explain(key, now)
    assert explained.pardoned == now
    assert all(part.via is not None for part in explained.contributions)


def test_a_pardoned_session_takes_its_share_from_all_but_leaves_others_theirs() -> None:
    other = ("address:192.0.2.8", *PLACES[1:], "session:s9", "principal:mallory")
    made = engine(canary(), honeytoken(NOW, other))
    touched = made.pardon("session:s1", NOW + 1)
    for key in (*PEOPLE, ADDRESS):
        assert made.score(key, NOW + 1) == 0
    assert made.score("session:s9", NOW + 1) > 80
    alone = engine(honeytoken(NOW, other))
    for key in PLACES[1:]:
        assert made.score(key, NOW + 1) == pytest.approx(alone.score(key, NOW + 1))
    assert touched == {*PEOPLE, *PLACES}


def test_a_pardoned_address_leaves_what_people_did_from_there_with_them() -> None:
    made = engine(canary(), *[waf()] * 5)
    made.pardon(ADDRESS, NOW + 1)
    assert made.score("session:s1", NOW + 1) > 60
    assert made.score(PLACES[1], NOW + 1) == 0
    assert made.explain(ADDRESS, NOW + 1).contributions[0].via in PEOPLE


def test_signals_from_before_a_pardon_that_arrive_late_count_for_nothing() -> None:
    made = engine(canary())
    made.pardon("session:s1", NOW + 10)
    made.observe(canary(NOW + 5))
    assert made.score("principal:alice", NOW + 20) == 0
    restored = engine()
    for key in made.dirty():
        restored.load(key, made.dump(key))
    restored.observe(canary(NOW + 5))
    assert restored.score("principal:alice", NOW + 20) == 0
    restored.observe(canary(NOW + 15))
    assert restored.score("session:s1", NOW + 20) > 60


def test_an_actor_and_whom_it_is_related_to_make_its_whole_explanation() -> None:
    made = engine(canary(), waf())
    assert set(made.related("session:s1")) > {ADDRESS}
    assert made.related("session:unknown") == ()
    part = engine()
    for key in ("session:s1", *made.related("session:s1")):
        part.load(key, made.dump(key))
    assert part.explain("session:s1", NOW + 9) == made.explain("session:s1", NOW + 9)


def test_a_network_has_no_share_in_what_arrives_late_of_a_pardoned_address() -> None:
    made = engine()
    made.pardon(ADDRESS, NOW + 10)
    made.observe(canary(NOW + 5))
    assert made.score(ADDRESS, NOW + 20) == pytest.approx(made.score("session:s1", NOW + 20) * 0.3, abs=0.01)
    assert made.score(PLACES[1], NOW + 20) == made.score(PLACES[2], NOW + 20) == 0


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x93\x01\x02\x03", b"\x96\x63\x90\x80\x80\xcb" + b"\0" * 8 + b"\xc0"])
def test_what_was_not_dumped_cannot_be_loaded(data: bytes) -> None:
    with pytest.raises(ValueError, match="actor"):
        engine().load(ADDRESS, data)


@given(lists(signals(), min_size=1, max_size=16), integers(0, 16), lists(companies(), max_size=3))
def test_after_a_restart_it_goes_on_as_if_there_had_been_none(
    given_: list[RiskSignal], batch: int, clean: list[Actors]
) -> None:
    through, store = engine(), dict[str, bytes]()
    before = engine()
    for made in (through, before):
        for actors in clean:
            made.seen(actors, NOW)
        feed(made, given_[:batch])
    store.update({key: before.dump(key) for key in before.dirty()})
    after = engine()
    for key, data in store.items():
        after.load(key, data)
    for made in (through, after):
        feed(made, given_[batch:])
    for key in ACTORS:
        assert after.score(key, NOW + 3 * DAY) == pytest.approx(through.score(key, NOW + 3 * DAY), abs=0.1)


def test_what_is_known_of_one_actor_is_bounded_however_much_comes() -> None:
    made = engine()
    for number in range(3000):
        party = (f"session:{number:064d}", f"principal:{number:064d}")
        signal = RiskSignal(f"n{number % 40}.x", f"d{number % 50}", "access", "attack", 80, 0.9,
                            (ADDRESS, *party), NOW + number, uid="u" * 40)  # fmt: skip
        made.observe(signal)
        made.seen((ADDRESS, *party), NOW + number)
    assert len(made.dump(ADDRESS)) < 64 * 1024
