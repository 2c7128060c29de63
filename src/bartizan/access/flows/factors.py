"""Proving factors within an authentication: each guess is paid for, checked, and then noted or counted as wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from bartizan.access import authentication as steps
from bartizan.access.approvals.signals import cloned_authenticator
from bartizan.access.authentication import Authentication
from bartizan.access.factors import recovery, totp
from bartizan.access.factors.challenges import ChallengePurpose
from bartizan.access.factors.webauthn import record_use
from bartizan.access.factors.webauthn_json import read_assertion
from bartizan.access.flows.alarms import alarm, count_failure
from bartizan.access.flows.login import admit
from bartizan.access.flows.parts import Parts, audited, tried
from bartizan.access.flows.visitor import Visitor
from bartizan.access.transactions import Underway
from bartizan.errors import AccessError, ClonedAuthenticator, FactorError
from bartizan.storage.records.entities import Credential, Device, Principal
from bartizan.storage.records.store import Transaction

__all__ = [
    "Standing",
    "prove_password",
    "prove_recovery",
    "prove_totp",
    "prove_webauthn",
    "standing",
    "webauthn_options",
]

TOTP_PURPOSE = "totp"
"""What secrets of TOTP are sealed for; their context is the person's id."""


class Standing(NamedTuple):
    """Which factors can be proven now, which are, and how many are missing."""

    available: list[str]
    proven: list[str]
    needed: int
    name: str


class _Owner(NamedTuple):
    """Whose authentication it is."""

    person: Principal
    device: Device | None
    credentials: list[Credential]

    def of(self, kind: str) -> list[Credential]:
        """Return those of a kind."""
        return [credential for credential in self.credentials if credential.kind == kind]


class Proven(NamedTuple):
    """What a check found. ``device_bound``: the WebAuthn key cannot leave its authenticator."""

    right: bool
    device_bound: bool = False


async def standing(parts: Parts, underway: Underway[Authentication]) -> Standing:
    """Return how an authentication stands. Raises ``AccessError`` if it waits for no factor."""
    authentication = underway.value
    _expect_factor(authentication)
    owner = await _owner(parts, authentication)
    others = await parts.read(lambda tx: tx.devices.of(owner.person.id))
    possessed: set[str] = {credential.kind for credential in owner.credentials}
    if any(device.status == "trusted" and device.id != authentication.device for device in others):
        possessed.add("push")
    available = steps.available(authentication, possessed)
    return Standing(available, list(authentication.proven), steps.needed(authentication), owner.person.display_name)


async def prove_totp(parts: Parts, visitor: Visitor, underway: Underway[Authentication], code: str) -> None:
    """Prove a time-based code (RFC 6238). Each is good once, on whatever process it is used first."""

    async def check(owner: _Owner) -> Proven:
        now, replayed = parts.clock(), False
        for credential in owner.of("totp"):
            secret = parts.vault.open_sealed(TOTP_PURPOSE, credential.secret, owner.person.id.encode())
            last = credential.data["last_step"]
            step = totp.match(secret, code, now, last)
            if step is not None and await parts.write(_claim(credential, step)):
                return Proven(right=True)
            replayed = replayed or step is not None or totp.match(secret, code, now, -1) is not None
        if replayed:
            alarm(parts, visitor, "access.code_replayed", principal=owner.person.name, device=underway.value.device)
        return Proven(right=False)

    await _prove(parts, visitor, underway, "totp", check)


async def prove_recovery(parts: Parts, visitor: Visitor, underway: Underway[Authentication], code: str) -> None:
    """Prove a recovery code, which is used up by it."""

    async def check(owner: _Owner) -> Proven:
        now = parts.clock()
        match = recovery.find(code, owner.of("recovery"))
        if match is None:
            return Proven(right=False)
        return Proven(await parts.write(lambda tx: tx.credentials.claim_once(match.id, now)))

    await _prove(parts, visitor, underway, "recovery", check)


async def prove_password(parts: Parts, visitor: Visitor, underway: Underway[Authentication], password: str) -> None:
    """Prove the password, where it is asked for besides or anew."""

    async def check(owner: _Owner) -> Proven:
        passwords = owner.of("password")
        secret = passwords[-1].secret if passwords else None
        return Proven(await parts.hashed(lambda: parts.passwords.verify(secret, password)))

    await _prove(parts, visitor, underway, "password", check)


