from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bartizan.config.model.upstreams import CircuitBreaker
from bartizan.edge.upstreams.circuit import TRANSITIONS, Circuit, CircuitState

CONFIG = CircuitBreaker.model_validate(
    {"failure_ratio": 0.5, "min_requests": 4, "window": "10s", "open_time": "5s", "half_open_requests": 2}
)


def tripped(now: float = 0.0) -> Circuit:
    circuit = Circuit(CONFIG)
    for _ in range(4):
        circuit.failed(now)
    return circuit


def test_it_trips_at_the_ratio_but_not_before_there_are_enough() -> None:
    circuit = Circuit(CONFIG)
    circuit.failed(0.0)
    circuit.failed(0.0)
    circuit.succeeded(0.0)
    assert circuit.state is CircuitState.CLOSED
    circuit.succeeded(0.0)
    circuit.succeeded(0.0)
    circuit.failed(0.0)
    assert circuit.state is CircuitState.OPEN


def test_failures_of_long_ago_do_not_count() -> None:
    circuit = Circuit(CONFIG)
    for _ in range(3):
        circuit.failed(0.0)
    for _ in range(3):
        circuit.succeeded(20.0)
    circuit.failed(20.0)
    assert circuit.state is CircuitState.CLOSED


def test_open_refuses_until_its_time_is_over_then_lets_probes_through() -> None:
    circuit = tripped()
    assert not circuit.allow(4.9)
    assert 0 < circuit.retry_after(4.9) <= 0.1 + 1e-9
    assert [circuit.allow(5.0) for _ in range(3)] == [True, True, False]
    assert circuit.state is CircuitState.HALF_OPEN


def test_probes_that_all_succeed_close_it_with_a_clean_slate() -> None:
    circuit = tripped()
    assert circuit.allow(5.0)
    circuit.succeeded(5.0)
    assert circuit.state is CircuitState.HALF_OPEN
    circuit.succeeded(5.0)
    assert circuit.state is CircuitState.CLOSED
    assert circuit.retry_after(5.0) == 0
    circuit.failed(5.0)
    assert circuit.state is CircuitState.CLOSED


def test_one_probe_that_fails_opens_it_again_for_the_whole_time() -> None:
    circuit = tripped()
    assert circuit.allow(6.0)
    circuit.failed(6.5)
    assert circuit.state is CircuitState.OPEN
    assert not circuit.allow(11.4)
    assert circuit.allow(11.5)


def test_probes_that_nobody_reports_on_do_not_keep_it_half_open() -> None:
    circuit = tripped()
    assert circuit.allow(5.0)
    assert circuit.allow(5.0)
    assert not circuit.allow(9.9)
    assert circuit.allow(10.0)
    assert circuit.allow(10.0)
    assert not circuit.allow(10.0)


class Breaking(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.circuit = Circuit(CONFIG)
        self.now = 0.0
        self.before = CircuitState.CLOSED
        self.opened = 0.0

    @rule(seconds=st.floats(0, 20))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def ask(self) -> None:
        allowed = self.circuit.allow(self.now)
        if self.before is CircuitState.OPEN:
            assert allowed is (self.now - self.opened >= CONFIG.open_time)

    @rule()
    def succeed(self) -> None:
        self.circuit.succeeded(self.now)

    @rule()
    def fail(self) -> None:
        self.circuit.failed(self.now)
        if self.before is CircuitState.HALF_OPEN:
            assert self.circuit.state is CircuitState.OPEN

    @invariant()
    def moves_only_as_the_table_says(self) -> None:
        state = self.circuit.state
        if state is not self.before:
            assert state in {after for (before, _), after in TRANSITIONS.items() if before is self.before}
            if state is CircuitState.OPEN:
                self.opened = self.now
        self.before = state

    @invariant()
    def never_refuses_for_longer_than_the_open_time(self) -> None:
        assert 0.0 <= self.circuit.retry_after(self.now) <= CONFIG.open_time + 1e-6


Breaking.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestBreaking = Breaking.TestCase
