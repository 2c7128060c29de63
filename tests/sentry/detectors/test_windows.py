from __future__ import annotations

from tests.support.journals import NOW, records_of

from bartizan.evidence.journal import HttpActivity
from bartizan.sentry.detectors.interface import Shelf
from bartizan.sentry.detectors.windows import Count, Window

TWICE = Count("path.scan", steps=((2, 20), (3, 30)), confidence=0.5)


def exchange(now: float = NOW) -> HttpActivity:
    record = records_of(now=now)[0]
    assert isinstance(record, HttpActivity)
    return record


def test_each_step_is_told_once_with_whom_it_is_about() -> None:
    shelf = Shelf(Window)
    told = [TWICE.add(exchange(), None, shelf) for _ in range(5)]
    assert [[signal.severity for signal in each] for each in told] == [[], [20], [30], [], []]
    (signal,) = told[1]
    assert (signal.name, signal.kind, signal.confidence) == ("path.scan", "probe", 0.5)
    assert "address:192.0.2.7" in signal.actors


def test_counting_begins_anew_after_a_while_and_when_time_goes_back() -> None:
    shelf = Shelf(Window)
    assert TWICE.add(exchange(), 1, shelf) == ()
    assert TWICE.add(exchange(NOW + 301), 2, shelf) == ()
    assert TWICE.add(exchange(NOW), 3, shelf) == ()
    assert len(TWICE.add(exchange(NOW + 1), 4, shelf)) == 1