async def webauthn_options(parts: Parts, underway: Underway[Authentication]) -> dict[str, object]:
    """Return ``publicKey`` for using one of the person's passkeys or security keys."""
    _expect_factor(underway.value)
    owner = await _owner(parts, underway.value)
    keys = owner.of("webauthn")
    if not keys:
        raise FactorError("factor_not_accepted", "There is no passkey. Choose another way.")
    return await parts.webauthn.authentication_options(_purpose(underway.value), underway.digest.hex(), keys)


async def prove_webauthn(
    parts: Parts, visitor: Visitor, underway: Underway[Authentication], credential: object
) -> None:
    """Prove a passkey or security key; ``credential`` is the decoded JSON that the browser sent."""

    async def check(owner: _Owner) -> Proven:
        assertion = read_assertion(credential)
        known = next((key for key in owner.of("webauthn") if key.handle == assertion.id), None)
        used = await parts.webauthn.verify_authentication(
            assertion,
            known,
            owner.person,
            purpose=_purpose(underway.value),
            transaction=underway.digest.hex(),
            named=True,
        )
        now = parts.clock()
        await parts.write(lambda tx: record_use(tx, used, now))
        return Proven(right=True, device_bound=used.device_bound)

    await _prove(parts, visitor, underway, "webauthn", check)


async def cloned(parts: Parts, visitor: Visitor, error: ClonedAuthenticator) -> None:
    """A WebAuthn key exists twice: it is good for nothing any more, and somebody has to look into it."""
    now = parts.clock()

    def revoke(tx: Transaction) -> None:
        if tx.credentials.revoke(error.credential, now):
            audited(tx, now, "system", "credential.revoked", target=error.credential, reason="cloned")

    await parts.write(revoke)
    parts.signals(cloned_authenticator(error, visitor.address), visitor.exchange)


async def _prove(
    parts: Parts,
    visitor: Visitor,
    underway: Underway[Authentication],
    factor: str,
    check: Callable[[_Owner], Awaitable[Proven]],
) -> None:
    """Pay, check, note. Raises ``FactorError`` (``factor_refused``, ``no_attempts_left``), ``TooManyAttempts``."""
    _expect_factor(underway.value)  # before anything else: a decoy has no owner
    owner = await _owner(parts, underway.value)
    await admit(parts, visitor, owner.person.name, owner.device)
    row = owner.person.id, factor, underway.value.device
    await parts.in_a_row.admit(*row)
    await parts.authentications.change(underway, lambda before: steps.attempt(before, factor))
    refused: FactorError | None = None
    try:
        proven = await check(owner)
    except ClonedAuthenticator as error:
        await cloned(parts, visitor, error)
        proven, refused = Proven(right=False), error
    except FactorError as error:
        proven, refused = Proven(right=False), error
    await parts.write(lambda tx: _note(tx, parts.clock(), visitor, underway.value, factor, right=proven.right))
    if proven.right:
        await parts.in_a_row.succeeded(*row)
        now = parts.clock()
        await parts.authentications.change(
            underway, lambda before: steps.proven(before, factor, now, device_bound=proven.device_bound)
        )
        return
    await parts.in_a_row.failed(*row)
    after = await parts.authentications.change(underway, steps.failed)
    await count_failure(parts, visitor, "access.factor_failures", owner.person.name, principal=owner.person.name)
    if after.phase == "ended":
        raise FactorError("no_attempts_left", "Too many wrong answers. Begin anew.")
    raise refused or FactorError("factor_refused", "That is not right, or it has been used already.")


async def _owner(parts: Parts, authentication: Authentication) -> _Owner:
    def read(tx: Transaction) -> _Owner:
        person = tx.people.get(authentication.principal)
        if person is None or not person.active:
            raise AccessError("login_refused", "This account cannot be used. Ask an administrator.")
        device = tx.devices.get(authentication.device)
        trusted = device if device is not None and device.status == "trusted" else None
        return _Owner(person, trusted, list(tx.credentials.of(person.id)))

    return await parts.read(read)


def _expect_factor(authentication: Authentication) -> None:
    if authentication.phase != "factor":
        raise AccessError("wrong_step", "This is not what comes next. Begin anew.")


def _purpose(authentication: Authentication) -> ChallengePurpose:
    return "reauth" if authentication.purpose == "reauth" else "factor"


def _claim(credential: Credential, step: int) -> Callable[[Transaction], bool]:
    return lambda tx: tx.credentials.claim_step(credential.id, step)


def _note(
    tx: Transaction, now: float, visitor: Visitor, authentication: Authentication, factor: str, *, right: bool
) -> None:
    tried(
        tx,
        now,
        authentication.principal,
        f"{authentication.purpose}.factor",
        right=right,
        target=authentication.device,
        address=visitor.address,
        factor=factor,
    )
