"""The evidence of one detector about one actor, from one party: its strongest firings, and what was counted.

A firing's weight halves every half-life. All firings of a strand have the same half-life, so their order by weight
never changes: a firing's *level*, ``log2(weight) + time / half_life``, is that order for all times, in whatever order
the firings arrive. Only the strongest ``TOP`` are kept; what the next would count is below 2 % of the strongest.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from math import expm1, inf, log, log1p, log2
from typing import NamedTuple

import msgspec

from bartizan.detection.risk.model import KINDS, Kind, RiskSignal

__all__ = [
    "HEAVY",
    "STAGE_MEMORY",
    "Firing",
    "Mark",
    "Reached",
    "Strand",
    "Tally",
    "damped",
    "discounted",
    "evidence",
    "mark",
]

TOP = 8
MAX_NAMES = 16  # signals that are counted by name
OTHERS = "others"
HEAVY = 0.1  # evidence from which on somebody is no longer clean
STAGE_MEMORY = 21 * 86400.0  # seconds after which half of the memory of a stage has gone
_CERTAIN = 0.95  # no single signal is surer than this
_CURVE = 1.5  # a severity of 50 is less than half of one of 100
_FADED = 0.002  # evidence that is none any more: a fifth of a point
_STAGE_FADED = 0.05


@lru_cache(maxsize=4096)
def evidence(severity: int, confidence: float, kind: Kind) -> float:
    """Return the weight of a signal: ``-ln(1 - p)``, so that weights that add up are probabilities in noisy-or."""
    probability = min(_CERTAIN, (max(0, severity) / 100) ** _CURVE)
    return -log(1 - probability) * min(1.0, max(0.0, confidence)) * KINDS[kind].reliability


def damped(weight: float, part: float) -> float:
    """Return the weight of what is only ``part`` (0 to 1) as probable as what has ``weight``."""
    return weight if part >= 1 else -log1p(part * expm1(-weight))


def discounted(weights: Iterable[float], kind: Kind) -> float:
    """Return what firings of one detector are worth together, without the limit; ``weights`` the strongest first."""
    repeat = KINDS[kind].repeat
    total, factor = 0.0, 1.0
    for weight in weights:
        total += weight * factor
        factor *= repeat
    return total


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
        return self.weight if age <= 0 else float(self.weight * 0.5 ** (age / half_life))

    def level(self, half_life: float) -> float:
        """Return its place in the order of weights, at any time."""
        return log2(self.weight) + self.time / half_life


class Mark(NamedTuple):
    """What a signal is to all actors for whom it counts the same; ``stage`` is -1 for none."""

    firing: Firing
    level: float
    stage: int
    stage_level: float
    until: float
    uid: str


def mark(signal: RiskSignal, weight: float, stage: int, half_life: float) -> Mark:
    """Return what a signal leaves with actors for whom it counts ``weight``."""
    time = signal.time
    firing = Firing(weight, time, signal.name, signal.severity, signal.confidence)
    until = time + half_life * log2(weight / _FADED)
    if stage >= 0:
        until = max(until, time + STAGE_MEMORY * log2(weight / _STAGE_FADED))
    return Mark(firing, firing.level(half_life), stage, log2(weight) + time / STAGE_MEMORY, until, signal.uid)


class Tally(msgspec.Struct, array_like=True, gc=False):
    """How often a signal was seen; ``uid`` is that of the last."""

    count: int
    first: float
    last: float
    uid: str


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
    until: float = -inf
    """When nothing will be left of it."""

    def add(self, mark: Mark, half_life: float) -> None:
        """Take in a signal of this detector and party."""
        firing, level, stage, stage_level, until, uid = mark
        firings, time = self.firings, firing.time
        if not firings or level >= firings[-1].level(half_life):
            firings.append(firing)
        else:
            firings.insert(bisect_right(firings, level, key=lambda each: each.level(half_life)), firing)
        if len(firings) > TOP:
            del firings[0]
        tally = self.tallies.get(firing.signal)
        if tally is None:
            self._begin(firing.signal, time, uid)
        else:
            _count(tally, time, uid)
        self.until = max(self.until, until)
        if time > self.heavy and firing.weight >= HEAVY:
            self.heavy = time
        if stage >= 0:
            self._reach(stage, stage_level, time)

    def sort(self, half_life: float) -> None:
        """Bring firings in order by their weight, for another half-life than they came with."""
        self.firings.sort(key=lambda each: each.level(half_life))

    def refit(self, half_life: float) -> None:
        """Have it fade by another half-life from now on."""
        self.sort(half_life)
        lasts = [each.time + half_life * log2(each.weight / _FADED) for each in self.firings]
        lasts += [STAGE_MEMORY * (each.level - log2(_STAGE_FADED)) for each in self.stages.values()]
        self.until = max(lasts, default=-inf)

    def weights(self, now: float, half_life: float) -> list[float]:
        """Return what is left of each firing, the weakest first."""
        return [each.now(now, half_life) for each in self.firings]

    def _begin(self, name: str, time: float, uid: str) -> None:
        tallies = self.tallies
        if len(tallies) >= MAX_NAMES:
            if (tally := tallies.get(OTHERS)) is not None:
                _count(tally, time, uid)
                return
            name = OTHERS
        tallies[name] = Tally(1, time, time, uid)

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


def _count(tally: Tally, time: float, uid: str) -> None:
    tally.count += 1
    if time >= tally.last:
        tally.last, tally.uid = time, uid
    tally.first = min(tally.first, time)
