"""Administration on real records and a real shared state."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bartizan.access.administration import Administration
from bartizan.access.changes import Actor, Changes
from bartizan.access.sessions.store import SessionStore
from bartizan.config.model import Access, Records, State
from bartizan.storage.records.entities import AuditEvent, Device, Principal
from bartizan.storage.records.open import open_records
from bartizan.storage.records.store import RecordStore
from bartizan.storage.state import open_state
from tests.support.records import make_credential, make_device, make_session_record
from tests.support.sessions import Clock, make_session

ROOT = Actor("cli:root")
SETTINGS = Access.model_validate(
    {"enabled": True, "origin": "https://api.example.org", "groups": [{"name": "finance"}]}
)


class Office:
    """An administration, and what it works on."""

    def __init__(self, records: RecordStore, sessions: SessionStore, clock: Clock) -> None:
        self.records = records
        self.sessions = sessions
        self.clock = clock
        self.changes = Changes(records, sessions, SETTINGS, clock)
        self.administration = Administration(records, sessions, SETTINGS, clock)

    async def enrolled(self, name: str, *groups: str) -> tuple[Principal, Device, str]:
        """Have somebody who has enrolled and is logged in; returns them, their device, and their session's token."""
        person = (await self.administration.invite(ROOT, name, groups=groups, make_groups=True)).person
        device = make_device(person)
        token, digest = await self.sessions.begin(make_session(principal=person.id, device=device.id))
        with self.records.transaction() as tx:
            tx.credentials.add(make_credential(person, "password"))
            tx.devices.add(device)
            tx.sessions.add(make_session_record(device, digest=digest))
        return person, device, token

    async def stands(self, token: str) -> bool:
        """Tell whether a session still is one."""
        return await self.sessions.find(token) is not None

    def audit(self, *actions: str) -> Sequence[AuditEvent]:
        """Return the audit trail, or what of it is about some actions."""
        with self.records.transaction(read_only=True) as tx:
            return [event for event in tx.audit.list(limit=10_000) if not actions or event.action in actions]


@asynccontextmanager
async def office(directory: Path) -> AsyncIterator[Office]:
    """Open an office."""
    clock = Clock()
    records = open_records(Records(), directory)
    state = open_state(State(), directory, clock)
    try:
        yield Office(records, SessionStore(state, clock), clock)
    finally:
        await state.close()
        records.close()
