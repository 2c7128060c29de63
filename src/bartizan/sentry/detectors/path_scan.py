"""Somebody who asks for many paths that are not there: a wordlist scan (ATT&CK T1595.003)."""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

from bartizan.detection.risk import RiskSignal
from bartizan.evidence.journal import HttpActivity, Record
from bartizan.sentry.detectors.interface import Shelf
from bartizan.sentry.detectors.windows import Count, Window

__all__ = ["PathScan"]

_PATHS = Count("path.scan", steps=((12, 25), (30, 40), (75, 55)), confidence=0.8)
_NOT_THERE = frozenset((404, 405, 410))


class PathScan:
    """Counts distinct paths by address: people follow a dead link or two, scanners hundreds."""

    name = "path_scan"
    remembers = Window

    def on_record(self, record: Record, shelf: Shelf[Window]) -> Iterable[RiskSignal]:
        """See ``Detector``."""
        if not isinstance(record, HttpActivity) or record.http_response is None:
            return ()
        if record.http_response.code not in _NOT_THERE:
            return ()
        return _PATHS.add(record, crc32(record.http_request.url.path.encode("utf-8", "surrogatepass")), shelf)
