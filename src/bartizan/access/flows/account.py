"""What people see and change of their own: devices, sessions, ways to log in."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from bartizan.access.authentication import login_requirement
from bartizan.access.factors import recovery, totp
from bartizan.access.flows.challenge import RECENT, Challenge
from bartizan.access.flows.enrolment import RECOVERY_CODES
from bartizan.access.flows.factors import TOTP_PURPOSE
from bartizan.access.flows.notify import Notice, notify_devices
from bartizan.access.flows.parts import Parts, audited
from bartizan.access.flows.reauth import is_fresh
from bartizan.access.flows.visitor import Visitor
from bartizan.access.sessions.model import Found, Session
from bartizan.errors import AccessError, FactorError, RecordNotFound
from bartizan.storage.records.entities import Credential, Device, Principal, SessionRecord, new_id
from bartizan.storage.records.store import Transaction

__all__ = [
    "Overview",
    "add_passkey",
    "add_totp",
    "begin_totp",
    "new_recovery_codes",
    "overview",
    "passkey_options",
    "remove_credential",
    "rename_device",
    "subscribe",
]

MAX_KEYS = 20  # passkeys and authenticator apps of one person
WAIT = 600.0  # seconds that a secret waits for its first code
_PENDING = b"access/totp/"


class Overview(NamedTuple):
    """What belongs to a person."""

    person: Principal
    devices: list[Device]
    sessions: list[tuple[SessionRecord, Session]]
    credentials: list[Credential]


async def overview(parts: Parts, found: Found) -> Overview:
    """Return what belongs to the person of a session; sessions are those that go on."""
    principal = found.session.principal

    def read(tx: Transaction) -> tuple[Principal, list[Device], list[SessionRecord], list[Credential]]:
        person = tx.people.get(principal)
        if person is None:
            raise RecordNotFound("there is no such person")
        live, known = tx.sessions.live(principal), tx.credentials.of(principal)
        return person, list(tx.devices.of(principal)), list(live), list(known)

    person, devices, records, credentials = await parts.read(read)
    sessions = []
    for record in records:
        kept = await parts.sessions.by_digest(record.digest)
        if kept is not None:
            sessions.append((record, kept.session))
    return Overview(person, devices, sessions, credentials)


async def rename_device(parts: Parts, found: Found, device: str, label: str) -> None:
    """Give a device of the session's person another name. Raises ``RecordNotFound``."""

    def rename(tx: Transaction) -> None:
        known = _own_device(tx, found.session, device)
        tx.devices.update(msgspec.structs.replace(known, label=label))

    await parts.write(rename)


async def remove_credential(parts: Parts, visitor: Visitor, found: Found, credential: str) -> None:
    """Take a passkey or an authenticator app away. Raises ``AccessError`` if no login would be possible then."""
    session, now = found.session, parts.clock()

    def remove(tx: Transaction) -> None:
        known = {each.id: each for each in tx.credentials.of(session.principal)}
        chosen = known.pop(credential, None)
        if chosen is None or chosen.kind not in ("webauthn", "totp"):
            raise RecordNotFound("there is no such passkey or authenticator app")
        requirement = login_requirement(parts.access.groups, session.groups)
        left = {each.kind for each in known.values()}.intersection(requirement.counting, ("webauthn", "totp"))
        if len(left) < min(requirement.count, 2):  # recovery codes are for emergencies, and run out
            raise AccessError("last_factor", "You could not log in any more. Add another way first.")
        tx.credentials.revoke(credential, now)
        _note(tx, now, visitor, session, "credential.removed", credential, kind=chosen.kind)

    await parts.write(remove)


async def passkey_options(parts: Parts, found: Found) -> dict[str, object]:
    """Return ``publicKey`` for making another passkey."""
    person, known = await _person_with_keys(parts, found.session)
    _expect_own_key(parts, found.session, known)
    return await parts.webauthn.registration_options(person, known, found.digest.hex(), discoverable=True)


async def add_passkey(parts: Parts, visitor: Visitor, found: Found, credential: object, label: str) -> None:
    """Keep a passkey that was made for ``passkey_options``. Raises ``FactorError``."""
    person, known = await _person_with_keys(parts, found.session)
    _expect_room(known)
    now = parts.clock()
    made = await parts.webauthn.verify_registration(credential, person, found.digest.hex(), label=label, now=now)
    await parts.write(lambda tx: _keep(tx, visitor, found.session, made, now))
    _tell(parts, found.session, "credential_added")


