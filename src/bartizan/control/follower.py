"""Carries into the records what edge processes did and asked for in the shared state: ends of sessions, quarantines.

Reading a message twice does no harm, so after a start everything that is kept is read again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from structlog.typing import FilteringBoundLogger

from bartizan.access.notices import Notice, notices
from bartizan.access.sessions.model import SessionEnded
from bartizan.access.sessions.store import SessionStore
from bartizan.errors import RecordsError, StateError
from bartizan.storage.records.entities import AuditEvent
from bartizan.storage.records.store import RecordStore
from bartizan.storage.state.interface import State

__all__ = ["Follower"]

POLL = 0.25  # seconds between two looks at the feeds
EXPIRY = 60.0  # seconds between two looks for sessions and requests that ran out by themselves
LONGEST = 86_400.0 * 3650  # seconds: no session lasts longer


class Follower:
    """Follows the feeds ``sessions`` and ``access``; ``lifetime`` is that of the longest session, in seconds."""

    def __init__(
        self,
        state: State,
        records: RecordStore,
        clock: Callable[[], float] = time.time,
        *,
        log: FilteringBoundLogger,
        lifetime: float = LONGEST,
    ) -> None:
        self._state = state
        self._records = records
        self._sessions = SessionStore(state, clock)
        self._clock = clock
        self._log = log
        self._lifetime = lifetime
        self._ends: bytes | None = None
        self._notices: bytes | None = None
        self._expired = 0.0

    async def run(self) -> None:
        """Follow until cancelled; what fails is tried again."""
        failing = False
        while True:
            await asyncio.sleep(POLL)
            try:
                await self.look()
                failing = False
            except (StateError, RecordsError) as error:
                if not failing:
                    self._log.error("ends of sessions are not recorded yet", error=str(error))
                failing = True

    async def look(self) -> None:
        """Read both feeds once."""
        if ends := await self._sessions.ends(self._ends):
            await asyncio.to_thread(self._record, [ended for _, ended in ends])
            self._ends = ends[-1][0]
        for cursor, notice in await notices(self._state, self._notices):
            if notice is None:
                self._log.error("a notice for control cannot be read, it has no effect")
            else:
                await self._carry_out(notice)
            self._notices = cursor
        now = self._clock()
        if now - self._expired >= EXPIRY:
            self._expired = now
            await asyncio.to_thread(self._expire, now)

    def _record(self, ends: Sequence[SessionEnded]) -> None:
        now = self._clock()
        with self._records.transaction() as tx:
            for ended in ends:
                tx.sessions.end(ended.digest, now, ended.reason)

    def _expire(self, now: float) -> None:
        with self._records.transaction() as tx:
            tx.sessions.expire(now - self._lifetime, now)
            tx.approvals.expire(now)

    async def _carry_out(self, notice: Notice) -> None:
        """Quarantine a device, and end what sessions it has besides."""
        for digest in await asyncio.to_thread(self._quarantine, notice):
            await self._sessions.end(digest, "device_quarantined")

    def _quarantine(self, notice: Notice) -> list[bytes]:
        with self._records.transaction() as tx:
            if tx.devices.set_status(notice.device, "quarantined"):
                tx.audit.add(
                    AuditEvent(
                        time=self._clock(),
                        actor="system",
                        action="device.quarantined",
                        target=notice.device,
                        details={"reason": notice.reason, "session": notice.session},
                    )
                )
            return [session.digest for session in tx.sessions.live(device=notice.device)]
