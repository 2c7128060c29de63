"""Choosing and changing passwords."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from bartizan.access.authentication import Authentication, password_changed
from bartizan.access.flows.alarms import count_failure
from bartizan.access.flows.endings import end_all_sessions
from bartizan.access.flows.login import admit, password_change_due
from bartizan.access.flows.parts import Parts, audited
from bartizan.access.flows.visitor import Visitor
from bartizan.access.sessions.model import Found
from bartizan.access.transactions import Underway
from bartizan.errors import AccessError, FactorError
from bartizan.storage.records.entities import Credential, Device, Principal, new_id
from bartizan.storage.records.store import Transaction

__all__ = ["change_in_login", "change_in_session", "check_password", "why_change"]


class _Owner(NamedTuple):
    """Whose password it is, and the one in force."""

    person: Principal
    password: Credential | None
    device: Device | None


async def check_password(parts: Parts, person: Principal, password: str) -> None:
    """Raise ``PasswordRefused`` with every reason why a person cannot have this password.

    Those that they had before are tried one by one, which takes as long as a login each.
    """
    history = await parts.read(lambda tx: _history(tx, person.id))
    policy = parts.policy(person.groups)
    await parts.hashed(
        lambda: policy.check(
            password,
            name=person.name,
            display_name=person.display_name,
            email=person.email,
            history=history,
            passwords=parts.passwords,
        )
    )
    if parts.breached is not None and not await parts.breached.check(password):
        await parts.write(lambda tx: audited(tx, parts.clock(), person.id, "password.unchecked", target=person.id))


async def change_in_login(parts: Parts, visitor: Visitor, underway: Underway[Authentication], password: str) -> None:
    """Change the password because a login asks for it; its factors are proven."""
    authentication = underway.value
    if authentication.phase != "password":
        raise AccessError("wrong_step", "This is not what comes next. Begin anew.")
    owner = await _owner(parts, authentication.principal, authentication.device)
    await check_password(parts, owner.person, password)
    await _replace(parts, visitor, owner, password, why=authentication.change)
    await parts.authentications.change(underway, password_changed)
    await end_all_sessions(parts, owner.person.id, "password_changed", actor=owner.person.id)


async def change_in_session(parts: Parts, visitor: Visitor, found: Found, current: str, password: str) -> None:
    """Change the password because its person wants to; their other sessions end.

    Raises ``FactorError`` if ``current`` is not the password in force.
    """
    session = found.session
    owner = await _owner(parts, session.principal, session.device)
    await admit(parts, visitor, owner.person.name, owner.device)
    secret = owner.password.secret if owner.password else None
    if not await parts.hashed(lambda: parts.passwords.verify(secret, current)):
        name = owner.person.name
        await count_failure(parts, visitor, "access.factor_failures", name, principal=name)
        raise FactorError("factor_refused", "The current password is not right.")
    await check_password(parts, owner.person, password)
    await _replace(parts, visitor, owner, password, why="own")
    await end_all_sessions(parts, session.principal, "password_changed", actor=session.principal, besides=found.digest)


async def why_change(parts: Parts, principal: str) -> tuple[Principal, str]:
    """Return the person, and why their password has to be changed, or an empty string."""
    owner = await _owner(parts, principal, "")
    person = owner.person
    return person, password_change_due(parts, person.groups, person.password_change, owner.password, parts.clock())


async def _replace(parts: Parts, visitor: Visitor, owner: _Owner, password: str, *, why: str) -> None:
    secret = await parts.hashed(lambda: parts.passwords.hash(password))
    now, principal = parts.clock(), owner.person.id

    def replace(tx: Transaction) -> None:
        person = tx.people.get(principal)
        if person is None:
            raise AccessError("login_refused", "This account cannot be used. Ask an administrator.")
        for known in tx.credentials.of(principal, "password"):
            tx.credentials.revoke(known.id, now)
        tx.credentials.add(Credential(id=new_id(), principal=principal, kind="password", secret=secret, created=now))
        tx.people.update(msgspec.structs.replace(person, password_change=""))
        audited(tx, now, principal, "password.changed", target=principal, address=visitor.address, why=why)

    await parts.write(replace)


async def _owner(parts: Parts, principal: str, device: str) -> _Owner:
    def read(tx: Transaction) -> _Owner:
        person = tx.people.get(principal)
        if person is None or not person.active:
            raise AccessError("login_refused", "This account cannot be used. Ask an administrator.")
        passwords = tx.credentials.of(principal, "password")
        used = tx.devices.get(device) if device else None
        return _Owner(person, passwords[-1] if passwords else None, used)

    return await parts.read(read)


def _history(tx: Transaction, principal: str) -> list[bytes]:
    return [known.secret for known in tx.credentials.of(principal, "password", revoked=True)]
