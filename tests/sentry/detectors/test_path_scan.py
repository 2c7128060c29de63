from __future__ import annotations

from tests.support.journals import NOW, records_of

from bartizan.sentry.detectors.interface import Shelf
from bartizan.sentry.detectors.path_scan import PathScan
from bartizan.sentry.detectors.windows import Window


def scan(shelf: Shelf[Window], paths: list[str], status: int = 404, pause: float = 0.1, **about: object) -> list[int]:
    """Ask for paths; returns the severities of the signals."""
    found = []
    for number, path in enumerate(paths):
        record = records_of(path=path, status=status, now=NOW + number * pause, **about)[0]  # type: ignore[arg-type]
        found += [signal.severity for signal in PathScan().on_record(record, shelf)]
    return found


def words(count: int) -> list[str]:
    return [f"/word-{number}" for number in range(count)]


def test_many_paths_that_are_not_there_are_a_scan_and_more_are_graver() -> None:
    assert scan(Shelf(Window), words(11)) == []
    assert scan(Shelf(Window), words(12)) == [25]
    assert scan(Shelf(Window), words(200)) == [25, 40, 55]


def test_the_same_dead_link_again_and_again_is_none() -> None:
    assert scan(Shelf(Window), ["/favicon.ico", "/old"] * 100) == []


def test_paths_that_are_there_are_none() -> None:
    assert scan(Shelf(Window), words(100), status=200) == []
    assert scan(Shelf(Window), words(100), status=500) == []


def test_each_address_is_counted_by_itself() -> None:
    shelf = Shelf(Window)
    assert scan(shelf, words(11), client="192.0.2.1") == []
    assert scan(shelf, words(11), client="192.0.2.2") == []


def test_somebody_slow_enough_is_not_told_from_people() -> None:
    assert scan(Shelf(Window), words(100), pause=40.0) == []


def test_counting_goes_on_after_a_restart() -> None:
    before, after = Shelf(Window), Shelf(Window)
    assert scan(before, words(11)) == []
    for key, data in before.changes().items():
        after.load(key, data)
    assert scan(after, ["/one-more"]) == [25]
