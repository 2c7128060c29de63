from __future__ import annotations

from math import exp
from random import Random

import pytest
from hypothesis import given
from hypothesis.strategies import floats, lists, randoms
from tests.support.risk import NOW, waf

from bartizan.detection.risk.model import KINDS
from bartizan.detection.risk.strand import STAGE_MEMORY, Strand, damped, discounted, evidence, mark

HALF_LIFE = 6 * 3600.0


def strand(*times: float, weight: float = 0.4, stage: int = -1) -> Strand:
    made = Strand("waf", "attack", ("address:192.0.2.7",))
    for time in times:
        made.add(mark(waf(time), weight, stage, HALF_LIFE), HALF_LIFE)
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_evidence_grows_with_severity_and_confidence_and_is_never_certain(kind: str) -> None:
    grows = [evidence(severity, 1.0, kind) for severity in (0, 20, 50, 80, 100)]  # type: ignore[arg-type]
    assert grows[0] == 0
    assert grows == sorted(grows)
    assert 1 - exp(-grows[-1]) <= 0.951
    assert evidence(80, 0.5, "attack") == pytest.approx(evidence(80, 1.0, "attack") / 2)


@pytest.mark.parametrize(("severity", "confidence"), [(-5, 1.0), (1000, 1.0), (50, -1.0), (50, 7.0)])
def test_what_is_out_of_range_is_brought_into_it(severity: int, confidence: float) -> None:
    assert 0 <= evidence(severity, confidence, "data") <= evidence(100, 1.0, "data")


@pytest.mark.parametrize("weight", [0.001, 0.5, 3.0])
def test_what_is_damped_is_less_probable_by_that_part(weight: float) -> None:
    assert 1 - exp(-damped(weight, 0.3)) == pytest.approx(0.3 * (1 - exp(-weight)))
    assert damped(weight, 1.0) == weight
    assert damped(weight, 0.0) == 0


def test_each_further_firing_of_a_detector_counts_less() -> None:
    assert discounted([1.0], "attack") == 1.0
    assert discounted([1.0, 1.0], "attack") == pytest.approx(1.6)
    assert discounted([1.0] * 1000, "attack") < 2.51


@given(lists(floats(0, 20 * HALF_LIFE), min_size=1, max_size=40), randoms(use_true_random=False))
def test_the_strongest_are_kept_in_whatever_order_they_come(times: list[float], random: Random) -> None:
    now = NOW + 20 * HALF_LIFE
    shuffled = times.copy()
    random.shuffle(shuffled)
    one, other = (strand(*(NOW + time for time in order)) for order in (times, shuffled))
    assert one.weights(now, HALF_LIFE) == pytest.approx(other.weights(now, HALF_LIFE))
    assert one.weights(now, HALF_LIFE) == sorted(one.weights(now, HALF_LIFE))
    assert len(one.firings) <= 8
    assert one.firings[-1].time == max(NOW + time for time in times)


def test_firings_are_counted_by_name_with_their_first_and_last_time() -> None:
    tally = strand(NOW + 5, NOW, NOW + 9, NOW + 2).tallies["waf.match"]
    assert (tally.count, tally.first, tally.last) == (4, NOW, NOW + 9)


def test_names_that_are_too_many_are_counted_together() -> None:
    made = Strand("d", "probe", ())
    for number in range(100):
        signal = waf(NOW + number)
        object.__setattr__(signal, "name", f"name.{number}")
        made.add(mark(signal, 0.1, -1, HALF_LIFE), HALF_LIFE)
    assert len(made.tallies) == 17
    assert made.tallies["others"].count == 84


def test_a_stage_is_remembered_by_its_strongest_sign_and_fades_over_weeks() -> None:
    reached = strand(NOW + 60, NOW, stage=1).stages[1]
    assert (reached.first, reached.last) == (NOW, NOW + 60)
    assert reached.strength(NOW + 60) == pytest.approx(0.4)
    assert reached.strength(NOW + 60 + STAGE_MEMORY) == pytest.approx(0.2)


def test_it_is_known_until_when_something_is_left() -> None:
    plain, staged = strand(NOW), strand(NOW, stage=1)
    assert plain.weights(plain.until, HALF_LIFE) == [pytest.approx(0.002)]
    assert staged.stages[1].strength(staged.until) == pytest.approx(0.05)
    assert staged.heavy == NOW
    assert strand(NOW, weight=0.05).heavy < 0
