"""Logging in with a passkey alone: it says whose it is, and user verification makes it two factors."""

from __future__ import annotations

from bartizan.access.authentication import Authentication
from bartizan.access.factors.webauthn import Used, record_use
from bartizan.access.factors.webauthn_json import Assertion, read_assertion
from bartizan.access.flows.alarms import alarm_of_device, count_failure
from bartizan.access.flows.factors import cloned
from bartizan.access.flows.login import admit, begin_login
from bartizan.access.flows.outcome import Going
from bartizan.access.flows.parts import Parts, tried
from bartizan.access.flows.visitor import Visitor
from bartizan.access.transactions import Underway
from bartizan.errors import AccessError, ClonedAuthenticator, FactorError
from bartizan.storage.records.entities import Credential, Device, Principal
from bartizan.storage.records.store import Transaction

__all__ = ["log_in_with_passkey", "passkey_login_options"]

_Known = tuple[Credential | None, Principal | None, Device | None, Credential | None]


async def passkey_login_options(parts: Parts, visitor: Visitor) -> dict[str, object]:
    """Return ``publicKey`` for a passkey of whomever; the challenge is good for this device's key only."""
    return await parts.webauthn.authentication_options("login", visitor.thumbprint)


async def log_in_with_passkey(
    parts: Parts, visitor: Visitor, credential: object, going: Going
) -> tuple[str, Underway[Authentication]]:
    """Begin a login with what the browser sent; returns its token.

    Raises ``FactorError`` for a passkey that does not hold, ``AccessError`` (``device_not_trusted``) on a device that
    its owner trusts no more, ``TooManyAttempts``.
    """
    assertion = read_assertion(credential)
    known, owner, device, password = await parts.read(lambda tx: _look_up(tx, assertion, visitor.thumbprint))
    theirs = device is not None and owner is not None and device.principal == owner.id
    trusted = device if theirs and device is not None and device.status == "trusted" else None
    await admit(parts, visitor, owner.name if owner else assertion.id, trusted)
    used = await _verify(parts, visitor, assertion, known, owner)
    now = parts.clock()
    await parts.write(lambda tx: record_use(tx, used, now))
    if owner is None or not owner.active:
        raise FactorError("login_refused", "This account cannot be used. Ask an administrator.")
    if theirs and trusted is None:
        raise AccessError("device_not_trusted", "This device is not trusted any more. Ask an administrator.")
    if trusted is None:
        alarm_of_device(parts, visitor, device, owner.name)
    person = owner if device is None or trusted is not None else None
    proven = {"webauthn": now}
    return await begin_login(
        parts, visitor, person, trusted, proven, going, password=password, device_bound=used.device_bound
    )


async def _verify(
    parts: Parts, visitor: Visitor, assertion: Assertion, known: Credential | None, owner: Principal | None
) -> Used:
    name = owner.name if owner else ""
    try:
        used = await parts.webauthn.verify_authentication(
            assertion, known, owner, purpose="login", transaction=visitor.thumbprint, named=False
        )
    except FactorError as error:
        await parts.write(lambda tx: _note(tx, parts.clock(), visitor, owner, right=False))
        if isinstance(error, ClonedAuthenticator):
            await cloned(parts, visitor, error)
        await count_failure(parts, visitor, "access.login_failures", name or assertion.id, principal=name)
        raise
    await parts.write(lambda tx: _note(tx, parts.clock(), visitor, owner, right=True))
    return used


def _look_up(tx: Transaction, assertion: Assertion, thumbprint: str) -> _Known:
    credential = tx.credentials.by_handle(assertion.id)
    owner = tx.people.get(credential.principal) if credential is not None else None
    passwords = tx.credentials.of(owner.id, "password") if owner is not None else []
    return credential, owner, tx.devices.by_thumbprint(thumbprint), passwords[-1] if passwords else None


def _note(tx: Transaction, now: float, visitor: Visitor, owner: Principal | None, *, right: bool) -> None:
    tried(tx, now, owner.id if owner else "unknown", "login.passkey", right=right, address=visitor.address)
