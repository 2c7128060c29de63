"""What the decoy counts for /metrics."""

from __future__ import annotations

import msgspec

from bartizan.process.memory import resident_bytes

__all__ = ["DecoyReport", "Stats", "add_reports"]


class DecoyReport(msgspec.Struct):
    """All that the decoy process has counted since it started. ``requests`` by status class (``2xx``)."""

    requests: dict[str, int] = {}
    entries: int = 0
    """Of transcripts, written."""
    entries_dropped: int = 0
    tarpit_sockets: int = 0
    """That are held now."""
    resident_bytes: int = 0


class Stats:
    """The counters of one process; those of transcripts and tarpit are kept there."""

    def __init__(self) -> None:
        self._requests: dict[str, int] = {}

    def count(self, status: int) -> None:
        """Count an answer."""
        name = f"{status // 100}xx"
        self._requests[name] = self._requests.get(name, 0) + 1

    def report(self) -> DecoyReport:
        """Return what has been counted, and how much memory the process takes."""
        return DecoyReport(requests=dict(self._requests), resident_bytes=resident_bytes())


def add_reports(*reports: DecoyReport) -> DecoyReport:
    """Return the sum of what several processes have counted."""
    total = DecoyReport()
    for report in reports:
        for name, count in report.requests.items():
            total.requests[name] = total.requests.get(name, 0) + count
        total.entries += report.entries
        total.entries_dropped += report.entries_dropped
        total.tarpit_sockets += report.tarpit_sockets
        total.resident_bytes += report.resident_bytes
    return total
