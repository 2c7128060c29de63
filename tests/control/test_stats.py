from __future__ import annotations

from bartizan.control.stats import ControlReport, Stats, add_reports


def test_requests_are_counted_by_class_and_signals_by_name() -> None:
    stats = Stats()
    for status in (200, 204, 404, 0):
        stats.count(status)
    stats.signal("login.failed")
    report = stats.report()
    assert report.requests == {"2xx": 2, "4xx": 1, "none": 1}
    assert report.signals == {"login.failed": 1}
    assert report.resident_bytes > 0


def test_reports_add_up_and_stay_as_they_are() -> None:
    one = ControlReport(requests={"2xx": 1}, signals={"a": 1}, in_flight=1)
    two = ControlReport(requests={"2xx": 2, "5xx": 1}, signals={"b": 2}, journal_dropped=3)
    total = add_reports(one, two)
    assert (total.requests, total.signals) == ({"2xx": 3, "5xx": 1}, {"a": 1, "b": 2})
    assert (total.in_flight, total.journal_dropped) == (1, 3)
    assert one.requests == {"2xx": 1}
