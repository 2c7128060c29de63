"""Administrators: people, their devices, sessions and credentials, resets, and the audit trail.

Every endpoint needs a session of a member of ``access.administrators``; whatever changes something needs a passkey
within 5 minutes. What is changed is in the audit trail, in the transaction that changed it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal

from msgspec import Meta

from bartizan.access.administration import Administration, Invited
from bartizan.access.changes import Actor
from bartizan.access.names import normalised_name
from bartizan.access.told import told_approval, told_device, told_event, told_overview, told_person
from bartizan.control.api.endpoint import Call, Endpoint, Form
from bartizan.errors import AccessError, RecordConflict, RecordNotFound, RequestError
from bartizan.storage.records.entities import AuditEvent, DeviceStatus, Principal
from bartizan.storage.records.people import PeopleFilter
from bartizan.storage.records.store import Transaction

__all__ = ["ENDPOINTS", "actor_of"]

PAGE = 200
Line = Annotated[str, Meta(max_length=256, pattern=r"^[^\x00-\x1f\x7f]*$")]
Person = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""The name of a person, or their id."""
Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Names = Annotated[tuple[Line, ...], Meta(max_length=64)]
Count = Annotated[int, Meta(ge=1, le=PAGE)]
Start = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class About(Form, frozen=True):
    """A person."""

    person: Person


class ById(Form, frozen=True):
    """A device, session or credential."""

    id: Id


class Invite(Form, frozen=True):
    """Whom to invite; groups have to exist, or be named by the configuration, unless ``make_groups`` is true."""

    name: Person
    display_name: Line | None = None
    email: Line | None = None
    groups: Names = ()
    make_groups: bool = False


class People(Form, frozen=True):
    """Whom to list: everybody who is all of that. ``text`` is in the name or the display name."""

    text: Line | None = None
    name: Person | None = None
    email: Line | None = None
    external_id: Line | None = None
    group: Line | None = None
    active: bool | None = None
    start: Start = 0
    count: Count = 50


class Groups(Form, frozen=True):
    """Groups to put a person into, and to take them out of."""

    person: Person
    add: Names = ()
    remove: Names = ()
    make_groups: bool = False


class Reset(Form, frozen=True):
    """Whose credentials to reset, and why: the administrator who has to agree is shown it."""

    person: Person
    because: Line


class Finish(Form, frozen=True):
    """The approval of a reset."""

    approval: Id


class Waiting(Form, frozen=True):
    """What kind of approvals; both, if it is left out."""

    kind: Literal["recovery", "reset"] | None = None


class Audit(Form, frozen=True):
    """Which lines: those with numbers above ``after``, or else the last ones; of an actor, about a target.

    Both may be names of people.
    """

    after: Annotated[int, Meta(ge=0, le=2**62)] | None = None
    count: Count = 50
    actor: Person | None = None
    target: Person | None = None


def actor_of(call: Call) -> Actor:
    """Return who does it, for the audit trail."""
    return Actor(call.session.session.principal, call.visitor.address)


async def invite(call: Call, body: Invite) -> dict[str, Any]:
    """Make a link by which somebody enrols. It is shown once."""
    with _told():
        made = await _administration(call).invite(
            actor_of(call),
            body.name,
            display_name=body.display_name,
            email=body.email,
            groups=body.groups,
            make_groups=body.make_groups,
        )
    return _link(made)


async def people(call: Call, body: People) -> dict[str, Any]:
    """List people by name."""
    wanted = PeopleFilter(
        name=None if body.name is None else normalised_name(body.name),
        external_id=body.external_id,
        email=body.email,
        active=body.active,
        group=body.group,
        text=body.text,
    )
    found, total = await call.parts.read(lambda tx: tx.people.list(wanted, body.start, body.count))
    return {"people": [told_person(person) for person in found], "total": total}


async def show(call: Call, body: About) -> dict[str, Any]:
    """Show a person with all that is theirs."""
    with _told():
        person = await _administration(call).find(body.person)
        return told_overview(await _administration(call).overview(person.id))


async def disable(call: Call, body: About) -> dict[str, Any]:
    """Let a person in no more."""
    with _told():
        person = await _another(call, body.person)
        return {"sessions": await _administration(call).disable(actor_of(call), person.id)}


async def enable(call: Call, body: About) -> dict[str, Any]:
    """Let a person in again."""
    with _told():
        person = await _administration(call).find(body.person)
        return told_person(await _administration(call).enable(actor_of(call), person.id))


async def groups(call: Call, body: Groups) -> dict[str, Any]:
    """Change the groups of a person."""
    with _told():
        person = await _administration(call).find(body.person)
        if call.parts.access.administrators in body.remove:
            _check_another(call, person)
        changed = await _administration(call).change_groups(
            actor_of(call), person.id, add=body.add, remove=body.remove, make_groups=body.make_groups
        )
    return told_person(changed)


async def revoke_sessions(call: Call, body: About) -> dict[str, Any]:
    """End all sessions of a person."""
    with _told():
        person = await _administration(call).find(body.person)
        return {"sessions": await _administration(call).revoke_sessions(actor_of(call), person.id)}


