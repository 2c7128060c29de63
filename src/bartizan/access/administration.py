"""What administrators do to people, their devices and sessions: the same from the command line and from the API.

Every change is written to the records with its line in the audit trail, in one transaction. What follows in the shared
state, the end of sessions, comes after that: nobody can log in again in between, because the records say so already.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection, Sequence
from typing import Literal

import msgspec

from bartizan.access.approvals import Approvals, Asked
from bartizan.access.changes import Actor, Changes
from bartizan.access.forms import MAX_TEXT, is_email, is_line
from bartizan.access.names import normalised_name
from bartizan.access.sessions.store import SessionStore
from bartizan.config.model import Access
from bartizan.errors import AccessError, RecordConflict, RecordNotFound
from bartizan.storage.records.entities import (
    Approval,
    Credential,
    Device,
    DeviceStatus,
    Invitation,
    Principal,
    SessionRecord,
    new_id,
)
from bartizan.storage.records.store import RecordStore, Transaction

__all__ = ["Administration", "Invited", "Overview"]

HISTORY = 20  # sessions that are shown of a person


class Invited(msgspec.Struct, frozen=True):
    """An invitation. ``link`` holds its token, which is nowhere else: it is shown once. ``expires``: Unix seconds."""

    person: Principal
    link: str
    expires: float


class Overview(msgspec.Struct, frozen=True):
    """A person with all that is theirs. Credentials that are revoked are not among it."""

    person: Principal
    credentials: Sequence[Credential]
    devices: Sequence[Device]
    sessions: Sequence[SessionRecord]
    """The last ones, the newest first."""
    invitations: Sequence[Invitation]
    """Those that can still be used."""
    approvals: Sequence[Approval]
    """Those that wait."""


class Administration:
    """See the module. ``clock`` is Unix time in seconds.

    Every method raises ``RecordNotFound`` for what does not exist, ``RecordsError`` and ``StateError``.
    """

    def __init__(
        self, records: RecordStore, sessions: SessionStore, settings: Access, clock: Callable[[], float]
    ) -> None:
        self._changes = Changes(records, sessions, settings, clock)
        self._settings = settings
        self._clock = clock
        self._approvals = Approvals(settings, clock)

    async def find(self, name: str) -> Principal:
        """Return the person with a name, as somebody typed it, or with an id."""
        return await self._changes.read(
            lambda tx: _known(tx.people.find(normalised_name(name)) or tx.people.get(name), name)
        )

    async def overview(self, principal: str) -> Overview:
        """Return a person, by id, with all that is theirs."""
        now = self._clock()

        def look(tx: Transaction) -> Overview:
            return Overview(
                person=_known(tx.people.get(principal)),
                credentials=tx.credentials.of(principal),
                devices=tx.devices.of(principal),
                sessions=tx.sessions.history(principal, HISTORY),
                invitations=[each for each in tx.invitations.of(principal) if each.used is None and each.expires > now],
                approvals=tx.approvals.pending(principal, now=now),
            )

        return await self._changes.read(look)

    async def invite(
        self,
        actor: Actor,
        name: str,
        *,
        display_name: str | None = None,
        email: str | None = None,
        groups: Collection[str] = (),
        make_groups: bool = False,
    ) -> Invited:
        """Invite somebody to enrol: made if there is nobody of that name yet. Earlier invitations of theirs end.

        Raises ``AccessError`` for a name that cannot be one, and ``RecordConflict`` for somebody who has enrolled: a
        second link would be a way around the dual control of ``ask_reset``.
        """
        login = normalised_name(name)
        if not login:
            raise AccessError("bad_name", "A name has 1 to 128 characters that can be seen.")
        _check_line(display_name or "")
        if email and not is_email(email):
            raise AccessError("bad_email", "That is no address for mail: write name@example.org.")
        token, now = secrets.token_urlsafe(32), self._clock()

        def write(tx: Transaction) -> Invited:
            person = tx.people.find(login)
            if person is None:
                person = Principal(
                    id=new_id(),
                    name=login,
                    display_name=display_name or name.strip(),
                    created=now,
                    email=email,
                    user_handle=secrets.token_bytes(32),
                )
                self._changes.add(tx, actor, person)
            elif not person.active:
                raise RecordConflict(f"{login} is disabled: enable them first")
            elif tx.credentials.of(person.id, revoked=True):
                raise RecordConflict(f"{login} has enrolled already: ask for a reset if they cannot log in any more")
            wanted = self._changes.groups(tx, actor, groups, make=make_groups)
            after = msgspec.structs.replace(
                person,
                display_name=display_name or person.display_name,
                email=email or person.email,
                groups=tuple(sorted({*person.groups, *wanted})),
            )
            self._changes.person(tx, actor, person, after)
            return self._invitation(tx, actor, after, token, "enrol")

        return await self._changes.write(write)

    async def disable(self, actor: Actor, principal: str) -> int:
        """Let a person in no more: their sessions and invitations end. Returns how many sessions ended."""

        def write(tx: Transaction) -> None:
            person = _known(tx.people.get(principal))
            self._changes.person(tx, actor, person, msgspec.structs.replace(person, active=False))

        await self._changes.write(write)
        return await self._changes.end_all(actor, "disabled", principal=principal)

    async def enable(self, actor: Actor, principal: str) -> Principal:
        """Let a person in again."""

        def write(tx: Transaction) -> Principal:
            person = _known(tx.people.get(principal))
            return self._changes.person(tx, actor, person, msgspec.structs.replace(person, active=True))

        return await self._changes.write(write)

    async def change_groups(
        self,
        actor: Actor,
        principal: str,
        *,
        add: Collection[str] = (),
        remove: Collection[str] = (),
        make_groups: bool = False,
    ) -> Principal:
        """Put a person into groups and take them out of others. Their sessions end if that changes anything.

        A session knows the groups of its person, and was begun with the factors that those asked for. Raises
        ``RecordNotFound`` for a group that does not exist, unless ``make_groups`` makes it.
        """

        def write(tx: Transaction) -> tuple[Principal, bool]:
            person = _known(tx.people.get(principal))
            wanted = {*person.groups, *self._changes.groups(tx, actor, add, make=make_groups)} - set(remove)
            after = msgspec.structs.replace(person, groups=tuple(sorted(wanted)))
            return self._changes.person(tx, actor, person, after), after.groups != person.groups

        person, changed = await self._changes.write(write)
        if changed:
            await self._changes.end_all(actor, "groups_changed", principal=principal)
        return person

    async def remove(self, actor: Actor, principal: str) -> None:
        """Remove a person with all that is theirs; the audit trail stays."""
        await self.disable(actor, principal)

        def write(tx: Transaction) -> None:
            person = _known(tx.people.get(principal))
            self._changes.note(tx, actor, "principal.removed", principal, name=person.name)
            tx.people.remove(principal)

        await self._changes.write(write)

    async def revoke_sessions(self, actor: Actor, principal: str) -> int:
        """End all sessions of a person; returns how many."""
        await self._changes.read(lambda tx: _known(tx.people.get(principal)))
        return await self._changes.end_all(actor, "revoked", principal=principal)

    async def revoke_session(self, actor: Actor, session: str) -> None:
        """End one session, by id."""
        record = await self._changes.read(lambda tx: tx.sessions.get(session))
        if record is None:
            raise RecordNotFound("there is no such session")
        await self._changes.end(actor, "revoked", [record])

    async def set_device(self, actor: Actor, device: str, status: DeviceStatus) -> Device:
        """Quarantine a device, revoke it for good, or trust it again after a quarantine.

        Its sessions end, unless it is trusted. Raises ``RecordConflict`` for one that is revoked.
        """

        def write(tx: Transaction) -> Device:
            found = tx.devices.get(device)
            if found is None:
                raise RecordNotFound("there is no such device")
            if found.status == "revoked" and status != "revoked":
                raise RecordConflict("this device is revoked for good: its person has to enrol it anew")
            if tx.devices.set_status(device, status):
                self._changes.note(tx, actor, f"device.{status}", device, principal=found.principal)
            return msgspec.structs.replace(found, status=status)

        found = await self._changes.write(write)
        if status != "trusted":
            await self._changes.end_all(actor, f"device_{status}", device=device)
        return found

    async def revoke_devices(self, actor: Actor, principal: str) -> int:
        """Revoke all devices of a person for good; returns how many. They need a reset to get in again."""
        overview = await self.overview(principal)
        devices = [device for device in overview.devices if device.status != "revoked"]
        for device in devices:
            await self.set_device(actor, device.id, "revoked")
        return len(devices)

    async def revoke_credential(self, actor: Actor, credential: str) -> Credential:
        """Revoke a credential; all sessions of its person end, because any may have been begun with it."""

        def write(tx: Transaction) -> Credential:
            found = tx.credentials.get(credential)
            if found is None:
                raise RecordNotFound("there is no such credential")
            if tx.credentials.revoke(credential, self._clock()):
                self._changes.note(
                    tx, actor, "credential.revoked", credential, principal=found.principal, kind=found.kind
                )
            return found

        found = await self._changes.write(write)
        await self._changes.end_all(actor, "credential_revoked", principal=found.principal)
        return found

    async def ask_reset(self, actor: Actor, principal: str, because: str) -> Asked:
        """Ask for a new link for somebody who has enrolled and cannot log in any more. Another administrator agrees.

        Then ``finish_reset``. Raises ``AccessError`` for the own account and for a reason that is none.
        """
        _check_line(because)
        if not because.strip():
            raise AccessError("bad_reason", "Say why: whoever has to agree is shown it.")

        def write(tx: Transaction) -> Asked:
            person = _known(tx.people.get(principal))
            context = {"name": person.name, "requested_by": actor.id, "because": because}
            asked = self._approvals.ask_reset(tx, principal, actor.id, context=context)
            self._changes.note(tx, actor, "reset.asked", principal, approval=asked.id, because=because)
            return asked

        return await self._changes.write(write)

    async def finish_reset(self, actor: Actor, approval: str, principal: str | None = None) -> Invited:
        """Return the link of a reset that another administrator has agreed to, once, to whoever asked for it.

        ``principal``: whose it has to be, where that is said too.

        What the person had is replaced when they use the link; until then it is as it was. Raises ``AccessError``.
        """
        token = secrets.token_urlsafe(32)

        def write(tx: Transaction) -> Invited:
            used = self._approvals.use(tx, approval, actor.id)
            person = _known(tx.people.get(used.principal))
            if used.kind != "reset" or not person.active or principal not in (None, person.id):
                raise AccessError("approval_gone", "This is no reset, or its person is disabled or somebody else.")
            return self._invitation(tx, actor, person, token, "reset")

        return await self._changes.write(write)

    def _invitation(
        self, tx: Transaction, actor: Actor, person: Principal, token: str, purpose: Literal["enrol", "reset"]
    ) -> Invited:
        """Make the one invitation that a person has; ``token`` is in the link, of which only the digest is kept."""
        if self._settings.origin is None:
            raise AccessError("no_origin", "There is no address for a link: set access.origin.")
        now = self._clock()
        expires = now + self._settings.devices.invitation_lifetime
        tx.invitations.void(person.id, now)
        tx.invitations.add(
            Invitation(
                id=new_id(),
                digest=hashlib.sha256(token.encode()).digest(),
                principal=person.id,
                created=now,
                expires=expires,
                created_by=actor.id,
                purpose=purpose,
            )
        )
        self._changes.note(tx, actor, "principal.invited", person.id, name=person.name, purpose=purpose)
        return Invited(person, f"{self._settings.origin}/.bartizan/enrol#{token}", expires)


def _known(person: Principal | None, name: str = "") -> Principal:
    if person is None:
        raise RecordNotFound(f"there is nobody called {name[:64]!r}" if name else "there is no such person")
    return person


def _check_line(text: str) -> None:
    if not is_line(text):
        raise AccessError("bad_text", f"Write one line of at most {MAX_TEXT} characters that can be seen.")
