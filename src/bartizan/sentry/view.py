"""What the sentry knows, for who only looks: its file is read while it writes, half a second behind at the most."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import msgspec

from bartizan.detection.risk import Engine, Explanation, RiskSettings
from bartizan.errors import SentryError
from bartizan.sentry.cases import Case
from bartizan.sentry.keeping import ACTORS, CASES, DECISIONS, PARDONS
from bartizan.sentry.store import Store
from bartizan.sentry.tail import segment_sizes
from bartizan.sentry.undoing import MadeDecision, MadePardon

__all__ = ["Progress", "View", "is_running"]

T = TypeVar("T")
LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the sentry is: ``counts`` since the beginning, ``latest`` when the youngest exchange read began."""

    running: bool
    counts: dict[str, int]
    latest: float
    behind_bytes: int
    segments: int


class View:
    """Reads what is kept for a storage directory; raises ``SentryError`` if nothing is. A context manager."""

    def __init__(self, directory: Path) -> None:
        if not (directory / "sentry" / "data.mdb").exists():
            raise SentryError("the sentry has kept nothing yet: set sentry.enabled: true, and run `bartizan up`")
        self._directory = directory
        self._store = Store(directory, read_only=True)

    def __enter__(self) -> View:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._store.close()

    def explain(self, key: str, settings: RiskSettings, now: float) -> Explanation:
        """Return why an actor has its score at ``now``, in Unix seconds. Only what it takes is read."""
        engine = Engine(settings)
        read: set[str] = set()
        new = {key}
        for _ in range(3):  # the actor, whose risk counts for it, and who makes these shared
            for each in new:
                self._load(engine, each)
            read |= new
            new = {other for each in new for other in engine.related(each)} - read
        return engine.explain(key, now)

    def cases(self, actor: str | None = None) -> list[Case]:
        """Return all cases, or those that name an actor; the last one first."""
        found = [case for case in self._all(CASES, Case) if actor is None or actor in case.actors]
        return sorted(found, key=lambda case: case.last, reverse=True)

    def decisions(self, actor: str) -> list[MadeDecision]:
        """Return the decisions that name an actor, the last one first."""
        found = [made for made in self._all(DECISIONS, MadeDecision) if actor in made.decision.actors]
        return sorted(found, key=lambda made: made.decision.at, reverse=True)

    def pardons(self, actor: str) -> list[MadePardon]:
        """Return the pardons of an actor and those that it gained by, the last one first."""
        found = [made for made in self._all(PARDONS, MadePardon) if actor in made.touched]
        return sorted(found, key=lambda made: made.at, reverse=True)

    def pardon(self, number: str) -> MadePardon | None:
        """Return a pardon if it was carried out."""
        data = self._store.get(PARDONS, number)
        return None if data is None else msgspec.msgpack.decode(data, type=MadePardon)

    def progress(self) -> Progress:
        """Return how far the sentry is."""
        kept, sizes = self._store.kept(), segment_sizes(self._directory / "journal")
        behind = sum(max(0, size - kept.checkpoint.get(name, 0)) for name, size in sizes.items())
        return Progress(is_running(self._directory), kept.counts, kept.latest, behind, len(sizes))

    def _load(self, engine: Engine, key: str) -> None:
        data = self._store.get(ACTORS, key)
        if data is not None:
            try:
                engine.load(key, data)
            except ValueError as error:
                raise SentryError(f"what is kept of {key} cannot be read: {error}") from None

    def _all(self, part: str, kind: type[T]) -> list[T]:
        decode, found = msgspec.msgpack.Decoder(kind).decode, []
        for _, data in self._store.items(part):
            try:
                found.append(decode(data))
            except msgspec.MsgspecError as error:
                raise SentryError(f"one of the {part} cannot be read: {error}") from None
        return found


def is_running(directory: Path) -> bool:
    """Tell whether a sentry is at work on a storage directory."""
    try:
        fd = os.open(directory / "sentry" / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False
