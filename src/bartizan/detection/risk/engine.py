"""The risk engine: signals go in, one score per actor comes out. No clock and no I/O: times are given.

Its results do not depend on the order in which signals of the same time arrive.
"""

from __future__ import annotations

from collections.abc import Set
from math import inf, isfinite, log

from bartizan.detection.risk.chain import stage_number
from bartizan.detection.risk.explain import Explainer, pardoned
from bartizan.detection.risk.links import company_of, part_of, party_of, source_of
from bartizan.detection.risk.memory import Memory, StrandKey, dumped, loaded
from bartizan.detection.risk.model import Explanation, RiskSettings, RiskSignal
from bartizan.detection.risk.scoring import Scoring
from bartizan.detection.risk.strand import Mark, damped, evidence, mark

__all__ = ["Engine"]

MAX_ACTORS = 16  # of one signal
AHEAD = 60.0  # seconds
NOTICEABLE = 0.95  # of a score
REFRESH = 300.0  # seconds in which the same actors are not taken in anew
_MAX_FRESH = 65_536
_LEAST = 1e-3  # weaker evidence counts for nothing
_FELL = 0.01  # points


class Engine:
    """Everything it knows is in memory, at most ``settings.actors`` actors."""

    def __init__(self, settings: RiskSettings) -> None:
        self._settings = settings
        self._memory = Memory(settings.actors)
        self._scoring = Scoring(settings, self._memory.get)
        self._last_pardon = -inf
        self._dirty: set[str] = set()
        self._changed: set[str] = set()
        self._fresh: dict[tuple[str, ...], float] = {}
        self._clean: dict[tuple[str, ...], float] = {}
        """Who was seen together and when, in signals and in clean exchanges: to link them each time would be slow."""

    def __len__(self) -> int:
        return len(self._memory)

    def configure(self, settings: RiskSettings) -> None:
        """Go on with other settings: all that is known fades by the new half-lives, from its beginning."""
        refit = settings.half_lives != self._settings.half_lives
        self._settings = settings
        self._scoring = Scoring(settings, self._memory.get)
        self._memory.resize(settings.actors)
        for key, known in self._memory.items():
            known.sums = None
            for strand in known.strands.values() if refit else ():
                strand.refit(settings.half_lives[strand.kind])
            if known.strands:
                self._changed.add(key)
                self._dirty.add(key)

    def observe(self, signal: RiskSignal) -> None:
        """Take in a signal. Without evidence, or older than a pardon of who acted, it counts for nothing."""
        base = evidence(signal.severity, signal.confidence, signal.kind)
        time, actors = signal.time, tuple(dict.fromkeys(signal.actors[:MAX_ACTORS]))
        if base < _LEAST or not isfinite(time):
            return
        party, source = party_of(actors), source_of(actors)
        late = time <= self._last_pardon
        if late and self._pardoned(party, time):
            return
        place_pardoned = late and self._pardoned(source, time)
        narrow, wide = (signal.detector, signal.kind, party), (signal.detector, signal.kind, source)
        stage, half_life = stage_number(signal.stage), self._settings.half_lives[signal.kind]
        touch = self._memory.touch
        marks: dict[float, Mark] = {}  # by part: for most actors it is the same
        for key in actors:
            known = touch(key, time)
            part = part_of(key)
            if late and (known.pardoned >= time or (place_pardoned and not part)):
                continue
            counted = part or 1.0
            made = marks.get(counted)
            if made is None:
                made = marks[counted] = mark(signal, damped(base, counted), stage, half_life)
            known.strand(narrow if part else wide).add(made, half_life)
            known.sums = None
        if not _is_fresh(self._fresh, actors, time):
            linked = company_of(actors).linked
            for key in linked:
                if (named := self._memory.get(key)) is not None:
                    named.link(key, linked, time)
        self._dirty.update(actors)
        self._changed.update(actors)

    def seen(self, actors: tuple[str, ...], time: float) -> None:
        """Take in that an exchange of these actors passed cleanly: who belongs together, and who shares an address."""
        if _is_fresh(self._clean, actors, time):
            return
        actors = actors[:MAX_ACTORS]
        members, linked, met = company_of(actors)
        touch = self._memory.touch
        found = {key: touch(key, time) for key in members}
        for key, witness in met:
            if found[key].meet(witness, time) and found[key].strands:
                self._changed.add(key)
        for key in linked:
            if found[key].link(key, linked, time):
                self._changed.add(key)
        self._dirty.update(members)

    def score(self, key: str, now: float) -> float:
        """Return the risk of an actor, 0 to 100."""
        found = self._scoring.sum(key, now)
        return 0.0 if found is None else found.score

    def half_life(self, key: str, now: float) -> float:
        """Return the half-life in seconds with which a score falls from now on, until it has fallen noticeably."""
        score, ahead, longest = self.score(key, now), AHEAD, max(self._settings.half_lives.values())
        while ahead < longest:
            later = self.score(key, now + ahead)
            if later <= 0:
                return ahead
            if later < score * NOTICEABLE:
                return min(longest, ahead * log(2) / log(score / later))
            ahead *= 2
        return longest

    def explain(self, key: str, now: float) -> Explanation:
        """Return what a score is made of."""
        found, known = self._scoring.sum(key, now), self._memory.get(key)
        if found is None or known is None:
            return Explanation(key, 0.0, pardoned=None if known is None else pardoned(known))
        givers = {given.via: self._memory[given.via] for given in found.spread.values()}
        return Explainer(self._settings, now).explanation(key, known, found, givers)

    def pardon(self, key: str, now: float) -> set[str]:
        """Take back what was known against an actor, and what others have of it; returns whose score fell by that.

        That is all evidence of the actor itself, and the share that others have in signals of parties that it belongs
        to. An address that is pardoned leaves what people did from there with them, but its networks have no share in
        it any more. Signals from before ``now`` that arrive later count for nothing.
        """
        if self._memory.get(key) is None:
            self._memory.touch(key, now)
        theirs = self._share_of(key)
        reached = set(theirs)
        for other in theirs:
            reached.update(self._memory[other].links)
        before = {each: self.score(each, now) for each in reached}
        for other, strands in theirs.items():
            self._memory[other].drop(strands)
        known = self._memory[key]
        known.pardoned = max(known.pardoned, now)
        self._last_pardon = max(self._last_pardon, now)
        self._dirty.update(theirs)
        self._changed.update(theirs)
        return {key} | {each for each, score in before.items() if score - self.score(each, now) > _FELL}

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
            strand.sort(self._settings.half_lives[strand.kind])
        self._last_pardon = max(self._last_pardon, known.pardoned)
        self._memory.put(key, known)

    def related(self, key: str) -> tuple[str, ...]:
        """Return whose risk counts for an actor, or whether these are clean people: its links and who is behind it."""
        known = self._memory.get(key)
        return () if known is None else (*known.links, *known.people)

    def forget(self, now: float, most: int = 1000) -> int:
        """Forget who has no risk and was not seen for days, of the ``most`` longest untouched; returns how many."""
        return self._memory.forget(now, most, lambda key: self.score(key, now))

    def _pardoned(self, actors: tuple[str, ...], time: float) -> bool:
        """Tell whether one of them was pardoned for what happened at ``time``."""
        get = self._memory.get
        return any((known := get(key)) is not None and known.pardoned >= time for key in actors)

    def _share_of(self, key: str) -> dict[str, list[StrandKey]]:
        """Return who has evidence that comes from an actor, and which; the actor itself has all of its own."""
        theirs = {key: [*self._memory[key].strands]}
        for other, known in self._memory.items():
            if other != key and (found := [each for each in known.strands if key in each[2]]):
                theirs[other] = found
        return theirs


def _is_fresh(fresh: dict[tuple[str, ...], float], actors: tuple[str, ...], time: float) -> bool:
    """Tell whether these actors were taken in together just before; if not, they are from now on."""
    before = fresh.get(actors)
    if before is not None and time - before < REFRESH:
        return True
    if len(fresh) >= _MAX_FRESH:
        fresh.clear()
    fresh[actors] = time
    return False
