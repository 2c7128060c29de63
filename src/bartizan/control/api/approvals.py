"""The inbox of approvals, and recovery, which is one of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from bartizan.access.approvals import Shown, asked_from
from bartizan.access.flows import inbox as flow
from bartizan.access.flows.recovery import ask_for_recovery
from bartizan.control.api.endpoint import Call, Empty, Endpoint, Form
from bartizan.control.api.login import Credential, Name, Password
from bartizan.control.api.problems import WrongNumber
from bartizan.storage.records.store import Transaction

__all__ = ["ENDPOINTS", "Id"]

Id = Annotated[str, Meta(min_length=1, max_length=64)]


class About(Form, frozen=True):
    """The id of an approval."""

    id: Id


class Decide(Form, frozen=True):
    """``number`` for what shows one elsewhere; ``credential``, a passkey's assertion, for a new device."""

    id: Id
    decision: Literal["approve", "deny", "not_me", "cancel"]
    number: Annotated[str, Meta(max_length=16)] = ""
    credential: Credential | None = None


class Recover(Form, frozen=True):
    """What somebody has who lost every device."""

    name: Name
    password: Password
    code: Annotated[str, Meta(min_length=1, max_length=64)]


async def approvals(call: Call, _: Empty) -> dict[str, Any]:
    """What waits for an answer on this device."""
    waiting = await flow.inbox(call.parts, call.session)
    here = asked_from(call.visitor.address, call.visitor.client, call.parts.place_of)
    own = call.session.session.principal
    others = sorted({each.principal for each in waiting if each.principal != own})
    names = await call.parts.read(lambda tx: {other: _name(tx, other) for other in others})
    return {"here": here, "approvals": [_shown(each, names.get(each.principal)) for each in waiting]}


async def options(call: Call, body: About) -> dict[str, Any]:
    """What ``navigator.credentials.get()`` needs to confirm a new device."""
    return {"publicKey": await flow.gesture_options(call.parts, call.session, body.id)}


async def decide(call: Call, body: Decide) -> dict[str, Any]:
    """Answer. After "this wasn't me" the password has to be changed."""
    answered = await flow.answer(
        call.parts,
        call.visitor,
        call.session,
        body.id,
        body.decision,
        number=body.number,
        credential=body.credential,
    )
    if answered.wrong_number:
        raise WrongNumber(answered.attempts_left)
    return {"step": "password"} if answered.change_password else {}


async def recover(call: Call, body: Recover) -> dict[str, Any]:
    """Ask for recovery; the answer is always the same."""
    wait = await ask_for_recovery(call.parts, call.visitor, body.name, body.password, body.code)
    return {"wait": int(wait)}


def _name(tx: Transaction, principal: str) -> str:
    person = tx.people.get(principal)
    return "" if person is None else person.name


def _shown(approval: Shown, name: str | None) -> dict[str, Any]:
    """Return what the page shows; ``name`` is that of another person, whom an administrator decides about."""
    said: dict[str, Any] = {
        "id": approval.id,
        "kind": approval.kind,
        "principal": approval.principal,
        "context": approval.context,
        "created": approval.created,
        "expires": approval.expires,
        "number": approval.kind in ("device", "login"),
        "approved": approval.approved,
        "mine": name is None,
    }
    if name is not None:
        said["name"] = name
    if approval.not_before:
        said["not_before"] = approval.not_before
    return said


ENDPOINTS = (
    Endpoint("approvals", approvals, Empty, "session", background=True),
    Endpoint("approvals/options", options, About, "session"),
    Endpoint("approvals/decide", decide, Decide, "session"),
    Endpoint("recover", recover, Recover, "nothing"),
)
