"""Signals that guards have found already."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast, get_args

from bartizan.detection.catalogue import accused, describe
from bartizan.detection.risk import RiskSignal
from bartizan.evidence.journal import DetectionFinding, Record
from bartizan.pipeline import Actor, Stage
from bartizan.pipeline.actor import ActorKind
from bartizan.sentry.detectors.interface import Shelf

__all__ = ["Findings"]

_STAGES = frozenset(get_args(Stage))
_KINDS = frozenset(get_args(ActorKind))


class Findings:
    """Takes findings over as they are; what speaks against nobody is left out."""

    name = "findings"
    remembers = type(None)

    def on_record(self, record: Record, shelf: Shelf[None]) -> Iterable[RiskSignal]:  # noqa: ARG002 - it needs none
        """See ``Detector``."""
        if not isinstance(record, DetectionFinding):
            return ()
        info = record.finding_info
        known = describe(info.title)
        if known.kind is None or record.risk_score <= 0:
            return ()
        named = [Actor(cast("ActorKind", each.name), each.value) for each in record.observables if each.name in _KINDS]
        stage = info.kill_chain[0].phase if info.kill_chain else known.stage
        signal = RiskSignal(
            name=info.title,
            detector=info.analytic.name if info.analytic is not None else known.detector,
            stage=cast("Stage", stage) if stage in _STAGES else None,
            kind=known.kind,
            severity=min(100, record.risk_score),
            confidence=min(100, max(0, record.confidence_score)) / 100,
            actors=accused(info.title, named),
            time=record.time / 1000,
            uid=record.metadata.uid,
        )
        return (signal,)
