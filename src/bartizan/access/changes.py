"""Changes of people as they are written: with their lines in the audit trail, and with what follows for sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple, TypeVar

from bartizan.access.forms import normalised_group
from bartizan.access.sessions.store import SessionStore
from bartizan.config.model import Access
from bartizan.errors import AccessError, RecordNotFound
from bartizan.storage.records.entities import AuditEvent, Group, Principal, SessionRecord, new_id
from bartizan.storage.records.store import RecordStore, Transaction

__all__ = ["Actor", "Changes"]

T = TypeVar("T")
_FIELDS = ("name", "display_name", "email", "external_id")


class Actor(NamedTuple):
    """Who does it: ``cli:USER`` or a principal's id; from which address, if from any."""

    id: str
    address: str = ""


class Changes:
    """See the module. Methods with a ``tx`` are steps of a transaction; the others have their own, in a thread."""

    def __init__(
        self, records: RecordStore, sessions: SessionStore, settings: Access, clock: Callable[[], float]
    ) -> None:
        self._records = records
        self._sessions = sessions
        self._settings = settings
        self._clock = clock

    def add(self, tx: Transaction, actor: Actor, person: Principal) -> None:
        """Add a person. Raises ``RecordConflict`` and ``RecordNotFound``."""
        tx.people.add(person)
        self.note(tx, actor, "principal.created", person.id, name=person.name, groups=", ".join(person.groups))

    def person(self, tx: Transaction, actor: Actor, before: Principal, after: Principal) -> Principal:
        """Write what has changed of a person, each kind of change with its line in the audit trail.

        With somebody who is disabled their invitations end; the caller ends their sessions.
        """
        if before == after:
            return after
        tx.people.update(after)
        if not after.active:
            tx.invitations.void(after.id, self._clock())
        if before.active != after.active:
            self.note(tx, actor, f"principal.{'enabled' if after.active else 'disabled'}", after.id, name=after.name)
        if before.groups != after.groups:
            added, removed = set(after.groups) - set(before.groups), set(before.groups) - set(after.groups)
            changes = {"added": ", ".join(sorted(added)), "removed": ", ".join(sorted(removed))}
            self.note(tx, actor, "principal.groups", after.id, name=after.name, **changes)
        changed = [field for field in _FIELDS if getattr(before, field) != getattr(after, field)]
        if changed:
            self.note(tx, actor, "principal.changed", after.id, name=after.name, fields=", ".join(changed))
        return after

    def groups(self, tx: Transaction, actor: Actor, names: Collection[str], *, make: bool) -> list[str]:
        """Return the names of groups as they are kept.

        One that does not exist is made if the configuration names it, or with ``make``. Otherwise raises
        ``RecordNotFound``; and ``AccessError`` for what can be no name.
        """
        known = {group.name for group in tx.people.groups()}
        configured = {self._settings.administrators, *(rules.name for rules in self._settings.groups)}
        wanted = []
        for given in names:
            name = normalised_group(given)
            if not name:
                raise AccessError("bad_name", f"{given[:64]!r} cannot be the name of a group.")
            if name not in known:
                if not make and name not in configured:
                    raise RecordNotFound(f"there is no group {name!r}")
                tx.people.add_group(Group(id=new_id(), name=name, created=self._clock()))
                self.note(tx, actor, "group.created", name)
                known.add(name)
            wanted.append(name)
        return wanted

    def note(self, tx: Transaction, actor: Actor, action: str, target: str, **details: str) -> None:
        """Add a line to the audit trail; details that are empty are left out."""
        tx.audit.add(
            AuditEvent(
                time=self._clock(),
                actor=actor.id,
                action=action,
                target=target,
                address=actor.address,
                details={name: text for name, text in details.items() if text},
            )
        )

    async def end_all(
        self, actor: Actor, reason: str, *, principal: str | None = None, device: str | None = None
    ) -> int:
        """End all sessions of a person, or of a device; returns how many there were. ``reason`` is a stable word."""
        ended = await self.end(actor, reason, await self.read(lambda tx: tx.sessions.live(principal, device)))
        await self.write(lambda tx: tx.sessions.supersede(reason, principal=principal, device=device))
        return ended

    async def end(self, actor: Actor, reason: str, sessions: Sequence[SessionRecord]) -> int:
        """End sessions on every edge process, then in the history; returns how many there were."""
        ended = [session for session in sessions if await self._sessions.end(session.digest, reason)]
        now = self._clock()

        def write(tx: Transaction) -> None:
            for session in sessions:
                tx.sessions.end(session.digest, now, reason)
                tx.sessions.supersede(reason, session=session.id)
            for session in ended:
                self.note(tx, actor, "session.ended", session.id, principal=session.principal, reason=reason)

        if sessions:
            await self.write(write)
        return len(ended)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Do something in a transaction; raises what ``work`` does."""
        return await asyncio.to_thread(self._in_transaction, work, read_only=False)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Read from the records."""
        return await asyncio.to_thread(self._in_transaction, work, read_only=True)

    def _in_transaction(self, work: Callable[[Transaction], T], *, read_only: bool) -> T:
        with self._records.transaction(read_only=read_only) as tx:
            return work(tx)
