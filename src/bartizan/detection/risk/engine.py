"""The risk engine: signals go in, one score per actor comes out. No clock and no I/O: times are given.

Its results do not depend on the order in which signals of the same time arrive.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Set
from math import inf, isfinite, log

from bartizan.detection.actors import kind_of
from bartizan.detection.risk.chain import stage_number
from bartizan.detection.risk.explain import explanation
from bartizan.detection.risk.links import SHAREABLE, linked, party_of, person_of, weight_of
from bartizan.detection.risk.memory import MAX_STRANDS, Known, Memory, StrandKey, dumped, loaded
from bartizan.detection.risk.model import Explanation, RiskSettings, RiskSignal
from bartizan.detection.risk.scoring import Scoring
from bartizan.detection.risk.strand import Strand, evidence

__all__ = ["Engine"]

MAX_ACTORS = 16  # of one signal
REFRESH = 60.0  # seconds in which the same actors are not taken in anew
_MAX_FRESH = 65_536
_LEAST = 1e-3  # weaker evidence counts for nothing


class Engine:
    """Everything it knows is in memory, at most ``settings.actors`` actors."""

    def __init__(self, settings: RiskSettings) -> None:
        self._half_lives = settings.half_lives
        known: OrderedDict[str, Known] = OrderedDict()
        self._scoring = Scoring(settings, known.get)
        self._memory = Memory(known, settings.actors, self._scoring.risky)
        self._dirty: set[str] = set()
        self._changed: set[str] = set()
        self._fresh: dict[tuple[str, ...], float] = {}

    def __len__(self) -> int:
        return len(self._memory)

    def observe(self, signal: RiskSignal) -> None:
        """Take in a signal. Without evidence, or older than a pardon of who acted, it counts for nothing."""
        base = evidence(signal.severity, signal.confidence, signal.kind)
        time, actors = signal.time, signal.actors[:MAX_ACTORS]
        if base < _LEAST or not isfinite(time):
            return
        party = party_of(actors)
        get = self._memory.get
        if any((known := get(key)) is not None and known.pardoned >= time for key in party):
            return
        stage, half_life = stage_number(signal.stage), self._half_lives[signal.kind]
        strand_key = (signal.detector, signal.kind, party)
        for key in actors:
            known = self._memory.touch(key, time)
            if known.pardoned >= time:
                continue
            strand = known.strands.get(strand_key)
            if strand is None:
                strand = self._new_strand(known, strand_key, signal, time)
            strand.add(signal, base * weight_of(key), stage, half_life)
        self._link(linked(actors), time)
        self._dirty.update(actors)
        self._changed.update(actors)

    def seen(self, actors: tuple[str, ...], time: float) -> None:
        """Take in that an exchange of these actors passed cleanly: who belongs together, and who shares an address."""
        fresh = self._fresh
        before = fresh.get(actors)
        if before is not None and time - before < REFRESH:
            return
        if len(fresh) >= _MAX_FRESH:
            fresh.clear()
        fresh[actors] = time
        person = person_of(actors)
        if person is None:
            return
        for key in actors[:MAX_ACTORS]:
            known = self._memory.touch(key, time)
            if kind_of(key) in SHAREABLE:
                known.meet(person, time)
        self._link(linked(actors), time)
        self._dirty.update(actors)

    def score(self, key: str, now: float) -> float:
        """Return the risk of an actor, 0 to 100."""
        found = self._scoring.sum(key, now)
        return 0.0 if found is None else found.score

    def half_life(self, key: str, now: float, ahead: float = 600.0) -> float:
        """Return the half-life in seconds with which a score falls from now on, as it does in the time ``ahead``."""
        score, later = self.score(key, now), self.score(key, now + ahead)
        if score <= 0 or later <= 0:
            return ahead
        return inf if later >= score else ahead * log(2) / log(score / later)

    def explain(self, key: str, now: float) -> Explanation:
        """Return what a score is made of."""
        found, known = self._scoring.sum(key, now), self._memory.get(key)
        if found is None or known is None:
            return Explanation(key, 0.0, pardoned=None if known is None or known.pardoned < 0 else known.pardoned)
        return explanation(key, known, found, now)

    def pardon(self, key: str, now: float) -> set[str]:
        """Take back what was known against an actor, and what others have of it; returns the keys of all of them.

        That is all evidence of the actor itself, and the share that others have in signals of parties that it belongs
        to. An address that is pardoned leaves what people did from there with them. Signals from before ``now`` that
        arrive later count for nothing.
        """
        known = self._memory.touch(key, now)
        touched = {key, *known.links}
        known.strands.clear()
        known.pardoned = max(known.pardoned, now)
        for other, each in self._memory.items():
            if each.strands and (theirs := [name for name in each.strands if key in name[2]]):
                for name in theirs:
                    del each.strands[name]
                touched.add(other)
                self._dirty.add(other)
        self._dirty.add(key)
        self._changed |= touched
        return touched

    def changed(self) -> set[str]:
        """Return the actors whose score may differ by more than time, since this was last called."""
        named, self._changed = self._changed, set()
        reached = set(named)
        for key in named:
            if (known := self._memory.get(key)) is not None:
                reached.update(known.links)
        return reached

    def dirty(self) -> Set[str]:
        """Return the actors whose ``dump`` differs from what it was when this was last called."""
        dirty, self._dirty = self._dirty | self._memory.gone, set()
        self._memory.gone.clear()
        return dirty

    def dump(self, key: str) -> bytes:
        """Return what is known of an actor as bytes for ``load``; empty if nothing is known any more."""
        known = self._memory.get(key)
        return b"" if known is None else dumped(known)

    def load(self, key: str, data: bytes) -> None:
        """Take in what ``dump`` returned; raises ``ValueError`` for anything else."""
        known = loaded(data)
        for strand in known.strands.values():
            strand.sort(self._half_lives[strand.kind])
        self._memory.put(key, known)

    def forget(self, now: float, most: int = 1000) -> int:
        """Forget who has no risk and was not seen for days, of the ``most`` longest untouched; returns how many."""
        return self._memory.forget(now, most)

    def _new_strand(self, known: Known, key: StrandKey, signal: RiskSignal, now: float) -> Strand:
        strands = known.strands
        if len(strands) >= MAX_STRANDS:
            weakest = min(strands.values(), key=lambda each: each.peak(now, self._half_lives[each.kind]))
            del strands[weakest.detector, weakest.kind, weakest.party]
        strand = strands[key] = Strand(signal.detector, signal.kind, key[2])
        return strand

    def _link(self, keys: tuple[str, ...], time: float) -> None:
        new = False
        for key in keys:
            known = self._memory.get(key)
            if known is not None:
                for other in keys:
                    if other != key and known.link(other, time):
                        new = True
        if new:
            self._changed.update(keys)
