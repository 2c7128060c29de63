"""What control counts for /metrics."""

from __future__ import annotations

import msgspec

__all__ = ["ControlReport"]


class ControlReport(msgspec.Struct):
    """All that the control process has counted since it started. ``requests`` by status class (``2xx``)."""

    requests: dict[str, int] = {}
    in_flight: int = 0
    signals: dict[str, int] = {}
    journal_dropped: int = 0
    resident_bytes: int = 0
