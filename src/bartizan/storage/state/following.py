"""What one process keeps of the shared state so that lookups need no I/O: filled by a scan, kept up by a feed.

A scan first, then what the feed has had since before the scan, then the feed; and a full scan now and then for what was
missed. Messages are applied in their order, so that reading some twice does no harm. A scan is done in pieces, beside
the replica in force, which goes on following the feed; what is known stays in force while the state is away.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec
from structlog.typing import FilteringBoundLogger

from bartizan.errors import StateError
from bartizan.storage.state.interface import State

__all__ = ["POLL", "Followed", "Following"]

T = TypeVar("T")

POLL = 0.2  # seconds between two looks at the feed
RESCAN = 60.0  # seconds between two full scans
_PIECE = 100  # entries or messages that are taken in without giving way to exchanges


def _nothing(_: object) -> None:
    return


def _at_once(_: object) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Followed(Generic[T]):
    """What is followed.

    ``what`` names it in the log. ``fresh`` makes an empty replica, ``take`` puts the value of an entry into one,
    ``apply`` a message of the feed. These two raise ``ValueError`` or ``msgspec.MsgspecError`` for what they cannot
    read: it is logged, and has no effect. ``settled`` is called with a replica that is up to date; ``shrink`` forgets
    some of one that is not wanted any more, and tells whether there is more. The feed is looked at every ``poll``
    seconds; ``batch`` messages are taken in without giving way to exchanges.
    """

    what: str
    prefix: bytes
    topic: bytes
    fresh: Callable[[], T]
    take: Callable[[T, bytes], None]
    apply: Callable[[T, bytes], None]
    settled: Callable[[T], None] = _nothing
    shrink: Callable[[T], bool] = _at_once
    poll: float = POLL
    batch: int = _PIECE


class Following(Generic[T]):
    """Keeps a replica up to date; ``held`` is the one in force."""

    def __init__(self, state: State, log: FilteringBoundLogger, followed: Followed[T]) -> None:
        self._state = state
        self._log = log
        self._followed = followed
        self._cursor: bytes | None = None
        self._loaded = False
        self.held = followed.fresh()

    async def load(self) -> None:
        """Fill a new replica from the shared state and put it in force; raises ``StateError``."""
        followed, cursor = self._followed, self._cursor
        fresh, taken, look_at = followed.fresh(), 0, time.monotonic() + followed.poll
        async for entry in self._state.scan(followed.prefix):
            self._try(followed.take, fresh, entry.value)
            taken += 1
            if taken % _PIECE == 0:
                await asyncio.sleep(0)
                if time.monotonic() > look_at:
                    await self.catch_up()
                    look_at = time.monotonic() + followed.poll
        self._cursor = await self._replay(fresh, cursor)
        old, self.held, self._loaded = self.held, fresh, True
        followed.settled(fresh)
        while followed.shrink(old):  # noqa: ASYNC110 - it is no waiting: what is large goes in pieces
            await asyncio.sleep(0)

    async def catch_up(self) -> None:
        """Take in what the feed has had since the last time; raises ``StateError``."""
        held = self.held
        self._cursor = await self._replay(held, self._cursor)
        self._followed.settled(held)

    async def follow(self) -> None:
        """Keep the replica up to date until cancelled."""
        failing, rescan_at = False, time.monotonic() + RESCAN if self._loaded else float("-inf")
        while True:
            await asyncio.sleep(self._followed.poll)
            try:
                if failing or time.monotonic() > rescan_at:
                    await self.load()
                    rescan_at = time.monotonic() + RESCAN
                else:
                    await self.catch_up()
                failing = False
            except Exception as error:  # noqa: BLE001 - it has to be followed on, whatever an engine raises
                if not failing:
                    self._log.error(f"{self._followed.what} cannot be read, what is known stays in force",
                                    error=str(error), exc_info=not isinstance(error, StateError))  # fmt: skip
                failing = True

    async def _replay(self, held: T, cursor: bytes | None) -> bytes | None:
        """Apply all messages after ``cursor``; returns the last one's."""
        while messages := await self._state.read(self._followed.topic, cursor, self._followed.batch):
            for message in messages:
                self._try(self._followed.apply, held, message.payload)
            cursor = messages[-1].cursor
            await asyncio.sleep(0)
        return cursor

    def _try(self, put: Callable[[T, bytes], None], held: T, data: bytes) -> None:
        try:
            put(held, data)
        except (msgspec.MsgspecError, ValueError) as error:
            self._log.error(f"one of {self._followed.what} cannot be read, it has no effect", error=str(error))
