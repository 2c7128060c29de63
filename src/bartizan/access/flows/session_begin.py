"""From a finished authentication to a session: always a new token, so nobody can fix one beforehand."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import msgspec

from bartizan.access.authentication import Authentication, finished, level, login_requirement
from bartizan.access.flows.endings import end_sessions
from bartizan.access.flows.outcome import Begun
from bartizan.access.flows.parts import Parts, audited
from bartizan.access.flows.visitor import Visitor
from bartizan.access.sessions.model import Session
from bartizan.access.transactions import Underway
from bartizan.config.model import Access
from bartizan.config.resolve import session_limits as limits_for_all
from bartizan.errors import AccessError
from bartizan.storage.records.entities import Device, Principal, SessionRecord, new_id
from bartizan.storage.records.store import Transaction

__all__ = ["SessionLimits", "begin_session", "session_limits"]

_MAX_AGENT = 256  # characters of User-Agent in the history


class SessionLimits(NamedTuple):
    """Seconds."""

    idle: float
    lifetime: float


def session_limits(access: Access, groups: Collection[str]) -> SessionLimits:
    """Return how long a session of a member of ``groups`` lasts: the shortest of what applies."""
    idle, lifetime = limits_for_all(access.session)
    own = [idle], [lifetime]
    for rules in access.groups:
        if rules.name in groups:
            own[0].extend(filter(None, (rules.session.idle,)))
            own[1].extend(filter(None, (rules.session.lifetime,)))
    return SessionLimits(min(own[0]), min(own[1]))


async def begin_session(parts: Parts, visitor: Visitor, underway: Underway[Authentication]) -> Begun:
    """Make a session of a finished login, once.

    Raises ``AccessError`` if the login is not finished, was used, or the person or the device may not log in any more.
    """
    authentication = await parts.authentications.finish(underway, finished)
    person, device = await parts.read(lambda tx: _whose(tx, parts.access, authentication))
    session = _session(parts, visitor, authentication, person, device)
    token, digest = await parts.sessions.begin(session)
    try:
        gone = await _gone(parts, person.id)
        surplus = await parts.write(lambda tx: _record(tx, parts, visitor, session, digest, gone))
    except BaseException:
        await parts.sessions.end(digest, "error")
        raise
    await end_sessions(parts, surplus, "surplus")
    await parts.in_a_row.logged_in(person.id, device.id)
    return Begun(token, session.kind, session.expires - session.created)


def _whose(tx: Transaction, access: Access, authentication: Authentication) -> tuple[Principal, Device]:
    person, device = tx.people.get(authentication.principal), tx.devices.get(authentication.device)
    if person is None or not person.active:
        raise AccessError("login_refused", "This account cannot be used. Ask an administrator.")
    if device is None or device.principal != person.id or device.status != "trusted":
        raise AccessError("device_not_trusted", "This device is not trusted any more. Ask an administrator.")
    if login_requirement(access.groups, person.groups) != authentication.requirement:
        raise _begin_anew()  # they have come into a group whose members prove more
    return person, device


def _begin_anew() -> AccessError:
    return AccessError("login_expired", "Your account was changed while you logged in. Begin anew.")


def _session(
    parts: Parts, visitor: Visitor, authentication: Authentication, person: Principal, device: Device
) -> Session:
    now = parts.clock()
    limits = session_limits(parts.access, person.groups)
    posture = visitor.posture
    return Session(
        id=new_id(),
        kind="dpop" if authentication.client else "cookie",
        principal=person.id,
        name=person.name,
        display_name=person.display_name,
        groups=person.groups,
        device=device.id,
        thumbprint=device.thumbprint,
        platform=posture.platform,
        browser=posture.browser,
        browser_version=posture.browser_version,
        device_enrolled=device.enrolled,
        aal=level(authentication),
        factors=dict(authentication.proven),
        created=now,
        authenticated=max(authentication.proven.values(), default=now),
        seen=now,
        proved=now,
        expires=now + limits.lifetime,
        idle=limits.idle,
        proof_interval=parts.access.session.proof_interval,
        facts=visitor.facts,
        address=visitor.address,
        device_seen=device.last_seen or device.enrolled,
        device_risk=device.risk,
    )


async def _gone(parts: Parts, principal: str) -> list[bytes]:
    """Return the sessions in the history that have no end there, but are none any more: they ran out by themselves."""
    live = await parts.read(lambda tx: tx.sessions.live(principal))
    now, gone = parts.clock(), []
    for record in live:
        found = await parts.sessions.by_digest(record.digest)
        if found is None or now >= found.session.expires or now - found.session.seen >= found.session.idle:
            gone.append(record.digest)
    return gone


def _record(
    tx: Transaction, parts: Parts, visitor: Visitor, session: Session, digest: bytes, gone: Collection[bytes]
) -> list[SessionRecord]:
    """Write the session into the history; returns the oldest ones of those that are now too many, and end by this."""
    now = session.created
    person, device = tx.people.get(session.principal), tx.devices.get(session.device)
    if person is None or not person.active or device is None or device.status != "trusted":
        raise AccessError("login_refused", "This account or device cannot be used any more.")
    if person.groups != session.groups:
        raise _begin_anew()
    for ran_out in gone:
        tx.sessions.end(ran_out, now, "expired")
    live = tx.sessions.live(session.principal)
    surplus = live[: max(0, len(live) + 1 - parts.access.session.concurrent)]
    for each in surplus:  # here, so that a login at the same moment does not count them too
        tx.sessions.end(each.digest, now, "surplus")
    tx.sessions.add(
        SessionRecord(
            id=session.id,
            digest=digest,
            principal=session.principal,
            device=session.device,
            started=now,
            aal=session.aal,
            factors=tuple(session.factors),
            address=visitor.address,
            user_agent=visitor.user_agent[:_MAX_AGENT],
        )
    )
    tx.devices.update(
        msgspec.structs.replace(
            device,
            platform=session.platform,
            browser=session.browser,
            browser_version=session.browser_version,
            last_seen=now,
            last_address=visitor.address,
        )
    )
    details = {"device": session.device, "aal": str(session.aal), "factors": " ".join(session.factors)}
    audited(tx, now, session.principal, "session.begun", target=session.id, address=visitor.address, **details)
    return list(surplus)
