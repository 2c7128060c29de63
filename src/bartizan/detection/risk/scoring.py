"""From what is known of actors to weights: the one place where evidence is combined. Pure.

The score of an actor is ``100 * (1 - exp(-w))`` with ``w = shared * (chain * own + spread)``: noisy-or. ``own`` is the
sum over the detectors that saw it; ``spread`` what linked actors have more of than it itself, per detector the most;
``chain`` counts for stages in their order; ``shared`` for clean people behind the actor. Weights only fall with time,
and only rise with evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import exp, log1p
from typing import NamedTuple

from bartizan.detection.actors import kind_of
from bartizan.detection.risk.chain import factor_of
from bartizan.detection.risk.links import LINK_MEMORY, SHAREABLE, damping
from bartizan.detection.risk.memory import Known
from bartizan.detection.risk.model import KINDS, Kind, RiskSettings, Shared
from bartizan.detection.risk.strand import Firing, Strand

__all__ = ["Group", "Part", "Scoring", "Sum"]

TAINTED = 86400.0  # seconds after grave evidence in which somebody is no clean person
_NOTHING = 1e-4


class Part(NamedTuple):
    """A firing of a strand, and what it is worth among the others of its detector."""

    firing: Firing
    strand: Strand
    weight: float


class Group(NamedTuple):
    """All that one detector knows of an actor: ``via`` is where from, if that is another actor."""

    weight: float
    parts: list[Part]
    via: str | None = None
    damping: float = 1.0


class Sum(NamedTuple):
    """A score taken apart: ``own`` and ``spread`` by detector; ``shared`` only for what can be."""

    score: float
    weight: float
    own: list[Group]
    spread: list[Group]
    chain: float
    shared: Shared | None


class Scoring:
    """Combines evidence as settings ask for; ``get`` finds actors by key."""

    def __init__(self, settings: RiskSettings, get: Callable[[str], Known | None]) -> None:
        self._half_lives = settings.half_lives
        self._shared_from = settings.shared_from
        self._people_memory = 2 * max(settings.half_lives.values())
        """Longer than any evidence is remembered: or a risk would rise while nothing happens."""
        self._get = get

    def sum(self, key: str, now: float) -> Sum | None:
        """Return the score of an actor and what it is made of, or None if nothing is known of it."""
        known = self._get(key)
        if known is None:
            return None
        own = self._own(known, now)
        spread = self._spread(key, known, own, now)
        if not own and not spread:
            return None
        chain = factor_of(known.strands.values(), now)
        shared = self.shared(key, known, now)
        weight = chain * sum(each.weight for each in own.values()) + sum(each.weight for each in spread)
        if shared is not None:
            weight *= shared.factor
        return Sum(100 * (1 - exp(-weight)), weight, list(own.values()), spread, chain, shared)

    def shared(self, key: str, known: Known, now: float) -> Shared | None:
        """Return how far an actor is shared by clean people, or None if it is nothing that is shared."""
        if not known.people or kind_of(key) not in SHAREABLE:
            return None
        people = 0.0
        for person, time in known.people.items():
            if (acting := self._get(person)) is None or not acting.strands or now - acting.heavy() >= TAINTED:
                people += 0.5 ** (max(0.0, now - time) / self._people_memory)
        return Shared(people, 1 / (1 + (people / self._shared_from) ** 2))

    def risky(self, known: Known, now: float) -> bool:
        """Tell whether something of an actor is worth to be remembered: risk from 0.5 on, or how far it has come."""
        for strand in known.strands.values():
            if strand.worth(now, self._half_lives[strand.kind]) > _HALF_A_POINT:
                return True
            if any(reached.strength(now) > _REMEMBERED for reached in strand.stages.values()):
                return True
        return False

    def _own(self, known: Known, now: float) -> dict[tuple[str, Kind], Group]:
        strands = known.strands
        if len(strands) == 1:
            together: Iterable[list[Strand]] = ([*strands.values()],)
        else:
            by_detector: dict[tuple[str, Kind], list[Strand]] = {}
            for strand in strands.values():
                by_detector.setdefault((strand.detector, strand.kind), []).append(strand)
            together = by_detector.values()
        groups = {}
        for each in together:
            group = self._group(each, now)
            if group.weight > _NOTHING:
                groups[each[0].detector, each[0].kind] = group
        return groups

    def _group(self, strands: list[Strand], now: float) -> Group:
        kind = strands[0].kind
        half_life = self._half_lives[kind]
        parts = [Part(each, strand, each.now(now, half_life)) for strand in strands for each in strand.firings]
        parts.sort(key=_weight, reverse=True)
        _, repeat, limit = KINDS[kind]
        factor, total = 1.0, 0.0
        weighed = []
        for firing, strand, weight in parts:
            share = weight * factor
            if share < _NOTHING:
                break
            total += share
            factor *= repeat
            weighed.append(Part(firing, strand, share))
        if total > limit:
            weighed = [Part(firing, strand, weight * limit / total) for firing, strand, weight in weighed]
            total = limit
        return Group(total, weighed)

    def _spread(self, key: str, known: Known, own: dict[tuple[str, Kind], Group], now: float) -> list[Group]:
        best: dict[tuple[str, Kind], Group] = {}
        for other, time in known.links.items():
            giver = self._get(other)
            if giver is None or not giver.strands:
                continue
            passed = damping(other, key) * 0.5 ** (max(0.0, now - time) / LINK_MEMORY)
            if (shared := self.shared(other, giver, now)) is not None:
                passed *= shared.factor
            for name, (weight, parts, _, _) in self._own(giver, now).items():
                given = weight * passed
                if given > _NOTHING and (name not in best or given > best[name].weight):
                    best[name] = Group(given, parts, other, passed)
        spread = []
        for name, group in best.items():
            more = group.weight - (own[name].weight if name in own else 0.0)
            if more > 0:
                share = more / group.weight * group.damping
                parts = [Part(firing, strand, weight * share) for firing, strand, weight in group.parts]
                spread.append(Group(more, parts, group.via, group.damping))
        return spread


_HALF_A_POINT = -log1p(-0.005)
_REMEMBERED = 0.01


def _weight(part: Part) -> float:
    return part.weight
