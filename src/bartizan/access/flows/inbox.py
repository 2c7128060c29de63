"""The inbox of approvals: what waits for somebody's answer on this device, and what follows from the answer."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from bartizan.access.approvals import Decider, Decision, Shown, Verdict
from bartizan.access.authentication import revoked
from bartizan.access.factors.webauthn import record_use
from bartizan.access.factors.webauthn_json import read_assertion
from bartizan.access.flows.challenge import RECENT, Challenge
from bartizan.access.flows.endings import end_sessions
from bartizan.access.flows.factors import cloned
from bartizan.access.flows.parts import Parts, audited
from bartizan.access.flows.reauth import is_fresh
from bartizan.access.flows.visitor import Visitor
from bartizan.access.sessions.model import Found, Session
from bartizan.errors import AccessError, ClonedAuthenticator, FactorError
from bartizan.storage.records.entities import Approval, Credential, Principal
from bartizan.storage.records.store import Transaction

__all__ = ["Answered", "answer", "gesture_options", "inbox", "waiting_count"]


class Answered(NamedTuple):
    """What came of an answer. ``change_password``: somebody else has it."""

    wrong_number: bool = False
    attempts_left: int = 0
    change_password: bool = False


async def inbox(parts: Parts, found: Found) -> list[Shown]:
    """Return what can be answered in this session, the oldest first."""
    decider = _decider(parts, found.session)
    return await parts.read(lambda tx: parts.approvals.inbox(tx, decider))


async def waiting_count(parts: Parts, session: Session) -> int:
    """Return how many requests wait for an answer on this device."""
    decider = _decider(parts, session)
    return await parts.read(lambda tx: len(parts.approvals.inbox(tx, decider)))


async def gesture_options(parts: Parts, found: Found, approval: str) -> dict[str, object]:
    """Return ``publicKey`` for the gesture with which a new device is confirmed; it is good for this approval only.

    Raises ``FactorError`` for somebody who has no passkey: they add one first.
    """
    keys = await parts.read(lambda tx: tx.credentials.of(found.session.principal, "webauthn"))
    if not keys:
        raise FactorError("factor_not_accepted", "A new device is confirmed with a passkey. Add one first.")
    return await parts.webauthn.authentication_options("approve", _scope(found, approval), keys)


async def answer(
    parts: Parts,
    visitor: Visitor,
    found: Found,
    approval: str,
    verdict: Verdict,
    *,
    number: str = "",
    credential: object = None,
) -> Answered:
    """Answer a request; ``credential`` is the gesture as the browser sent it.

    Raises ``AccessError`` for what cannot be answered, or was meanwhile, ``FactorError`` for a gesture that fails.
    """
    session = found.session
    about = await parts.read(lambda tx: tx.approvals.get(approval))
    if about is not None and about.principal != session.principal and verdict == "approve":
        _expect_fresh(parts, session)
    if credential is not None:
        await _gesture(parts, visitor, found, approval, credential)
    decider = _decider(parts, session, gesture=credential is not None)
    decision = await parts.write(lambda tx: _decide(tx, parts, visitor, approval, verdict, decider, number))
    for signal in decision.signals:
        parts.signals(signal, visitor.exchange)
    if decision.event == "gone":
        raise AccessError("approval_gone", "This request was answered already, or has expired.")
    if decision.password_change:
        await _not_me(parts, decision.approval)
    return Answered(
        wrong_number=decision.event in ("miss", "last_miss"),
        attempts_left=decision.attempts_left,
        change_password=decision.password_change,
    )


def _expect_fresh(parts: Parts, session: Session) -> None:
    """An administrator lets somebody in: with a passkey that was used just now."""
    if not is_fresh(session, "webauthn", RECENT, parts.clock()):
        raise Challenge("reauth_required", "Use your passkey first.", factor="webauthn", max_age=RECENT)


def _decider(parts: Parts, session: Session, *, gesture: bool = False) -> Decider:
    administrator = parts.access.administrators in session.groups
    return Decider(principal=session.principal, device=session.device, administrator=administrator, gesture=gesture)


def _scope(found: Found, approval: str) -> str:
    return f"{found.session.id}/{approval}"


async def _gesture(parts: Parts, visitor: Visitor, found: Found, approval: str, credential: object) -> None:
    assertion = read_assertion(credential)

    def look_up(tx: Transaction) -> tuple[Credential | None, Principal | None]:
        return tx.credentials.by_handle(assertion.id), tx.people.get(found.session.principal)

    known, person = await parts.read(look_up)
    try:
        used = await parts.webauthn.verify_authentication(
            assertion, known, person, purpose="approve", transaction=_scope(found, approval), named=True
        )
        now = parts.clock()
        await parts.write(lambda tx: record_use(tx, used, now))
    except ClonedAuthenticator as error:
        await cloned(parts, visitor, error)
        raise


def _decide(
    tx: Transaction, parts: Parts, visitor: Visitor, approval: str, verdict: Verdict, decider: Decider, number: str
) -> Decision:
    decision = parts.approvals.answer(tx, approval, verdict, decider, number)
    about, now = decision.approval, parts.clock()
    device = tx.devices.get(decider.device)
    if device is None or device.status != "trusted":
        raise AccessError("device_not_trusted", "This device is not trusted any more. Ask an administrator.")
    if decision.event != "gone":
        audited(
            tx,
            now,
            decider.principal,
            f"approval.{decision.event}",
            target=about.id,
            address=visitor.address,
            kind=about.kind,
            principal=about.principal,
        )
    if decision.password_change:
        person = tx.people.get(about.principal)
        if person is not None:
            tx.people.update(msgspec.structs.replace(person, password_change="compromised"))  # noqa: S106 - why, not what
    return decision


async def _not_me(parts: Parts, approval: Approval) -> None:
    """End the login that asked, and the sessions of the device that it was on."""
    digest = approval.data.get("authentication", "")
    underway = await parts.authentications.by_digest(bytes.fromhex(digest)) if digest else None
    if underway is not None:
        await parts.authentications.change(underway, revoked)
    device = approval.data.get("device", "")
    if device:
        live = await parts.read(lambda tx: tx.sessions.live(device=device))
        await end_sessions(parts, live, "not_me", approval.principal)
