"""From what is known of actors to weights: the one place where evidence is combined. Pure.

The score of an actor is ``100 * shared * (1 - exp(-(chain * own + spread)))``: noisy-or. ``own`` is the sum over the
detectors that saw it; ``spread`` what linked actors have more of than it itself after damping, per detector the most;
``chain`` counts for stages in their order; ``shared`` for clean people behind the actor. What is wide (a network, a
fingerprint) has part of ``chain * own`` of each address that it stands for instead, as independent evidence. Weights
only fall with time, and only rise with evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from math import expm1
from typing import NamedTuple

from bartizan.detection.actors import kind_of
from bartizan.detection.risk.chain import factor_of
from bartizan.detection.risk.links import LINK_MEMORY, SHAREABLE, WIDE, damping
from bartizan.detection.risk.memory import Detected, Known
from bartizan.detection.risk.model import KINDS, RiskSettings, Shared
from bartizan.detection.risk.strand import Strand, damped, discounted

__all__ = ["Given", "Scoring", "Share", "Sum", "source"]

PEOPLE_MEMORY = 7 * 86400.0  # seconds after which somebody who was not seen again counts for half
TAINTED = 86400.0  # seconds after grave evidence in which somebody is no clean person


class Given(NamedTuple):
    """What a linked actor adds to the evidence of a detector: ``more`` of its ``weight``, which was damped already."""

    via: str
    damping: float
    weight: float
    more: float


class Share(NamedTuple):
    """What one ``source`` adds (empty: all of them): ``part`` of ``chain`` times the evidence of its detectors."""

    source: str
    own: dict[Detected, float]
    chain: float
    part: float


class Sum(NamedTuple):
    """A score and what it is made of: ``weight`` is the sum of all; ``shared`` only for what can be."""

    score: float
    weight: float
    own: list[Share]
    spread: dict[Detected, Given]
    shared: Shared | None


class Scoring:
    """Combines evidence as settings ask for; ``get`` finds actors by key."""

    def __init__(self, settings: RiskSettings, get: Callable[[str], Known | None]) -> None:
        self._half_lives = settings.half_lives
        self._shared_from = settings.shared_from
        self._get = get

    def sum(self, key: str, now: float) -> Sum | None:
        """Return the score of an actor and what it is made of, or None if nothing is known against it."""
        known = self._get(key)
        if known is None:
            return None
        wide = WIDE.get(kind_of(key))
        own = self._own(known, now, wide=wide is not None) if known.strands else {}
        spread = self._spread(key, known, own, now) if known.links else {}
        if not own and not spread:
            return None
        if wide is not None:
            shares = _by_source(known, own, wide, now)
        else:
            shares = [Share("", own, factor_of(known.strands.values(), now), 1.0)] if own else []
        weight = sum(each.chain * each.part * sum(each.own.values()) for each in shares)
        weight += sum(given.more for given in spread.values())
        shared = self._shared(key, known, now)
        score = -100 * expm1(-weight) * (1.0 if shared is None else shared.factor)
        return Sum(score, weight, shares, spread, shared)

    def _own(self, known: Known, now: float, *, wide: bool = False) -> dict[Detected, float]:
        """Return the evidence of each detector within its limit, of what is wide by source."""
        lives = self._half_lives
        if known.sums is None or now < known.sums_at:
            sums = self._added_up(known, now, wide=wide)
            if any(strand.firings[-1].time > now for strand in known.strands.values()):
                known.sums = None  # some of it does not fade yet
                return {name: min(weight, KINDS[name[1]].limit) for name, weight in sums.items()}
            known.sums, known.sums_at = sums, now
        age = now - known.sums_at
        own = {}
        for name, weight in known.sums.items():
            faded, limit = weight * 0.5 ** (age / lives[name[1]]), KINDS[name[1]].limit
            own[name] = min(limit, faded)
        return own

    def _added_up(self, known: Known, now: float, *, wide: bool) -> dict[Detected, float]:
        gathered: dict[Detected, list[float]] = {}
        for strand in known.strands.values():
            weights = strand.weights(now, self._half_lives[strand.kind])
            name = (strand.detector, strand.kind, source(strand) if wide else "")
            gathered.setdefault(name, []).extend(weights)
        return {name: discounted(sorted(weights, reverse=True), name[1]) for name, weights in gathered.items()}

    def _spread(self, key: str, known: Known, own: dict[Detected, float], now: float) -> dict[Detected, Given]:
        best: dict[Detected, Given] = {}
        for other, time in known.links.items():
            giver = self._get(other)
            if giver is None or not giver.strands:
                continue
            passed = damping(other, key)
            if now > time:
                passed *= 0.5 ** ((now - time) / LINK_MEMORY)
            if (shared := self._shared(other, giver, now)) is not None:
                passed *= shared.factor
            for name, weight in self._own(giver, now).items():
                given, mine = damped(weight, passed), own.get(name, 0.0)
                if given > mine and (name not in best or given > best[name].weight):
                    best[name] = Given(other, passed, given, given - mine)
        return best

    def _shared(self, key: str, known: Known, now: float) -> Shared | None:
        """Return how far an actor is shared by clean people, or None if it is nothing that is shared.

        People count for the time at which the actor was last seen: or a risk would rise while nothing happens.
        """
        if not known.people or kind_of(key) not in SHAREABLE:
            return None
        get, last, people = self._get, known.touched, 0.0
        for person, time in known.people.items():
            acting = get(person)
            if acting is None or not acting.strands or now - acting.heavy() >= TAINTED:
                people += 0.5 ** (max(0.0, last - time) / PEOPLE_MEMORY)
        return Shared(people, 1 / (1 + (people / self._shared_from) ** 2))


def source(strand: Strand) -> str:
    """Return whom what is wide has a strand from."""
    return strand.party[0] if strand.party else ""


def _by_source(known: Known, own: dict[Detected, float], part: float, now: float) -> list[Share]:
    """Return shares of what is wide: of each source as much as is ``part`` as probable."""
    shares = []
    for each in {name[2] for name in own}:
        theirs = {name: weight for name, weight in own.items() if name[2] == each}
        chain = factor_of((strand for strand in known.strands.values() if source(strand) == each), now)
        whole = chain * sum(theirs.values())
        shares.append(Share(each, theirs, chain, damped(whole, part) / whole if whole > 0 else part))
    return shares
