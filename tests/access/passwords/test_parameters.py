import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.access.passwords.parameters import FLOOR, MAX_MEMORY, Parameters, cost, tuned

TARGET = (0.1, 0.25)


def machine(speed: float, bend: float = 1.0):
    """A machine that writes ``speed`` KiB per second, and more slowly the more memory is in use."""
    return lambda parameters: (parameters.work / speed) * (parameters.memory / FLOOR.memory) ** (bend - 1)


@given(st.floats(1e4, 1e9), st.floats(1.0, 1.2))
def test_parameters_stay_within_bounds_on_any_machine(speed: float, bend: float) -> None:
    found = tuned(TARGET, machine(speed, bend))
    assert FLOOR.memory <= found.memory <= MAX_MEMORY
    assert found.memory % 1024 == 0
    assert 2 <= found.passes <= 64


@given(st.floats(FLOOR.work / 0.25, 64 * MAX_MEMORY / 0.25), st.floats(1.0, 1.15))
def test_a_hash_takes_the_time_asked_for_where_bounds_allow(speed: float, bend: float) -> None:
    measure = machine(speed, bend)
    assert TARGET[0] <= measure(tuned(TARGET, measure)) <= TARGET[1]


def test_a_slow_machine_keeps_to_the_least_that_is_safe() -> None:
    assert tuned(TARGET, machine(FLOOR.work / 3.0)) == FLOOR


def test_memory_comes_before_passes() -> None:
    assert tuned(TARGET, machine(FLOOR.work / 0.02)).passes == 2
    fast = tuned(TARGET, machine(FLOOR.work / 0.002))
    assert fast.memory == MAX_MEMORY
    assert fast.passes > 2


def test_a_clock_that_stands_still_leads_nowhere_bad() -> None:
    assert tuned(TARGET, lambda _: 0.0) == Parameters(MAX_MEMORY, 64)


def test_the_cost_is_measured_by_hashing() -> None:
    assert cost(FLOOR) > cost(Parameters(64, 1)) > 0


@pytest.mark.parametrize("memory", [19, 64])
def test_work_counts_memory_and_passes(memory: int) -> None:
    assert Parameters(memory * 1024, 3).work == memory * 1024 * 3
