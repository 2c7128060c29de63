"""What control counts for /metrics."""

from __future__ import annotations

import msgspec

from bartizan.process.memory import resident_bytes

__all__ = ["ControlReport", "Stats", "add_reports"]


class ControlReport(msgspec.Struct):
    """All that the control process has counted since it started. ``requests`` by status class (``2xx``)."""

    requests: dict[str, int] = {}
    in_flight: int = 0
    signals: dict[str, int] = {}
    journal_dropped: int = 0
    resident_bytes: int = 0


class Stats:
    """The counters of one process."""

    def __init__(self) -> None:
        self.in_flight = 0
        self._requests: dict[str, int] = {}
        self._signals: dict[str, int] = {}

    def count(self, status: int) -> None:
        """Count a request that is over; 0 is one that was not answered."""
        name = f"{status // 100}xx" if status else "none"
        self._requests[name] = self._requests.get(name, 0) + 1

    def signal(self, name: str) -> None:
        """Count a signal."""
        self._signals[name] = self._signals.get(name, 0) + 1

    def report(self) -> ControlReport:
        """Return what has been counted, and how much memory the process takes; the owner adds the journal's part."""
        return ControlReport(
            requests=dict(self._requests),
            in_flight=self.in_flight,
            signals=dict(self._signals),
            resident_bytes=resident_bytes(),
        )


def add_reports(*reports: ControlReport) -> ControlReport:
    """Return the sum of what several processes have counted."""
    total = ControlReport()
    for report in reports:
        for counts, more in ((total.requests, report.requests), (total.signals, report.signals)):
            for name, count in more.items():
                counts[name] = counts.get(name, 0) + count
        total.in_flight += report.in_flight
        total.journal_dropped += report.journal_dropped
        total.resident_bytes += report.resident_bytes
    return total
