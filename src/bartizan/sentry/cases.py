"""Cases: one for each actor, decoy and place where it was planted, however often it is touched."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import cast

import msgspec

from bartizan.detection.catalogue import accused
from bartizan.evidence.journal import DetectionFinding
from bartizan.pipeline import Actor
from bartizan.pipeline.actor import ActorKind

__all__ = ["Case", "Cases"]

MAX_CASES = 10_000
MAX_NOTED = 16
MAX_TEXT = 200  # characters
DECEPTION = frozenset(("decoy.touched", "decoy.login", "honeytoken.used", "canary.touched"))
"""Signals that are a case by themselves: no honest client makes them."""
_FIRST = ("principal", "session", "device", "address", "credential")
"""Kinds of actors, whoever names somebody best first."""


class Case(msgspec.Struct):
    """One attack, as far as decoys tell of it. Times are Unix seconds; ``signals`` are uids of the first findings."""

    id: str
    actor: str
    signal: str
    decoy: str
    place: str
    opened: float
    last: float
    count: int = 0
    severity: int = 0
    actors: list[str] = []
    signals: list[str] = []
    pardoned: str = ""
    """Why the actor was pardoned, if it was."""


class Cases:
    """All cases, at most ``maximum``; the one that has been quiet for longest goes first."""

    def __init__(self, maximum: int = MAX_CASES) -> None:
        self._cases: OrderedDict[str, Case] = OrderedDict()
        self._maximum = maximum
        self._dirty: set[str] = set()

    def __len__(self) -> int:
        return len(self._cases)

    def take(self, record: DetectionFinding) -> Case | None:
        """Note a finding in its case; returns the case if it was opened by it."""
        title = record.finding_info.title
        if title not in DECEPTION or record.risk_score <= 0:
            return None
        named = [Actor(cast("ActorKind", each.name), each.value) for each in record.observables]
        keys = accused(title, named)
        if not keys:
            return None
        data = record.evidences[0].data if record.evidences else {}
        decoy, place = (str(data.get(name, ""))[:MAX_TEXT] for name in ("decoy", "place"))
        actor = _main(keys)
        number = _id(actor, title, decoy, place)
        time = record.time / 1000
        case, opened = self._cases.get(number), None
        if case is None:
            case = opened = Case(number, actor, title, decoy, place, time, time)
            self._cases[number] = case
            if len(self._cases) > self._maximum:
                self._dirty.add(self._cases.popitem(last=False)[0])
        self._cases.move_to_end(number)
        case.count += 1
        case.opened, case.last = min(case.opened, time), max(case.last, time)
        case.severity = max(case.severity, record.risk_score)
        case.actors = list(dict.fromkeys((*case.actors, *keys)))[:MAX_NOTED]
        if len(case.signals) < MAX_NOTED:
            case.signals.append(record.metadata.uid)
        self._dirty.add(number)
        return opened

    def pardon(self, actor: str, because: str) -> list[str]:
        """Note that an actor was pardoned in the cases that name it; returns their ids."""
        found = [case for case in self._cases.values() if actor in case.actors]
        for case in found:
            case.pardoned = because
            self._dirty.add(case.id)
        return [case.id for case in found]

    def changes(self) -> dict[str, bytes]:
        """Return what has changed since this was last called, as bytes; empty for what has gone."""
        dirty, self._dirty = self._dirty, set()
        encode = msgspec.msgpack.encode
        return {key: encode(case) if (case := self._cases.get(key)) is not None else b"" for key in dirty}

    def load(self, key: str, data: bytes) -> None:
        """Take in what ``changes`` returned; raises ``ValueError`` for anything else."""
        self._cases[key] = msgspec.msgpack.decode(data, type=Case)

    def settle(self) -> None:
        """Bring cases into the order in which they were last heard of, once all are loaded."""
        self._cases = OrderedDict(sorted(self._cases.items(), key=lambda item: item[1].last))


def _main(keys: tuple[str, ...]) -> str:
    by_kind = {key.partition(":")[0]: key for key in reversed(keys)}
    return next((by_kind[kind] for kind in _FIRST if kind in by_kind), keys[0])


def _id(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:12]
