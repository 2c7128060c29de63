"""Logging in with name and password, on a device whose key is proven.

A device that the person trusts learns whether the password was right. Any other device learns nothing: whether there
is such a person, whether the password is theirs, whether they may log in at all. It always gets an authentication that
waits for a trusted device, and for nobody's sake: the same questions are asked of the records, one password hash is
worked out, one event is audited, one authentication is kept. Only where all was right can anybody confirm it.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from bartizan.access.authentication import Authentication, login_requirement, settle
from bartizan.access.flows.alarms import alarm, alarm_of_device, count_failure
from bartizan.access.flows.lookup import Known, look_up
from bartizan.access.flows.outcome import Going
from bartizan.access.flows.parts import Parts, tried
from bartizan.access.flows.visitor import Visitor
from bartizan.access.names import normalised_name
from bartizan.access.transactions import Underway
from bartizan.errors import AccessError, FactorError, TooManyAttempts
from bartizan.storage.records.entities import Credential, Device, Principal
from bartizan.storage.records.store import Transaction

__all__ = ["admit", "begin_login", "log_in", "password_change_due"]


async def log_in(
    parts: Parts, visitor: Visitor, name: str, password: str, going: Going
) -> tuple[str, Underway[Authentication]]:
    """Begin a login; returns the token of its authentication.

    Raises ``TooManyAttempts``; and on a device that was enrolled by the person of this name ``FactorError``
    (``login_refused``) for a wrong password, ``AccessError`` if it is trusted no more (``device_not_trusted``) or has
    guessed too often (``factor_locked``).
    """
    account = normalised_name(name)
    known = await parts.read(lambda tx: look_up(tx, account, visitor.thumbprint, parts.stand_in))
    device = known.trusted
    await admit(parts, visitor, account, device)
    if device is not None:
        await parts.in_a_row.admit(device.principal, "password", device.id)
    secret = known.password.secret if known.password else None
    right = await parts.hashed(lambda: parts.passwords.verify(secret, password), is_guess=device is None)
    right = right and known.person is not None and known.person.active
    await parts.write(lambda tx: _note(tx, parts.clock(), visitor, known, right=right))
    if device is None or not right:  # on an unknown device also what was right, so that it takes as long
        await count_failure(parts, visitor, "access.login_failures", account, principal=_name(known.person))
    if device is not None:
        counted = parts.in_a_row.succeeded if right else parts.in_a_row.failed
        await counted(device.principal, "password", device.id)
    if known.is_theirs and device is None:
        raise AccessError("device_not_trusted", "This device is not trusted any more. Ask an administrator.")
    if device is not None and not right:
        raise FactorError("login_refused", "The name or the password is not right.")
    if device is None and right:
        alarm_of_device(parts, visitor, known.device, _name(known.person))
    person = known.person if right and (known.device is None or device is not None) else None
    if device is not None and known.password is not None and right:
        await _rehash(parts, known.password, password)
    proven = {"password": parts.clock()}
    return await begin_login(parts, visitor, person, device, proven, going, password=known.password)


async def begin_login(
    parts: Parts,
    visitor: Visitor,
    person: Principal | None,
    device: Device | None,
    proven: dict[str, float],
    going: Going,
    *,
    password: Credential | None,
    device_bound: bool = False,
) -> tuple[str, Underway[Authentication]]:
    """Keep an authentication of ``person``, or a decoy; ``device`` is the trusted one, None while it has to wait."""
    now = parts.clock()
    groups = person.groups if person else ()  # a decoy takes as long to make
    change = password_change_due(parts, groups, person.password_change if person else "", password, now)
    authentication = Authentication(
        purpose="login",
        phase="device",
        principal=person.id if person else "",
        thumbprint=visitor.thumbprint,
        jwk={} if device else dict(visitor.jwk),
        device=device.id if device else "",
        requirement=login_requirement(parts.access.groups, groups),
        attempts=parts.access.login.factor_attempts,
        created=now,
        proven=proven,
        device_bound=device_bound,
        change=change,
        next=going.next,
        held=going.held,
        client=going.client,
    )
    authentication = msgspec.structs.replace(authentication, phase=settle(authentication))
    return await parts.authentications.begin(authentication)


async def admit(parts: Parts, visitor: Visitor, account: str, device: Device | None) -> None:
    """Let an attempt pass, or raise ``TooManyAttempts``; a trusted device has a share of its own."""
    try:
        await parts.throttle.admit(
            account=account,
            device=device.id if device else None,
            address=visitor.address,
            network=visitor.network,
        )
    except TooManyAttempts:
        alarm(parts, visitor, "access.throttled", device=device.id if device else "")
        raise


def password_change_due(
    parts: Parts, groups: Collection[str], noted: str, password: Credential | None, now: float
) -> str:
    """Return why a member of ``groups`` has to change their password now, or an empty string.

    ``noted`` is what the records say (``Principal.password_change``).
    """
    created = password.created if password else now
    expired = parts.policy(groups).expired(created, now)
    return noted or ("expired" if expired else "")


def _note(tx: Transaction, now: float, visitor: Visitor, known: Known, *, right: bool) -> None:
    actor = known.person.id if known.person else "unknown"
    device = known.trusted
    tried(
        tx,
        now,
        actor,
        "login.password",
        right=right,
        target=device.id if device else "",
        address=visitor.address,
        device="trusted" if device else "unknown",
    )


async def _rehash(parts: Parts, credential: Credential, password: str) -> None:
    """Hash a right password anew where the parameters have grown; only on trusted devices, as it takes its time."""
    if not parts.passwords.needs_rehash(credential.secret):
        return
    secret = await parts.hashed(lambda: parts.passwords.hash(password))
    await parts.write(lambda tx: tx.credentials.update(msgspec.structs.replace(credential, secret=secret)))


def _name(person: Principal | None) -> str:
    return person.name if person else ""
