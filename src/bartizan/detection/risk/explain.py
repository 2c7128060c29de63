"""A score in its parts. Each part has as many points of the score as it has of the weight."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from bartizan.detection.risk.chain import chain_of
from bartizan.detection.risk.memory import Detected, Known
from bartizan.detection.risk.model import KINDS, Contribution, Explanation, Kind, RiskSettings
from bartizan.detection.risk.scoring import Given, Sum
from bartizan.detection.risk.scoring import source as source_of
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
        parts: dict[tuple[str, str | None], Contribution] = {}
        chains = []
        for share in found.own:
            for name, weight in share.own.items():
                _take(parts, self._parts(known, name, weight * share.part, points, None))
            extra = (share.chain - 1) * share.part * sum(share.own.values())
            if extra > 0:
                chains.append((extra, share.source))
        for name, given in found.spread.items():
            _take(parts, self._parts(givers[given.via], name, given.more, points, given))
        chain = None
        if chains:
            source = max(chains)[1]
            strands = [each for each in known.strands.values() if not source or source_of(each) == source]
            chain = chain_of(strands, self._now, sum(extra for extra, _ in chains) * points)
        contributions = sorted(parts.values(), key=lambda part: part.points, reverse=True)
        return Explanation(key, found.score, tuple(contributions), chain, found.shared, pardoned(known))

    def _parts(
        self, known: Known, name: Detected, whole: float, points: float, given: Given | None
    ) -> Iterator[Contribution]:
        """Yield what firings contribute to the ``whole`` weight of a detector; a signal's first has its count."""
        detector, kind, source = name
        strands = [
            each
            for each in known.strands.values()
            if (each.detector, each.kind) == (detector, kind) and (not source or source_of(each) == source)
        ]
        weighed = self._weighed(strands, kind)
        total = sum(weight for _, weight in weighed)
        told: set[str] = set()
        for firing, weight in weighed:
            share = whole * weight / total if total > 0 else 0.0
            tally = Tally(0, firing.time, firing.time, "") if firing.signal in told else _together(strands, firing)
            told.add(firing.signal)
            yield Contribution(
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

    def _weighed(self, strands: Iterable[Strand], kind: Kind) -> list[tuple[Firing, float]]:
        """Return firings with what they count among each other, the strongest first."""
        half_life, repeat, factor = self._half_lives[kind], KINDS[kind].repeat, 1.0
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


def _take(parts: dict[tuple[str, str | None], Contribution], more: Iterable[Contribution]) -> None:
    """Add contributions to those of the same signal, over the same link."""
    for each in more:
        key = (each.signal, each.via)
        known = parts.get(key)
        if known is None:
            parts[key] = each
            continue
        later = each if each.uid and each.last > known.last else known
        parts[key] = replace(
            known,
            count=known.count + each.count,
            first=min(known.first, each.first),
            last=later.last,
            uid=later.uid,
            weight=known.weight + each.weight,
            points=known.points + each.points,
        )


def _together(strands: Iterable[Strand], firing: Firing) -> Tally:
    """Return how often the signal of a firing was seen, whoever it came from."""
    name = firing.signal
    tallies = [found for each in strands if (found := each.tallies.get(name) or each.tallies.get(OTHERS))]
    if not tallies:
        return Tally(1, firing.time, firing.time, "")
    last = max(tallies, key=lambda tally: tally.last)
    first = min(tally.first for tally in tallies)
    return Tally(sum(tally.count for tally in tallies), first, last.last, last.uid)
