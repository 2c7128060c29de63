"""Counting by address over a stretch of time, for detectors that look at how often something happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from bartizan.detection.catalogue import describe
from bartizan.detection.risk import RiskSignal
from bartizan.evidence.journal import HttpActivity
from bartizan.sentry.detectors.interface import Shelf
from bartizan.sentry.subjects import address_of, subjects_of

__all__ = ["Count", "Window"]

LASTS = 300.0  # seconds


class Window(msgspec.Struct):
    """What happened since ``began`` (Unix seconds): ``seen`` are distinct things, ``told`` how many steps were told."""

    began: float
    seen: list[int] = []
    told: int = 0


@dataclass(frozen=True, slots=True)
class Count:
    """Makes a signal ``name`` each time that one more of ``steps`` is reached: how many things, and how severe."""

    name: str
    steps: Sequence[tuple[int, int]]
    confidence: float

    def add(self, record: HttpActivity, thing: int | None, shelf: Shelf[Window]) -> tuple[RiskSignal, ...]:
        """Count a ``thing`` that is distinct from others, or anything at all when None."""
        address = address_of(record)
        if address is None:
            return ()
        time, most = record.time / 1000, self.steps[-1][0]
        window = shelf.get(address)
        if window is None or not 0 <= time - window.began < LASTS:
            window = Window(time)
        number = len(window.seen) if thing is None else thing
        if len(window.seen) >= most or number in window.seen:
            return ()
        window.seen.append(number)
        reached = [severity for count, severity in self.steps if len(window.seen) >= count]
        told, window.told = window.told, len(reached)
        shelf.put(address, window)
        return (self._signal(record, reached[-1]),) if len(reached) > told else ()

    def _signal(self, record: HttpActivity, severity: int) -> RiskSignal:
        known = describe(self.name)
        return RiskSignal(
            self.name,
            known.detector,
            known.stage,
            known.kind or "probe",
            severity,
            self.confidence,
            subjects_of(record),
            record.time / 1000,
            f"{record.metadata.uid}-{self.name}",
        )
