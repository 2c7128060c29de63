"""Pardons and decisions: what people take back, and what was done by itself."""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from bartizan.detection.decisions import Decision, decisions, undo
from bartizan.detection.pardons import Pardon, pardons
from bartizan.detection.risk import Engine
from bartizan.sentry.cases import Cases
from bartizan.sentry.publisher import Publisher
from bartizan.storage.state.interface import State

__all__ = ["MadeDecision", "MadePardon", "Undoing"]

MAX_KEPT = 10_000
LATE = 1.0  # seconds after a pardon in which an edge may not know of it yet


class MadeDecision(msgspec.Struct):
    """A decision, and the pardon that undid it, if one did."""

    decision: Decision
    undone_by: str = ""


class MadePardon(msgspec.Struct):
    """A pardon that was carried out: whose risk fell by it, and which decisions and cases it was about."""

    pardon: Pardon
    at: float
    touched: list[str] = []
    undone: list[str] = []
    cases: list[str] = []


class Undoing:
    """Follows both feeds, and carries pardons out."""

    def __init__(self, state: State, engine: Engine, cases: Cases, publisher: Publisher) -> None:
        self._state = state
        self._engine = engine
        self._cases = cases
        self._publisher = publisher
        self.pardons_read: bytes | None = None
        self.decisions_read: bytes | None = None
        self._decisions: OrderedDict[str, MadeDecision] = OrderedDict()
        self._touched: dict[str, set[str]] = {}
        """Of pardons that are being carried out."""
        self._late: list[tuple[float, str, str, set[str]]] = []
        """Pardons of this moment, until when: what edges decide before they know of one is undone, too."""
        self._changes: dict[str, dict[str, bytes]] = {"decisions": {}, "pardons": {}}

    def __len__(self) -> int:
        return len(self._decisions)

    async def look(self, now: float) -> None:
        """Read both feeds once; raises ``StateError``, and goes on from there the next time."""
        for cursor, decision in await decisions(self._state, self.decisions_read):
            if decision is not None and decision.id not in self._decisions:
                made = MadeDecision(decision)
                await self._undo_late(made, now)
                self._keep(made)
            self.decisions_read = cursor
        for cursor, given in await pardons(self._state, self.pardons_read):
            if given is not None:
                await self._carry_out(given, now)
            self.pardons_read = cursor

    def load(self, data: bytes) -> None:
        """Take in a decision of an earlier run; raises ``ValueError`` for anything else."""
        made = msgspec.msgpack.decode(data, type=MadeDecision)
        self._decisions[made.decision.id] = made

    def changes(self) -> dict[str, dict[str, bytes]]:
        """Return decisions and pardons that are new or changed since this was last called, as bytes."""
        changes, self._changes = self._changes, {"decisions": {}, "pardons": {}}
        return changes

    async def _carry_out(self, given: Pardon, now: float) -> None:
        touched = self._touched.setdefault(given.id, {given.actor})
        touched |= self._engine.pardon(given.actor, given.at)  # nobody's risk falls twice, where this is tried again
        await self._publisher.tell(touched, now)  # first, or what is undone below would be done again
        made = MadePardon(given, now, sorted(touched))
        for each in self._decisions.values():
            if not each.undone_by and touched.intersection(each.decision.actors):
                await undo(self._state, each.decision, because=given.because, now=now)
                each.undone_by = given.id
                made.undone.append(each.decision.id)
                self._keep(each)
        self._late = [each for each in self._late if each[0] > now - LATE]
        self._late.append((now + LATE, given.id, given.because, touched))
        made.cases = self._cases.pardon(given.actor, given.because)
        del self._touched[given.id]
        self._changes["pardons"][given.id] = msgspec.msgpack.encode(made)

    async def _undo_late(self, made: MadeDecision, now: float) -> None:
        for until, number, because, touched in self._late:
            if made.decision.at <= until and touched.intersection(made.decision.actors):
                await undo(self._state, made.decision, because=because, now=now)
                made.undone_by = number
                return

    def _keep(self, made: MadeDecision) -> None:
        number = made.decision.id
        self._decisions[number] = made
        self._changes["decisions"][number] = msgspec.msgpack.encode(made)
        if len(self._decisions) > MAX_KEPT:
            self._changes["decisions"][self._decisions.popitem(last=False)[0]] = b""
