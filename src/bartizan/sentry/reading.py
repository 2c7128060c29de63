"""From journal entries to what is known: pure but for the time that it is given. The order is that of each worker.

An exchange is journaled before its findings. Whether it passed cleanly is known when the next record of its worker
comes, so each worker's last exchange waits until then; a checkpoint stands before it meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bartizan.detection.risk import Engine, RiskSignal
from bartizan.evidence.journal import DetectionFinding, Entry, HttpActivity, Record
from bartizan.sentry.cases import Cases
from bartizan.sentry.detectors import DETECTORS, Shelf
from bartizan.sentry.subjects import subjects_of

__all__ = ["Counts", "Reading"]

AsnOf = Callable[[str], str | None]
"""Returns the key of the autonomous system of an address (``asn:64496``), or None."""


@dataclass(slots=True)
class Counts:
    """What has been read since the beginning, over all restarts."""

    records: int = 0
    exchanges: int = 0
    findings: int = 0
    signals: int = 0


class Reading:
    """Takes entries in; ``checkpoint`` is up to where each segment has been taken in, in bytes."""

    def __init__(self, engine: Engine, asn_of: AsnOf | None = None) -> None:
        self.engine = engine
        self.cases = Cases()
        self.counts = Counts()
        self.checkpoint: dict[str, int] = {}
        self.latest = 0.0
        """When the youngest exchange that was taken in began, in Unix seconds."""
        self.read_until: dict[str, float] = {}
        """The same of each worker, for the last record of any kind."""
        self.asn_of = asn_of
        self.shelves: dict[str, Shelf[Any]] = {each.name: Shelf(each.remembers) for each in DETECTORS}
        self._detectors = [(each, self.shelves[each.name]) for each in DETECTORS]
        self._waiting: dict[str, tuple[str, int, HttpActivity]] = {}

    def take(self, entry: Entry) -> None:
        """Take in one entry."""
        record, segment, offset = entry.record, entry.position.segment, entry.position.offset
        worker = segment.rsplit("-", 3)[0]
        self.read_until[worker] = record.time / 1000
        if isinstance(record, HttpActivity):
            self._settle(worker)
            self._waiting[worker] = segment, offset, record
            return
        waiting = self._waiting.get(worker)
        if waiting is not None:
            clean = waiting[2].metadata.uid != record.metadata.correlation_uid
            self._settle(worker, clean=clean)
        self.checkpoint[segment] = offset
        self._look(record)
        self.cases.take(record)

    def forget(self, segments: Sequence[str]) -> None:
        """Forget segments that are gone."""
        for segment in segments:
            self.checkpoint.pop(segment, None)

    def settle(self) -> None:
        """Take in what waits: nothing more is to come."""
        for worker in list(self._waiting):
            self._settle(worker)

    def _settle(self, worker: str, *, clean: bool = True) -> None:
        waiting = self._waiting.pop(worker, None)
        if waiting is None:
            return
        segment, offset, record = waiting
        self.checkpoint[segment] = offset
        self._look(record)
        if clean and _went_well(record):
            self.engine.seen(self._with_asn(subjects_of(record)), record.time / 1000)

    def _look(self, record: Record) -> None:
        counts = self.counts
        counts.records += 1
        if isinstance(record, DetectionFinding):
            counts.findings += 1
        else:
            counts.exchanges += 1
        self.latest = max(self.latest, record.time / 1000)
        for detector, shelf in self._detectors:
            for signal in detector.on_record(record, shelf):
                counts.signals += 1
                self.engine.observe(self._located(signal))

    def _located(self, signal: RiskSignal) -> RiskSignal:
        if self.asn_of is None:
            return signal
        return RiskSignal(
            signal.name,
            signal.detector,
            signal.stage,
            signal.kind,
            signal.severity,
            signal.confidence,
            self._with_asn(signal.actors),
            signal.time,
            signal.uid,
        )

    def _with_asn(self, keys: tuple[str, ...]) -> tuple[str, ...]:
        if self.asn_of is None:
            return keys
        address = next((key for key in keys if key.startswith("address:")), None)
        found = None if address is None else self.asn_of(address.partition(":")[2])
        return keys if found is None or found in keys else (*keys, found)


def _went_well(record: HttpActivity) -> bool:
    response, unmapped = record.http_response, record.unmapped
    verdict = None if unmapped is None else unmapped.verdict
    return response is not None and response.code < 400 and verdict is None
