"""Enrolment: an invitation becomes a person with a password, factors, recovery codes and a first trusted device.

It can be interrupted and gone on with on the same device. What is collected takes effect as a whole at the end, in one
transaction of the records that also uses the invitation up: of two who enrol with one link, one does.

An invitation to recover or to reset is for somebody who has an account: what they had is replaced. Their old factors,
devices and sessions end with it, since whoever has them may not be they.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from bartizan.access.authentication import Authentication, login_requirement
from bartizan.access.factors import recovery, totp
from bartizan.access.flows.endings import end_all_sessions
from bartizan.access.flows.enrolment_state import Enrolment
from bartizan.access.flows.factors import TOTP_PURPOSE
from bartizan.access.flows.login import begin_login
from bartizan.access.flows.new_device import new_device
from bartizan.access.flows.outcome import Going
from bartizan.access.flows.parts import Parts, audited
from bartizan.access.flows.passwords import check_password
from bartizan.access.flows.visitor import Visitor
from bartizan.access.transactions import Underway
from bartizan.errors import AccessError, FactorError, RecordConflict
from bartizan.storage.records.entities import Credential, Device, Principal, new_id
from bartizan.storage.records.store import Transaction

__all__ = [
    "Progress",
    "add_passkey",
    "begin_totp",
    "confirm_totp",
    "finish_enrolment",
    "passkey_options",
    "progress",
    "set_password",
    "start_enrolment",
]

MAX_PASSKEYS = 5
RECOVERY_CODES = 10


class Progress(NamedTuple):
    """Who enrols, and what they have done."""

    person: Principal
    done: list[str]


async def start_enrolment(parts: Parts, visitor: Visitor, token: str) -> tuple[str, Underway[Enrolment]]:
    """Begin with the token of an invitation; returns the token of the enrolment.

    Raises ``AccessError`` (``invitation_invalid``) for one that is unknown, used or too old.
    """
    digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
    invitation = await parts.read(lambda tx: tx.invitations.by_digest(digest))
    if invitation is None or invitation.used is not None or invitation.expires <= parts.clock():
        raise _gone()
    enrolment = Enrolment(
        invitation=invitation.id,
        purpose=invitation.purpose,
        principal=invitation.principal,
        thumbprint=visitor.thumbprint,
        jwk=dict(visitor.jwk),
    )
    return await parts.enrolments.begin(enrolment)


async def progress(parts: Parts, underway: Underway[Enrolment]) -> Progress:
    """Return who enrols and what is done. Raises ``AccessError`` if they may not any more."""
    enrolment = underway.value
    person = await parts.read(lambda tx: tx.people.get(enrolment.principal))
    if person is None or not person.active:
        raise _gone()
    done = [
        name
        for name, there in (
            ("password", bool(enrolment.password)),
            ("webauthn", bool(enrolment.passkeys)),
            ("totp", enrolment.totp_step >= 0),
        )
        if there
    ]
    return Progress(person, done)


async def set_password(parts: Parts, underway: Underway[Enrolment], password: str) -> None:
    """Choose the password. Raises ``PasswordRefused`` with every reason."""
    person = (await progress(parts, underway)).person
    await check_password(parts, person, password)
    secret = await parts.hashed(lambda: parts.passwords.hash(password))
    await parts.enrolments.change(underway, lambda before: msgspec.structs.replace(before, password=secret))


async def begin_totp(parts: Parts, underway: Underway[Enrolment]) -> tuple[bytes, str]:
    """Return a secret for an authenticator app, and the name to show there. It is the same until it is confirmed."""
    person = (await progress(parts, underway)).person
    enrolment = underway.value
    context = person.id.encode()
    if enrolment.totp and enrolment.totp_step < 0:
        return parts.vault.open_sealed(TOTP_PURPOSE, enrolment.totp, context), person.name
    secret = totp.new_secret()
    sealed = parts.vault.seal(TOTP_PURPOSE, secret, context)
    await parts.enrolments.change(underway, lambda before: msgspec.structs.replace(before, totp=sealed, totp_step=-1))
    return secret, person.name


async def confirm_totp(parts: Parts, underway: Underway[Enrolment], code: str) -> None:
    """Show that the app has the secret. Raises ``FactorError`` for a wrong code."""
    await progress(parts, underway)

    def pay(before: Enrolment) -> Enrolment:
        if before.attempts <= 0:
            raise FactorError("no_attempts_left", "Too many wrong codes. Open the link again.")
        return msgspec.structs.replace(before, attempts=before.attempts - 1)

    enrolment = await parts.enrolments.change(underway, pay)
    if not enrolment.totp:
        raise AccessError("wrong_step", "There is no secret yet.")
    secret = parts.vault.open_sealed(TOTP_PURPOSE, enrolment.totp, enrolment.principal.encode())
    step = totp.match(secret, code, parts.clock(), -1)
    if step is None:
        raise FactorError("factor_refused", "That code is not right. Check the clock of your device.")
    await parts.enrolments.change(underway, lambda before: msgspec.structs.replace(before, totp_step=step))


async def passkey_options(parts: Parts, underway: Underway[Enrolment]) -> dict[str, object]:
    """Return ``publicKey`` for making a passkey."""
    person = (await progress(parts, underway)).person
    known = await parts.read(lambda tx: tx.credentials.of(person.id, "webauthn"))
    return await parts.webauthn.registration_options(
        person, [*known, *underway.value.passkeys], underway.digest.hex(), discoverable=True
    )


async def add_passkey(parts: Parts, underway: Underway[Enrolment], credential: object, label: str) -> None:
    """Keep a passkey that was made. Raises ``FactorError``."""
    person = (await progress(parts, underway)).person
    made = await parts.webauthn.verify_registration(
        credential, person, underway.digest.hex(), label=label, now=parts.clock()
    )

    def keep(before: Enrolment) -> Enrolment:
        if len(before.passkeys) >= MAX_PASSKEYS:
            raise AccessError("too_many", "There are enough passkeys. Add others later.")
        return msgspec.structs.replace(before, passkeys=(*before.passkeys, made))

    await parts.enrolments.change(underway, keep)


async def finish_enrolment(
    parts: Parts, visitor: Visitor, underway: Underway[Enrolment], label: str
) -> tuple[list[str], str, Underway[Authentication]]:
    """Put everything in force, once. Returns recovery codes, and a login with all that was proven by enrolling.

    Raises ``AccessError`` (``enrolment_incomplete``) while a login would not be possible with what there is, and
    (``invitation_invalid``) if somebody else used the invitation up.
    """
    person, done = await progress(parts, underway)
    _expect_enough(parts, person, done)
    codes = recovery.new_codes(RECOVERY_CODES)
    hashes = [recovery.hash_code(code) for code in codes]
    now, enrolment = parts.clock(), underway.value
    credentials = _credentials(enrolment, hashes, now)

    def enrol(tx: Transaction) -> tuple[Principal, Device]:
        if not tx.invitations.use(enrolment.invitation, now):
            raise _gone()
        if enrolment.purpose != "enrol":
            _replace(tx, enrolment.principal, now)
        elif tx.credentials.of(enrolment.principal):
            raise _gone()  # to replace what somebody has takes two administrators: that is a reset
        return _put_in_force(tx, visitor, enrolment, credentials, label, now)

    try:
        person, device = await parts.write(enrol)
    except RecordConflict as error:
        raise AccessError("device_not_accepted", "This device or passkey is enrolled already.") from error
    await parts.enrolments.finish(underway, lambda before: before)
    if enrolment.purpose != "enrol":
        await end_all_sessions(parts, person.id, enrolment.purpose, actor=person.id)
    proven = dict.fromkeys(done, now)  # a passkey that was made has not signed yet, so this is no AAL3
    token, login = await begin_login(parts, visitor, person, device, proven, Going(), password=credentials[0])
    return codes, token, login


def _expect_enough(parts: Parts, person: Principal, done: Sequence[str]) -> None:
    if "password" not in done:
        raise AccessError("enrolment_incomplete", "Choose a password first.")
    requirement = login_requirement(parts.access.groups, person.groups)
    counting = [name for name in requirement.counting if name in ("webauthn", "totp")]
    missing = min(requirement.count, max(1, len(counting))) - len(set(done).intersection(counting))
    if missing > 0:
        names = " or ".join({"webauthn": "a passkey", "totp": "an authenticator app"}[name] for name in counting)
        raise AccessError("enrolment_incomplete", f"A login takes {names or 'a passkey'} as well. Add it first.")


def _credentials(enrolment: Enrolment, codes: Sequence[bytes], now: float) -> list[Credential]:
    def credential(**values: object) -> Credential:
        return Credential(id=new_id(), principal=enrolment.principal, created=now, **values)  # type: ignore[arg-type]

    made = [credential(kind="password", secret=enrolment.password), *enrolment.passkeys]
    if enrolment.totp_step >= 0:
        made.append(credential(kind="totp", secret=enrolment.totp, data={"last_step": enrolment.totp_step}))
    made.extend(credential(kind="recovery", secret=code) for code in codes)
    return made


def _put_in_force(
    tx: Transaction,
    visitor: Visitor,
    enrolment: Enrolment,
    credentials: Sequence[Credential],
    label: str,
    now: float,
) -> tuple[Principal, Device]:
    person = tx.people.get(enrolment.principal)
    if person is None or not person.active:
        raise _gone()
    for credential in credentials:
        tx.credentials.add(credential)
    by = "invitation" if enrolment.purpose == "enrol" else "recovery"
    device = new_device(person.id, enrolment.thumbprint, enrolment.jwk, visitor, by=by, now=now, label=label)
    tx.devices.add(device)
    tx.people.update(msgspec.structs.replace(person, password_change=""))
    factors = " ".join(sorted({credential.kind for credential in credentials}))
    audited(
        tx,
        now,
        person.id,
        f"principal.{'enrolled' if enrolment.purpose == 'enrol' else 'recovered'}",
        target=device.id,
        address=visitor.address,
        factors=factors,
    )
    return person, device


def _replace(tx: Transaction, principal: str, now: float) -> None:
    """Take everything away that somebody else may have in hand."""
    for credential in tx.credentials.of(principal):
        tx.credentials.revoke(credential.id, now)
    for device in tx.devices.of(principal):
        tx.devices.set_status(device.id, "revoked")


def _gone() -> AccessError:
    return AccessError("invitation_invalid", "This link is not valid: it was used, is too old, or is not complete.")
