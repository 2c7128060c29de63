from __future__ import annotations

from bartizan.supervisor.backoff import LAST, LIVED_LONG, Backoff


def test_the_first_restart_is_at_once_and_then_each_waits_longer() -> None:
    backoff = Backoff()
    assert [backoff.died(1.0) for _ in range(5)] == [0.0, 0.1, 0.2, 0.4, 0.8]


def test_the_wait_has_an_end() -> None:
    backoff = Backoff()
    assert max(backoff.died(0.0) for _ in range(2000)) == LAST


def test_what_lived_long_starts_at_once_again() -> None:
    backoff = Backoff()
    for _ in range(5):
        backoff.died(0.0)
    assert backoff.died(LIVED_LONG + 1) == 0.0
