"""A score in its parts. Each part has as many points of the score as it has of the weight."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bartizan.detection.risk.chain import chain_of
from bartizan.detection.risk.memory import Detected, Known
from bartizan.detection.risk.model import KINDS, Contribution, Explanation, RiskSettings
from bartizan.detection.risk.scoring import Given, Sum
from bartizan.detection.risk.strand import OTHERS, Firing, Strand, Tally

__all__ = ["Explainer"]


class Explainer:
    """Takes scores apart at one time, ``now``."""

    def __init__(self, settings: RiskSettings, now: float) -> None:
        self._half_lives = settings.half_lives
        self._now = now

    def explanation(self, key: str, known: Known, found: Sum, givers: dict[str, Known]) -> Explanation:
        """Return why an actor has the score that was ``found``; ``givers`` are those that it has some of it from."""
        points = found.score / found.weight if found.weight > 0 else 0.0
        parts = []
        for name, weight in found.own.items():
            parts += self._parts(known, name, weight, points, None)
        for name, given in found.spread.items():
            parts += self._parts(givers[given.via], name, given.more, points, given)
        parts.sort(key=lambda part: part.points, reverse=True)
        chain = None
        if found.chain > 1:
            extra = (found.chain - 1) * sum(found.own.values())
            chain = chain_of(known.strands.values(), self._now, extra * points)
        return Explanation(key, found.score, tuple(parts), chain, found.shared, pardoned(known))

    def _parts(
        self, known: Known, name: Detected, whole: float, points: float, given: Given | None
    ) -> list[Contribution]:
        """Return what signals contribute to the ``whole`` weight of one detector."""
        detector, kind = name
        strands = [each for each in known.strands.values() if (each.detector, each.kind) == name]
        weighed = self._weighed(strands, name)
        total = sum(weight for _, weight in weighed)
        made: dict[str, Contribution] = {}
        for firing, weight in weighed:
            share = whole * weight / total if total > 0 else 0.0
            if (part := made.get(firing.signal)) is not None:
                made[firing.signal] = replace(part, weight=part.weight + share, points=part.points + share * points)
                continue
            tally = _together(strands, firing)
            made[firing.signal] = Contribution(
                signal=firing.signal,
                detector=detector,
                kind=kind,
                count=tally.count,
                first=tally.first,
                last=tally.last,
                severity=firing.severity,
                confidence=firing.confidence,
                weight=share,
                points=share * points,
                via=None if given is None else given.via,
                damping=1.0 if given is None else given.damping,
                uid=tally.uid,
            )
        return list(made.values())

    def _weighed(self, strands: Iterable[Strand], name: Detected) -> list[tuple[Firing, float]]:
        """Return firings with what they count among each other, the strongest first."""
        half_life, repeat, factor = self._half_lives[name[1]], KINDS[name[1]].repeat, 1.0
        left = [(firing, firing.now(self._now, half_life)) for strand in strands for firing in strand.firings]
        left.sort(key=lambda pair: pair[1], reverse=True)
        weighed = []
        for firing, weight in left:
            weighed.append((firing, weight * factor))
            factor *= repeat
        return weighed


def pardoned(known: Known) -> float | None:
    """Return when an actor was pardoned last."""
    return known.pardoned if known.pardoned >= 0 else None


def _together(strands: Iterable[Strand], firing: Firing) -> Tally:
    """Return how often the signal of a firing was seen, whoever it came from."""
    name = firing.signal
    tallies = [found for each in strands if (found := each.tallies.get(name) or each.tallies.get(OTHERS))]
    if not tallies:
        return Tally(1, firing.time, firing.time, "")
    last = max(tallies, key=lambda tally: tally.last)
    first = min(tally.first for tally in tallies)
    return Tally(sum(tally.count for tally in tallies), first, last.last, last.uid)
