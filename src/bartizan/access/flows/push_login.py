"""Push approval of a login: another trusted device of the person is asked, and has to be told the number."""

from __future__ import annotations

from typing import Literal

import msgspec

from bartizan.access import authentication as steps
from bartizan.access.approvals import Asked, TooMany, asked_from
from bartizan.access.authentication import Authentication
from bartizan.access.flows.notify import notify_devices
from bartizan.access.flows.parts import Parts
from bartizan.access.flows.visitor import Visitor
from bartizan.access.flows.waiting import Waiting
from bartizan.access.transactions import Underway
from bartizan.errors import AccessError, FactorError, TooManyAttempts
from bartizan.storage.records.store import Transaction

__all__ = ["ask_for_push", "push_status"]


async def ask_for_push(parts: Parts, visitor: Visitor, underway: Underway[Authentication]) -> tuple[str, Waiting]:
    """Ask; returns the id of the approval and what is shown here. An earlier request of this login ends.

    Raises ``FactorError`` where push does not count, ``TooManyAttempts`` if the person was asked too often.
    """
    authentication = underway.value
    if authentication.phase != "factor":
        raise AccessError("wrong_step", "This is not what comes next. Begin anew.")
    if "push" not in authentication.requirement.counting or "push" in authentication.proven:
        raise FactorError("factor_not_accepted", "This is not accepted here. Choose another way.")
    context = asked_from(visitor.address, visitor.client, parts.place_of)
    digest = underway.digest.hex()

    def ask(tx: Transaction) -> Asked | TooMany:
        devices = tx.devices.of(authentication.principal)
        if not any(device.status == "trusted" and device.id != authentication.device for device in devices):
            raise FactorError("factor_not_accepted", "There is no other trusted device. Choose another way.")
        return parts.approvals.ask_login(
            tx,
            authentication.principal,
            digest,
            context=context,
            device=authentication.device,
            data={"authentication": digest},
        )

    asked = await parts.write(ask)
    if not isinstance(asked, Asked):
        for signal in asked.signals:
            parts.signals(signal, visitor.exchange)
        raise TooManyAttempts(asked.retry_after)
    await parts.authentications.change(underway, lambda before: msgspec.structs.replace(before, push=asked.id))
    parts.later(
        notify_devices(parts, authentication.principal, "login", approval=asked.id, besides=authentication.device)
    )
    return asked.id, Waiting(asked.number, max(0, round(asked.expires - parts.clock())))


async def push_status(
    parts: Parts, underway: Underway[Authentication]
) -> Literal["pending", "approved", "denied", "expired"]:
    """Return how it stands; when it was agreed to, the factor is proven by this, once."""
    approval, asker = underway.value.push, underway.digest.hex()
    if underway.value.phase == "ended":
        return "denied"
    if not approval:
        return "approved" if "push" in underway.value.proven else "expired"
    status = await parts.read(lambda tx: parts.approvals.status(tx, approval, asker))
    if status == "approved":
        await parts.write(lambda tx: parts.approvals.use(tx, approval, asker))
        now = parts.clock()
        await parts.authentications.change(underway, lambda before: steps.proven(before, "push", now, paid=False))
        return "approved"
    return "denied" if status == "denied" else "pending" if status == "pending" else "expired"
