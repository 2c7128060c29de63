"""What the sentry knows, for who only looks: its file is read while it writes, half a second behind at the most."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import msgspec

from bartizan.config.model import Config
from bartizan.detection.risk import Engine, RiskSettings
from bartizan.errors import JournalCorrupt, SentryError
from bartizan.evidence.journal import SegmentReader
from bartizan.process.locked import is_locked
from bartizan.sentry.cases import Case
from bartizan.sentry.keeping import ACTORS, CASES, DECISIONS, PARDONS
from bartizan.sentry.store import Store
from bartizan.sentry.tail import segment_sizes
from bartizan.sentry.undoing import MadeDecision, MadePardon

__all__ = ["Progress", "View", "is_kept", "is_running"]

T = TypeVar("T")
LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the sentry is: ``counts`` since the beginning, ``latest`` when the youngest exchange read began.

    ``behind_seconds`` is how long ago the oldest exchange began that was not read.
    """

    running: bool
    counts: dict[str, int]
    latest: float
    behind_bytes: int
    behind_seconds: float
    segments: int
    actors: int
    cases: int


class View:
    """Reads what is kept for a storage directory; raises ``SentryError`` if nothing is. A context manager.

    ``map_size`` is the upper bound of the file in bytes, as the sentry has it: the file may grow while it is read.
    """

    def __init__(self, directory: Path, map_size: int = 2**30) -> None:
        if not is_kept(directory):
            raise SentryError("the sentry has kept nothing yet: set sentry.enabled: true, and run `bartizan up`")
        self._directory = directory
        self._store = Store(directory, map_size, read_only=True)

    @classmethod
    def of(cls, config: Config) -> View:
        """Return a view of what the sentry of a configuration keeps."""
        return cls(Path(config.storage.directory), config.sentry.map_size)

    def __enter__(self) -> View:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._store.close()

    @property
    def source(self) -> str:
        """What names the sentry in what it tells."""
        return self._store.kept().source

    def around(self, key: str, settings: RiskSettings) -> Engine:
        """Return an engine that knows an actor and whatever counts for its score, and nothing else."""
        engine = Engine(settings)
        read: set[str] = set()
        new = {key}
        for _ in range(3):  # the actor, whose risk counts for it, and who makes these shared
            for each in new:
                self._load(engine, each)
            read |= new
            new = {other for each in new for other in engine.related(each)} - read
        return engine

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
        return self._one(PARDONS, number, MadePardon)

    def decision(self, number: str) -> MadeDecision | None:
        """Return a decision if it is still remembered."""
        return self._one(DECISIONS, number, MadeDecision)

    def progress(self, now: float) -> Progress:
        """Return how far the sentry is at ``now``, in Unix seconds."""
        kept, journal = self._store.kept(), self._directory / "journal"
        sizes, behind, oldest = segment_sizes(journal), 0, now
        for name, size in sizes.items():
            read = kept.checkpoint.get(name, 0)
            began = None if size <= read else _next(journal / name, read)
            if began is not None:  # not only the head of a segment
                behind += size - read
                oldest = min(oldest, began)
        return Progress(
            running=is_running(self._directory),
            counts=kept.counts,
            latest=kept.latest,
            behind_bytes=behind,
            behind_seconds=now - oldest,
            segments=len(sizes),
            actors=sum(1 for _ in self._store.items(ACTORS)),
            cases=sum(1 for _ in self._store.items(CASES)),
        )

    def _load(self, engine: Engine, key: str) -> None:
        data = self._store.get(ACTORS, key)
        if data is not None:
            try:
                engine.load(key, data)
            except ValueError as error:
                raise SentryError(f"what is kept of {key} cannot be read: {error}") from None

    def _one(self, part: str, key: str, kind: type[T]) -> T | None:
        data = self._store.get(part, key)
        try:
            return None if data is None else msgspec.msgpack.decode(data, type=kind)
        except msgspec.MsgspecError as error:
            raise SentryError(f"one of the {part} cannot be read: {error}") from None

    def _all(self, part: str, kind: type[T]) -> list[T]:
        decode, found = msgspec.msgpack.Decoder(kind).decode, []
        for _, data in self._store.items(part):
            try:
                found.append(decode(data))
            except msgspec.MsgspecError as error:
                raise SentryError(f"one of the {part} cannot be read: {error}") from None
        return found


def is_kept(directory: Path) -> bool:
    """Tell whether a sentry has ever kept anything below a storage directory."""
    return (directory / "sentry" / "data.mdb").exists()


def is_running(directory: Path) -> bool:
    """Tell whether a sentry is at work on a storage directory."""
    try:
        return is_locked(directory / "sentry" / LOCK)
    except OSError:
        return False


def _next(segment: Path, offset: int) -> float | None:
    """Return when the exchange of the first record behind an offset began, in Unix seconds; None if there is none."""
    try:
        entry = next(SegmentReader(segment, offset).read(), None)
    except (JournalCorrupt, OSError):
        return None  # the sentry passes it over, too
    return None if entry is None else entry.record.time / 1000