async def begin_totp(parts: Parts, found: Found) -> tuple[bytes, str]:
    """Return a secret for another authenticator app, and the name to show there."""
    _, known = await _person_with_keys(parts, found.session)
    _expect_own_key(parts, found.session, known)
    secret = totp.new_secret()
    sealed = parts.vault.seal(TOTP_PURPOSE, secret, found.session.principal.encode())
    await parts.state.put(_PENDING + found.digest, sealed, WAIT)
    return secret, found.session.name


async def add_totp(parts: Parts, visitor: Visitor, found: Found, code: str, label: str) -> None:
    """Keep the secret of ``begin_totp``, once the app shows that it has it. Raises ``FactorError`` for a wrong code."""
    session, now = found.session, parts.clock()
    sealed = await parts.state.get(_PENDING + found.digest)
    if sealed is None:
        raise AccessError("wrong_step", "This took too long. Begin anew.")
    step = totp.match(parts.vault.open_sealed(TOTP_PURPOSE, sealed, session.principal.encode()), code, now, -1)
    if step is None:
        raise FactorError("factor_refused", "That code is not right. Check the clock of your device.")
    if not await parts.state.delete(_PENDING + found.digest):
        raise AccessError("wrong_step", "This was done already.")
    made = Credential(
        id=new_id(),
        principal=session.principal,
        kind="totp",
        secret=sealed,
        created=now,
        label=label,
        data={"last_step": step},
    )

    def keep(tx: Transaction) -> None:
        _expect_room(tx.credentials.of(session.principal, "totp"))
        _keep(tx, visitor, session, made, now)

    await parts.write(keep)
    _tell(parts, session, "credential_added")


async def new_recovery_codes(parts: Parts, visitor: Visitor, found: Found) -> list[str]:
    """Return new recovery codes; those before are good no more."""
    session, now = found.session, parts.clock()
    _, known = await _person_with_keys(parts, session)
    _expect_own_key(parts, session, known)
    codes = recovery.new_codes(RECOVERY_CODES)
    hashes = await parts.hashed(lambda: [recovery.hash_code(code) for code in codes])

    def replace(tx: Transaction) -> None:
        for known in tx.credentials.of(session.principal, "recovery"):
            tx.credentials.revoke(known.id, now)
        for secret in hashes:
            tx.credentials.add(
                Credential(id=new_id(), principal=session.principal, kind="recovery", secret=secret, created=now)
            )
        _note(tx, now, visitor, session, "recovery_codes.made", session.principal)

    await parts.write(replace)
    _tell(parts, session, "recovery_codes")
    return codes


async def subscribe(parts: Parts, found: Found, subscription: object | None) -> None:
    """Have pushes sent to the session's device, or no more. Raises ``AccessError`` for a service that is not known."""
    kept: Any = None if subscription is None else parts.pusher.subscription(subscription)

    def write(tx: Transaction) -> None:
        device = _own_device(tx, found.session, found.session.device)
        tx.devices.update(msgspec.structs.replace(device, push=kept))

    await parts.write(write)


async def _person_with_keys(parts: Parts, session: Session) -> tuple[Principal, list[Credential]]:
    def read(tx: Transaction) -> tuple[Principal, list[Credential]]:
        person = tx.people.get(session.principal)
        if person is None:
            raise RecordNotFound("there is no such person")
        return person, list(tx.credentials.of(session.principal, "webauthn"))

    return await parts.read(read)


def _own_device(tx: Transaction, session: Session, device: str) -> Device:
    known = tx.devices.get(device)
    if known is None or known.principal != session.principal:
        raise RecordNotFound("there is no such device")
    return known


def _keep(tx: Transaction, visitor: Visitor, session: Session, made: Credential, now: float) -> None:
    tx.credentials.add(made)
    _note(tx, now, visitor, session, "credential.added", made.id, kind=made.kind)


def _tell(parts: Parts, session: Session, notice: Notice) -> None:
    """Tell the person's other devices, in case it was not they (SP 800-63B-4 section 4.6)."""
    parts.later(notify_devices(parts, session.principal, notice, besides=session.device))


def _expect_own_key(parts: Parts, session: Session, known: list[Credential]) -> None:
    """Who has a passkey uses it before they get another way in: a script on a page of the origin cannot."""
    if known and not is_fresh(session, "webauthn", RECENT, parts.clock()):
        raise Challenge("reauth_required", "Use your passkey first.", factor="webauthn", max_age=RECENT)


def _expect_room(known: Any) -> None:
    if len(known) >= MAX_KEYS:
        raise AccessError("too_many", f"There are {MAX_KEYS} already. Remove one first.")


def _note(
    tx: Transaction, now: float, visitor: Visitor, session: Session, action: str, target: str, **details: str
) -> None:
    audited(tx, now, session.principal, action, target=target, address=visitor.address, **details)