async def revoke_session(call: Call, body: ById) -> dict[str, Any]:
    """End one session."""
    with _told():
        await _administration(call).revoke_session(actor_of(call), body.id)
    return {}


async def revoke_device(call: Call, body: ById) -> dict[str, Any]:
    """Trust a device no more, for good."""
    return await _set_device(call, body.id, "revoked")


async def quarantine_device(call: Call, body: ById) -> dict[str, Any]:
    """Trust a device no more, until it is released."""
    return await _set_device(call, body.id, "quarantined")


async def release_device(call: Call, body: ById) -> dict[str, Any]:
    """Trust a device again after a quarantine."""
    return await _set_device(call, body.id, "trusted")


async def revoke_credential(call: Call, body: ById) -> dict[str, Any]:
    """Revoke a credential."""
    with _told():
        gone = await _administration(call).revoke_credential(actor_of(call), body.id)
    return {"kind": gone.kind}


async def reset(call: Call, body: Reset) -> dict[str, Any]:
    """Ask for a reset. Another administrator agrees in their inbox; nothing changes before."""
    with _told():
        person = await _administration(call).find(body.person)
        asked = await _administration(call).ask_reset(actor_of(call), person.id, body.because)
    return {"approval": asked.id, "expires": asked.expires}


async def finish_reset(call: Call, body: Finish) -> dict[str, Any]:
    """Make the link of a reset that was agreed to; once, and for whoever asked."""
    with _told():
        return _link(await _administration(call).finish_reset(actor_of(call), body.approval))


async def waiting(call: Call, body: Waiting) -> dict[str, Any]:
    """List recoveries and resets that wait for an administrator; ``approvals/decide`` answers them."""
    now = call.parts.clock()

    def read(tx: Transaction) -> list[dict[str, Any]]:
        pending = tx.approvals.pending(kind=body.kind, now=now)
        found = [each for each in pending if each.kind in ("recovery", "reset")]
        names = {each.principal: tx.people.get(each.principal) for each in found}
        return [told_approval(each) | {"name": _name(names[each.principal])} for each in found]

    return {"approvals": await call.parts.read(read)}


async def audit(call: Call, body: Audit) -> dict[str, Any]:
    """Read the audit trail, the newest last; ``next`` is the ``after`` of the next page."""

    def read(tx: Transaction) -> list[AuditEvent]:
        by, about = _identifier(tx, body.actor), _identifier(tx, body.target)
        if body.after is None:
            return list(tx.audit.latest(body.count, by, about))
        return list(tx.audit.list(body.after, body.count, by, about))

    events = await call.parts.read(read)
    return {
        "events": [told_event(event) for event in events],
        "next": events[-1].number if events else body.after or 0,
    }


async def _set_device(call: Call, device: str, status: DeviceStatus) -> dict[str, Any]:
    with _told():
        return told_device(await _administration(call).set_device(actor_of(call), device, status))


def _administration(call: Call) -> Administration:
    parts = call.parts
    return Administration(parts.records, parts.sessions, parts.access, parts.clock)


async def _another(call: Call, name: str) -> Principal:
    person = await _administration(call).find(name)
    _check_another(call, person)
    return person


def _check_another(call: Call, person: Principal) -> None:
    """Raise ``AccessError`` for the own account: so there is always an administrator left."""
    if person.id == call.session.session.principal:
        raise AccessError("own_account", "Another administrator has to do this to your own account.")


@contextmanager
def _told() -> Iterator[None]:
    """Tell administrators what exactly is missing or in the way."""
    try:
        yield
    except RecordNotFound as error:
        raise RequestError(404, "not_found", str(error)) from None
    except RecordConflict as error:
        raise RequestError(409, "conflict", str(error)) from None


def _link(made: Invited) -> dict[str, Any]:
    return {"person": told_person(made.person), "link": made.link, "expires": made.expires}


def _name(person: Principal | None) -> str:
    return "" if person is None else person.name


def _identifier(tx: Transaction, name: str | None) -> str | None:
    """Return the id of the person with a name, or the text as it is."""
    person = None if name is None else tx.people.find(normalised_name(name))
    return name if person is None else person.id


ENDPOINTS = (
    Endpoint("admin/people", people, People, "administrator"),
    Endpoint("admin/show", show, About, "administrator"),
    Endpoint("admin/approvals", waiting, Waiting, "administrator"),
    Endpoint("admin/audit", audit, Audit, "administrator"),
    Endpoint("admin/invite", invite, Invite, "change"),
    Endpoint("admin/disable", disable, About, "change"),
    Endpoint("admin/enable", enable, About, "change"),
    Endpoint("admin/groups", groups, Groups, "change"),
    Endpoint("admin/revoke-sessions", revoke_sessions, About, "change"),
    Endpoint("admin/revoke-session", revoke_session, ById, "change"),
    Endpoint("admin/revoke-device", revoke_device, ById, "change"),
    Endpoint("admin/quarantine-device", quarantine_device, ById, "change"),
    Endpoint("admin/release-device", release_device, ById, "change"),
    Endpoint("admin/revoke-credential", revoke_credential, ById, "change"),
    Endpoint("admin/reset", reset, Reset, "change"),
    Endpoint("admin/reset/finish", finish_reset, Finish, "change"),
)
