"""A score in its parts. Each part has as many points of the score as it has of the weight."""

from __future__ import annotations

from dataclasses import replace

from bartizan.detection.risk.chain import chain_of
from bartizan.detection.risk.memory import Known
from bartizan.detection.risk.model import Contribution, Explanation
from bartizan.detection.risk.scoring import Group, Sum
from bartizan.detection.risk.strand import Tally

__all__ = ["explanation"]


def explanation(key: str, known: Known, found: Sum, now: float) -> Explanation:
    """Return why ``known``, whose key is ``key``, has the score that was ``found``."""
    shared = 1.0 if found.shared is None else found.shared.factor
    points = 0.0 if found.weight <= 0 else found.score / found.weight * shared
    parts = [part for group in (*found.own, *found.spread) for part in _of_group(group, points)]
    parts.sort(key=lambda part: part.points, reverse=True)
    chain = None
    if found.chain > 1:
        extra = (found.chain - 1) * sum(group.weight for group in found.own)
        chain = chain_of(known.strands.values(), now, extra * points)
    pardoned = known.pardoned if known.pardoned > 0 else None
    return Explanation(key, found.score, tuple(parts), chain, found.shared, pardoned)


def _of_group(group: Group, points: float) -> list[Contribution]:
    named: dict[str, Contribution] = {}
    strands = {id(part.strand): part.strand for part in group.parts}.values()
    for firing, strand, weight in group.parts:
        name = firing.signal
        known = named.get(name)
        if known is not None:
            named[name] = replace(known, weight=known.weight + weight, points=known.points + weight * points)
            continue
        tally = _together([found for each in strands if (found := each.tallies.get(name))])
        count, first, last, uid = tally or (1, firing.time, firing.time, "")
        named[name] = Contribution(
            name,
            strand.detector,
            strand.kind,
            count,
            first,
            last,
            firing.severity,
            firing.confidence,
            weight,
            weight * points,
            group.via,
            group.damping,
            uid,
        )
    return list(named.values())


def _together(tallies: list[Tally]) -> tuple[int, float, float, str] | None:
    if not tallies:
        return None
    last = max(tallies, key=lambda tally: tally.last)
    return sum(each.count for each in tallies), min(each.first for each in tallies), last.last, last.uid
