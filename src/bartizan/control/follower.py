"""Carries into the records what others did and asked for in the shared state: ends of sessions, quarantines, pardons.

Reading a message about an end twice does no harm, so after a start all that are kept are read again. Notices are not
read again: one of two that undo each other would win that came first.
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
from bartizan.storage.records.entities import AuditEvent, SessionRecord
from bartizan.storage.records.sessions import UNDOABLE
from bartizan.storage.records.store import RecordStore, Transaction
from bartizan.storage.state.interface import State

__all__ = ["Follower"]

POLL = 0.25  # seconds between two looks at the feeds
SETTLE = 0.5  # seconds that edges are given to hear of what a pardon withdrew, or they would decide the same again
EXPIRY = 60.0  # seconds between two looks for sessions and requests that ran out by themselves
LONGEST = 86_400.0 * 3650  # seconds: no session lasts longer
_CURSOR = b"follower/notices"


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
        await self._read_ends()
        for cursor, notice in await notices(self._state, await self._state.get(_CURSOR)):
            if notice is None:
                self._log.error("a notice for control cannot be read, it has no effect")
            elif notice.what == "quarantine":
                await self._quarantine(notice)
            elif 0.0 <= self._clock() - notice.at < SETTLE:
                break  # next time
            else:
                await self._read_ends()
                await self._undo(notice)
            await self._state.put(_CURSOR, cursor)
        now = self._clock()
        if now - self._expired >= EXPIRY:
            self._expired = now
            await asyncio.to_thread(self._expire, now)

    async def _read_ends(self) -> None:
        """Record the ends of sessions, but for those that have been undone since."""
        ends = await self._sessions.ends(self._ends)
        over = [
            ended
            for _, ended in ends
            if ended.reason not in UNDOABLE or await self._sessions.by_digest(ended.digest) is None
        ]
        if over:
            await asyncio.to_thread(self._record, over)
        if ends:
            self._ends = ends[-1][0]

    def _record(self, ends: Sequence[SessionEnded]) -> None:
        now = self._clock()
        with self._records.transaction() as tx:
            for ended in ends:
                tx.sessions.end(ended.digest, now, ended.reason)

    def _expire(self, now: float) -> None:
        with self._records.transaction() as tx:
            tx.sessions.expire(now - self._lifetime, now)
            tx.approvals.expire(now)

    async def _quarantine(self, notice: Notice) -> None:
        """Quarantine a device, and revoke what sessions it has besides."""
        for digest in await asyncio.to_thread(self._record_quarantine, notice):
            await self._sessions.revoke(digest, "risk_quarantine")

    def _record_quarantine(self, notice: Notice) -> list[bytes]:
        with self._records.transaction() as tx:
            if tx.devices.set_status(notice.device, "quarantined"):
                self._note(tx, "device.quarantined", notice.device, notice)
            return [session.digest for session in tx.sessions.live(device=notice.device)]

    async def _undo(self, notice: Notice) -> None:
        """Trust a device again, or let a session go on: whatever nobody else wants to have ended."""
        for session in await asyncio.to_thread(self._undoable, notice):
            if await self._sessions.restore(session.digest) is not None and not await asyncio.to_thread(
                self._record_restored, session, notice
            ):
                await self._sessions.end(session.digest, "revoked")  # somebody ended it for good at this moment

    def _undoable(self, notice: Notice) -> list[SessionRecord]:
        """Release the device if it is about one; returns the sessions that may go on."""
        with self._records.transaction() as tx:
            if notice.what == "release":
                if not self._is_ours(tx, notice.device):
                    return []
                if tx.devices.set_status(notice.device, "trusted"):
                    self._note(tx, "device.trusted", notice.device, notice)
                found = [each for each in tx.sessions.undoable(notice.device) if each.end_reason == "risk_quarantine"]
            else:
                session = tx.sessions.get(notice.session)
                found = [] if session is None or session.digest != notice.digest else [session]
            return [session for session in found if _may_go_on(tx, session)]

    @staticmethod
    def _is_ours(tx: Transaction, device: str) -> bool:
        """Tell whether it was not a person who had the device quarantined."""
        said = [each for each in tx.audit.latest(target=device) if each.action.startswith("device.")]
        return bool(said) and (said[-1].action, said[-1].actor) == ("device.quarantined", "system")

    def _record_restored(self, session: SessionRecord, notice: Notice) -> bool:
        with self._records.transaction() as tx:
            if not tx.sessions.reinstate(session.id):
                return False
            self._note(tx, "session.reinstated", session.id, notice)
            return True

    def _note(self, tx: Transaction, action: str, target: str, notice: Notice) -> None:
        details = {"reason": notice.reason, "session": notice.session}
        tx.audit.add(AuditEvent(time=self._clock(), actor="system", action=action, target=target, details=details))


def _may_go_on(tx: Transaction, session: SessionRecord) -> bool:
    person, device = tx.people.get(session.principal), tx.devices.get(session.device)
    return (
        session.end_reason in UNDOABLE
        and person is not None
        and person.active
        and device is not None
        and device.status == "trusted"
    )
