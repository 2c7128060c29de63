"""The evidence of one detector about one actor, from one party: its strongest firings, and what was counted.

A firing's weight halves every half-life. All firings of a strand have the same half-life, so their order by weight
never changes: a firing's *level*, ``log2(weight) + time / half_life``, is that order for all times, in whatever order
the firings arrive. Only the strongest ``TOP`` are kept; what the next would count is below 2 % of the strongest.
"""

from __future__ import annotations

from bisect import bisect_right
from math import inf, log, log2

import msgspec

from bartizan.detection.risk.model import KINDS, Kind, RiskSignal

__all__ = ["Firing", "Strand", "Tally", "discounted", "evidence"]

TOP = 8
MAX_NAMES = 16  # signals that are counted by name
OTHERS = "others"
_CERTAIN = 0.95  # no single signal is surer than this
_CURVE = 1.5  # a severity of 50 is less than half of one of 100
HEAVY = 0.1  # evidence from which on somebody is no longer clean
STAGE_MEMORY = 21 * 86400.0  # seconds after which half of the memory of a stage has gone


def evidence(severity: int, confidence: float, kind: Kind) -> float:
    """Return the weight of a signal: ``-ln(1 - p)``, so that weights that add up are probabilities in noisy-or."""
    probability = min(_CERTAIN, (max(0, severity) / 100) ** _CURVE)
    return -log(1 - probability) * min(1.0, max(0.0, confidence)) * KINDS[kind].reliability


def discounted(weights: list[float], kind: Kind) -> float:
    """Return what firings of one detector are worth together, ``weights`` from the strongest on; within the limit."""
    _, repeat, limit = KINDS[kind]
    total, factor = 0.0, 1.0
    for weight in weights:
        total += weight * factor
        factor *= repeat
    return min(limit, total)


class Firing(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One signal: ``weight`` is its evidence at ``time``."""

    weight: float
    time: float
    signal: str
    severity: int
    confidence: float

    def now(self, now: float, half_life: float) -> float:
        """Return what is left of the weight; before its time it is whole."""
        age = now - self.time
        return self.weight if age <= 0 else self.weight * 0.5 ** (age / half_life)


class Tally(msgspec.Struct, array_like=True, gc=False):
    """How often a signal was seen; ``uid`` is that of the last."""

    count: int
    first: float
    last: float
    uid: str

    def add(self, time: float, uid: str) -> None:
        """Count one more."""
        self.count += 1
        if time >= self.last:
            self.last, self.uid = time, uid
        self.first = min(self.first, time)


class Reached(msgspec.Struct, array_like=True, gc=False):
    """The memory of a stage: ``level`` as that of firings, with the half-life ``STAGE_MEMORY``."""

    level: float
    first: float
    last: float

    def strength(self, now: float) -> float:
        """Return the evidence that is remembered of it."""
        return float(2.0 ** (self.level - max(now, self.last) / STAGE_MEMORY))


class Strand(msgspec.Struct, array_like=True, gc=False):
    """What ``detector`` saw of ``party``: the keys of those who acted."""

    detector: str
    kind: Kind
    party: tuple[str, ...]
    firings: list[Firing] = []
    """The weakest first."""
    tallies: dict[str, Tally] = {}
    stages: dict[int, Reached] = {}
    heavy: float = -inf
    """When it was last grave enough for nobody to be clean."""

    def add(self, signal: RiskSignal, weight: float, stage: int, half_life: float) -> None:
        """Take in a signal of this detector; ``stage`` is its number, -1 for none."""
        time = signal.time
        firings = self.firings
        level = log2(weight) + time / half_life
        last = firings[-1] if firings else None
        firing = Firing(weight, time, signal.name, signal.severity, signal.confidence)
        if last is None or level >= log2(last.weight) + last.time / half_life:
            firings.append(firing)
        else:
            firings.insert(bisect_right(firings, level, key=lambda each: _level(each, half_life)), firing)
        if len(firings) > TOP:
            del firings[0]
        self._count(signal.name, time, signal.uid)
        if weight >= HEAVY and time > self.heavy:
            self.heavy = time
        if stage >= 0:
            self._reach(stage, log2(weight) + time / STAGE_MEMORY, time)

    def sort(self, half_life: float) -> None:
        """Bring firings in order by their weight, for another half-life than they came with."""
        self.firings.sort(key=lambda each: _level(each, half_life))

    def peak(self, now: float, half_life: float) -> float:
        """Return what its strongest firing is worth."""
        return self.firings[-1].now(now, half_life) if self.firings else 0.0

    def worth(self, now: float, half_life: float) -> float:
        """Return what it is worth alone."""
        return discounted([each.now(now, half_life) for each in reversed(self.firings)], self.kind)

    def _count(self, name: str, time: float, uid: str) -> None:
        tallies = self.tallies
        if (tally := tallies.get(name)) is None:
            if len(tallies) >= MAX_NAMES:
                tally = tallies.get(name := OTHERS)
            if tally is None:
                tallies[name] = Tally(1, time, time, uid)
                return
        tally.add(time, uid)

    def _reach(self, stage: int, level: float, time: float) -> None:
        reached = self.stages.get(stage)
        if reached is None:
            self.stages[stage] = Reached(level, time, time)
            return
        reached.level = max(reached.level, level)
        if time < reached.first:
            reached.first = time
        elif time > reached.last:
            reached.last = time


def _level(firing: Firing, half_life: float) -> float:
    return log2(firing.weight) + firing.time / half_life
