from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis.strategies import floats, integers, lists, tuples
from tests.support.risk import NOW, waf

from bartizan.detection.risk.chain import STAGES, chain_of, factor_of, stage_number
from bartizan.detection.risk.strand import STAGE_MEMORY, Strand, mark

Step = tuple[int, float, float]


def strands(*steps: Step) -> list[Strand]:
    """Return strands that reached stages: number, seconds after ``NOW``, evidence; one for each step."""
    made = []
    for stage, after, weight in steps:
        strand = Strand("d", "attack", ())
        strand.add(mark(waf(NOW + after), weight, stage, 3600.0), 3600.0)
        made.append(strand)
    return made


def test_stages_have_an_order() -> None:
    assert [stage_number(stage) for stage in STAGES] == [0, 1, 2, 3, 4]
    assert stage_number(None) == -1


@pytest.mark.parametrize(
    ("steps", "factor"),
    [
        ([], 1.0),
        ([(0, 0, 1.0)], 1.0),
        ([(0, 0, 1.0), (0, 9, 1.0)], 1.0),
        ([(0, 0, 1.0), (1, 9, 1.0)], 1.1),
        ([(0, 9, 1.0), (1, 0, 1.0)], 1.0),
        ([(0, 0, 1.0), (1, 0, 1.0)], 1.0),
        ([(0, 0, 1.0), (4, 9, 1.0)], 1.1),
        ([(0, 0, 1.0), (1, 9, 1.0), (2, 99, 1.0)], 1.3),
        ([(number, number * 9, 1.0) for number in range(5)], 2.0),
    ],
)
def test_each_further_step_counts_more(steps: list[Step], factor: float) -> None:
    assert factor_of(strands(*steps), NOW + 100) == pytest.approx(factor, abs=0.001)


def test_weak_signs_are_weak_steps() -> None:
    weak = factor_of(strands((0, 0, 1.0), (1, 9, 0.03)), NOW + 100)
    assert 1.01 < weak < 1.03


def test_the_memory_of_a_chain_fades() -> None:
    steps = strands((0, 0, 0.15), (1, 9, 0.15))
    first = factor_of(steps, NOW + 9) - 1
    assert factor_of(steps, NOW + 9 + STAGE_MEMORY) - 1 == pytest.approx(first / 4)


def test_a_chain_tells_the_stages_that_followed_one_another() -> None:
    chain = chain_of(strands((1, 0, 1.0), (3, 9, 1.0), (0, 50, 1.0)), NOW + 100, 7.0)
    assert chain.stages == (("access", NOW), ("collection", NOW + 9))
    assert chain.points == 7.0


@given(lists(tuples(integers(0, 4), floats(0, 1e6), floats(0.001, 3)), max_size=8), floats(0, 1e7))
def test_a_chain_at_most_doubles_and_fades(steps: list[Step], later: float) -> None:
    now = NOW + 1e6
    assert 1 <= factor_of(strands(*steps), now + later) <= factor_of(strands(*steps), now) + 1e-9 <= 2 + 1e-8
