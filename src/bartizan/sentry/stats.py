"""What the sentry counts for /metrics."""

from __future__ import annotations

import msgspec

__all__ = ["SentryReport", "add_reports"]


class SentryReport(msgspec.Struct):
    """How the sentry stands.

    ``behind_bytes`` are in the journals and not read, ``behind_seconds`` is how long the oldest may have waited;
    ``records``, ``exchanges``, ``findings`` and ``signals`` are counted since the beginning, over all restarts.
    """

    records: int = 0
    exchanges: int = 0
    findings: int = 0
    signals: int = 0
    published: int = 0
    damaged: int = 0
    lost_segments: int = 0
    unwritten: int = 0
    behind_bytes: int = 0
    behind_seconds: float = 0.0
    actors: int = 0
    standings: int = 0
    cases: int = 0
    decisions: int = 0
    resident_bytes: int = 0


def add_reports(*reports: SentryReport) -> SentryReport:
    """Return how it stands: the last report's gauges, and what several processes counted one after the other."""
    total = msgspec.structs.replace(reports[-1]) if reports else SentryReport()
    total.published = sum(report.published for report in reports)
    total.damaged = sum(report.damaged for report in reports)
    total.lost_segments = sum(report.lost_segments for report in reports)
    if total.records < (before := max((report.records for report in reports), default=0)):
        total.records = before  # it has not begun to read yet
    return total
