"""Brings what the sentry knows into its file, and back from there."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import asdict

from structlog.typing import FilteringBoundLogger

from bartizan.errors import SentryError
from bartizan.sentry.reading import Counts, Reading
from bartizan.sentry.store import Kept, Store
from bartizan.sentry.undoing import Undoing

__all__ = ["ACTORS", "CASES", "DECISIONS", "PARDONS", "Keeping"]

Take = Callable[[str, bytes], None]

ACTORS, CASES, DECISIONS, PARDONS = "actors", "cases", "decisions", "pardons"
"""Parts of the store, beside the shelves."""


class Keeping:
    """What could not be written is kept in memory, and written with what comes next."""

    def __init__(self, store: Store, log: FilteringBoundLogger) -> None:
        self._store = store
        self._log = log
        self._unwritten: dict[str, dict[str, bytes]] = {}
        self._failing = False
        self._kept = store.kept()
        self.source = self._kept.source or secrets.token_hex(6)
        """Names this sentry among those of other machines."""

    @property
    def unwritten(self) -> int:
        """How many items are not in the file although they should be."""
        return sum(map(len, self._unwritten.values())) if self._failing else 0

    def restore(self, reading: Reading, undoing: Undoing) -> list[str]:
        """Put back what was kept; returns all actors. What cannot be read is told and left out."""
        kept = self._store.kept()
        reading.checkpoint = dict(kept.checkpoint)
        reading.counts = Counts(**{name: kept.counts.get(name, 0) for name in asdict(Counts())})
        reading.latest = kept.latest
        undoing.pardons_read, undoing.decisions_read = kept.pardons, kept.decisions
        actors = self._load(ACTORS, reading.engine.load)
        self._load(CASES, reading.cases.load)
        reading.cases.settle()
        self._load(DECISIONS, lambda _, data: undoing.load(data))
        for name, shelf in reading.shelves.items():
            self._load(_shelf(name), shelf.load)
        return actors

    def collect(self, reading: Reading, undoing: Undoing) -> Kept:
        """Take note of what is new; returns what goes into ``write``, which has to be over before the next call."""
        changes = {CASES: reading.cases.changes(), **undoing.changes()}
        changes[ACTORS] = {key: reading.engine.dump(key) for key in reading.engine.dirty()}
        for name, shelf in reading.shelves.items():
            changes[_shelf(name)] = shelf.changes()
        for part, items in changes.items():
            self._unwritten.setdefault(part, {}).update(items)
        return Kept(
            source=self.source,
            checkpoint=dict(reading.checkpoint),
            pardons=undoing.pardons_read,
            decisions=undoing.decisions_read,
            counts=asdict(reading.counts),
            latest=reading.latest,
        )

    async def write(self, kept: Kept) -> bool:
        """Write what was collected, all of it or nothing; tells whether it is kept now."""
        if kept == self._kept and not any(self._unwritten.values()):
            return True
        try:
            await asyncio.to_thread(self._store.write, kept, self._unwritten)
        except SentryError as error:
            if not self._failing:
                remedy = "free space on the disk, or raise sentry.map_size; until then a restart reads journals again"
                self._log.error("risks are not kept, they stay in memory", error=str(error), remedy=remedy)
            self._failing = True
            for part, items in self._unwritten.items():  # who came and went meanwhile needs no space here
                self._unwritten[part] = {key: data for key, data in items.items() if data or self._store.get(part, key)}
            return False
        if self._failing:
            self._log.info("risks are kept again")
        self._failing = False
        self._kept, self._unwritten = kept, {}
        return True

    def _load(self, part: str, take: Take) -> list[str]:
        keys, unreadable = [], 0
        for key, data in self._store.items(part):
            try:
                take(key, data)
                keys.append(key)
            except (ValueError, TypeError):
                unreadable += 1
        if unreadable:
            self._log.error("what was kept cannot be read, it is left out", part=part, items=unreadable)
        return keys


def _shelf(name: str) -> str:
    return f"shelf-{name}"
