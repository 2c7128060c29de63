"""What is open for sessions in one edge process: requests, streams and tunnels, cut when their session ends.

An end that anybody causes comes over the feed of ``SessionStore`` within ``POLL`` seconds. That a session runs out is
found here: at the time at which it would, the session is looked at again, because it may have been used meanwhile. So
is that its risk has risen so far that it has to end, although there is no new request.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from structlog.typing import FilteringBoundLogger

from bartizan.access.risk import Risk
from bartizan.access.sessions.model import Found, Session
from bartizan.access.sessions.standing import Limits
from bartizan.access.sessions.store import SessionStore
from bartizan.errors import StateError
from bartizan.pipeline import Exchange

__all__ = ["LiveSessions"]

POLL = 0.2  # seconds between two looks at the feed
SETTLE = 0.05  # seconds after its time that a session is looked at again
_PIECE = 200  # exchanges whose risk is asked for without giving way to others


@dataclass(frozen=True, slots=True)
class _Watched:
    """What is known of an exchange in flight."""

    found: Found
    limits: Limits
    risk: Risk | None


class LiveSessions:
    """Knows the exchanges in flight of every session; ``clock`` is Unix time in seconds."""

    def __init__(self, store: SessionStore, clock: Callable[[], float], log: FilteringBoundLogger) -> None:
        self._store = store
        self._clock = clock
        self._log = log
        self._open: dict[bytes, dict[Exchange, _Watched]] = {}
        self._due: list[tuple[float, bytes]] = []
        self._scheduled: dict[bytes, float] = {}
        self._cursor: bytes | None = None
        self.wanted = False
        """Whether any guard asks for sessions: nothing is read otherwise."""

    @property
    def scheduled(self) -> int:
        """How many looks at sessions are to come."""
        return len(self._due)

    def watch(self, exchange: Exchange, found: Found, limits: Limits, risk: Risk | None = None) -> None:
        """Cut ``exchange`` if its session ends before it does; ``risk`` tells if it has to."""
        known = self._open.get(found.digest)
        if known is None:
            known = self._open[found.digest] = {}
        known[exchange] = _Watched(found, limits, risk)
        self._schedule(found.digest, _runs_out(found.session, limits))
        exchange.cuttable = True
        exchange.at_end(partial(self._forget, found.digest))

    async def follow(self) -> None:
        """Cut what has to be until cancelled."""
        failing = False
        while True:
            await asyncio.sleep(POLL)
            if not self.wanted:
                continue
            try:
                await self.look()
                failing = False
            except StateError as error:
                if not failing:
                    self._log.error("ends of sessions cannot be read; requests are still checked", error=str(error))
                failing = True

    async def look(self) -> None:
        """Read the feed once, and look at sessions that may have run out, or become too risky."""
        await self._ask_for_risk()
        for cursor, ended in await self._store.ends(self._cursor):
            self._cursor = cursor
            self._cut(ended.digest, "session_ended")
        now = self._clock()
        while self._due and self._due[0][0] + SETTLE <= now:
            at, digest = heapq.heappop(self._due)
            if self._scheduled.get(digest) == at:
                del self._scheduled[digest]
                if digest in self._open:
                    await self._look_at(digest, now)

    async def _ask_for_risk(self) -> None:
        watched = [(exchange, each) for known in self._open.values() for exchange, each in known.items()]
        failed = None
        for number, (exchange, each) in enumerate(watched, 1):
            if exchange.cut_for is None and each.risk is not None:
                try:
                    await self._end_if_risky(exchange, each.found, each.risk)
                except StateError as error:
                    failed = error
            if number % _PIECE == 0:
                await asyncio.sleep(0)
        if failed is not None:
            raise failed

    @staticmethod
    async def _end_if_risky(exchange: Exchange, found: Found, risk: Risk) -> None:
        demand = risk.overdue(exchange)
        if demand is None:
            return
        try:
            if demand.what == "cut":
                risk.told(exchange, demand)
            else:
                await risk.carry_out(exchange, found, demand)
        finally:
            exchange.cut("risk")

    async def _look_at(self, digest: bytes, now: float) -> None:
        found = await self._store.by_digest(digest)
        if found is None:
            self._cut(digest, "session_ended")
            return
        times = []
        for exchange, watched in list(self._open.get(digest, {}).items()):
            at = _runs_out(found.session, watched.limits)
            if at <= now:
                exchange.cut("session_expired")
            else:
                times.append(at)
        if times:
            self._schedule(digest, min(times))

    def _schedule(self, digest: bytes, at: float) -> None:
        """Have a session looked at; once is enough, however many requests it has, and early does no harm."""
        known = self._scheduled.get(digest)
        if known is None or at < known:
            self._scheduled[digest] = at
            heapq.heappush(self._due, (at, digest))

    def _cut(self, digest: bytes, reason: str) -> None:
        for exchange in list(self._open.get(digest, ())):
            exchange.cut(reason)

    def _forget(self, digest: bytes, exchange: Exchange) -> None:
        known = self._open.get(digest)
        if known is not None:
            known.pop(exchange, None)
            if not known:
                del self._open[digest]


def _runs_out(session: Session, limits: Limits) -> float:
    """Return when a session ends if nobody uses it again."""
    return min(
        session.expires,
        session.created + limits.lifetime,
        session.seen + min(session.idle, limits.idle),
    )
