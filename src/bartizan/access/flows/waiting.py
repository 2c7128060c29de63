"""A new device waits until a trusted one confirms it, shows a number meanwhile, and is enrolled then.

Nobody can tell whether anybody is asked at all: the number is there before, and who has to be asked is asked after the
answer. That somebody refused is not told either; to the one who waits, nobody answered.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import msgspec

from bartizan.access.approvals import Asked, asked_from
from bartizan.access.authentication import Authentication, device_confirmed
from bartizan.access.factors.numbers import new_number
from bartizan.access.flows.lookup import NOBODY
from bartizan.access.flows.new_device import new_device
from bartizan.access.flows.notify import notify_devices
from bartizan.access.flows.parts import Parts, audited
from bartizan.access.flows.visitor import Visitor
from bartizan.access.transactions import Underway
from bartizan.errors import AccessError, RecordConflict
from bartizan.storage.records.entities import Approval, Device
from bartizan.storage.records.store import Transaction

__all__ = ["Waiting", "ask_for_device", "device_status", "recovery_asker"]


class Waiting(NamedTuple):
    """What is shown on the new device; ``expires_in`` is in seconds."""

    number: str
    expires_in: int


async def ask_for_device(parts: Parts, visitor: Visitor, underway: Underway[Authentication]) -> Waiting:
    """Have the person's trusted devices asked, if there is a person; asked again in time, the same number goes on."""
    lifetime = parts.access.devices.approval_lifetime
    now, number = parts.clock(), new_number()

    def ask(before: Authentication) -> Authentication:
        if before.phase != "device":
            raise AccessError("wrong_step", "This device is confirmed already.")
        if before.asked and now < before.asked + lifetime:
            return before
        return msgspec.structs.replace(before, asked=now, number=number, approval="")

    waiting = await parts.authentications.change(underway, ask)
    if waiting.asked == now and waiting.number == number:
        parts.later(_file(parts, visitor, Underway(underway.digest, waiting, underway.stored)))
    return Waiting(waiting.number, max(0, round(waiting.asked + lifetime - now)))


async def device_status(
    parts: Parts, visitor: Visitor, underway: Underway[Authentication]
) -> Literal["pending", "approved", "expired"]:
    """Return how it stands, for the device that waits; when it was confirmed, it is enrolled by this, once.

    Raises ``AccessError`` (``too_many_devices``, ``device_not_accepted``) where it cannot be enrolled after all.
    """
    authentication = underway.value
    if authentication.phase != "device":
        return "approved" if authentication.device else "expired"
    usable = await parts.read(lambda tx: _usable(tx, parts, visitor, underway))
    if usable is not None and await _enrol(parts, visitor, underway, *usable):
        return "approved"
    over = parts.clock() >= authentication.asked + parts.access.devices.approval_lifetime
    return "expired" if over or underway.value.phase == "ended" else "pending"


def recovery_asker(thumbprint: str) -> str:
    """Return what only the device that asked for a recovery can be: whoever proves its key."""
    return f"recovery/{thumbprint}"


async def _file(parts: Parts, visitor: Visitor, underway: Underway[Authentication]) -> None:
    """Ask, after the answer. For a decoy there is nobody to ask."""
    authentication = underway.value
    if not authentication.principal:
        return
    context = asked_from(visitor.address, visitor.client, parts.place_of)
    data: dict[str, Any] = {
        "thumbprint": authentication.thumbprint,
        "jwk": authentication.jwk,
        "authentication": underway.digest.hex(),
    }
    asked = await parts.write(
        lambda tx: parts.approvals.ask_device(
            tx,
            authentication.principal,
            underway.digest.hex(),
            context=context,
            data=data,
            number=authentication.number,
        )
    )
    if not isinstance(asked, Asked):
        for signal in asked.signals:
            parts.signals(signal, visitor.exchange)
        return
    number = authentication.number

    def note(before: Authentication) -> Authentication:
        return msgspec.structs.replace(before, approval=asked.id) if before.number == number else before

    await parts.authentications.change(underway, note)
    await notify_devices(parts, authentication.principal, "device", approval=asked.id)


def _usable(
    tx: Transaction, parts: Parts, visitor: Visitor, underway: Underway[Authentication]
) -> tuple[str, str] | None:
    """Return the approval that lets this device in, with its asker; the same is read for a decoy."""
    authentication, asker, now = underway.value, underway.digest.hex(), parts.clock()
    found = tx.approvals.get(authentication.approval or NOBODY)
    recoveries = tx.approvals.approved(authentication.principal or NOBODY, "recovery", now=now)
    if found is not None and parts.approvals.status(tx, found.id, asker) == "approved":
        return found.id, asker
    for recovery in recoveries:
        if recovery.data.get("thumbprint") == visitor.thumbprint and now >= recovery.not_before:
            return recovery.id, recovery_asker(visitor.thumbprint)
    return None


async def _enrol(parts: Parts, visitor: Visitor, underway: Underway[Authentication], approval: str, asker: str) -> bool:
    """Enrol the device by an approval; False if others were quicker, or it is over."""
    authentication = underway.value
    try:
        device = await parts.write(lambda tx: _trust(tx, parts, visitor, authentication, approval, asker))
    except AccessError as error:
        if error.code != "approval_gone":
            raise
        latest = await parts.authentications.by_digest(underway.digest)
        if latest is None or not latest.value.device:
            return False
        underway.value, underway.stored = latest.value, latest.stored
        return True
    except RecordConflict as error:
        raise AccessError("device_not_accepted", "This device belongs to another account.") from error
    await parts.authentications.change(underway, lambda before: device_confirmed(before, device.id))
    await notify_devices(parts, authentication.principal, "device_added", besides=device.id)
    return True


def _trust(
    tx: Transaction, parts: Parts, visitor: Visitor, authentication: Authentication, approval: str, asker: str
) -> Device:
    person = tx.people.get(authentication.principal)
    if person is None or not person.active:
        raise AccessError("login_refused", "This account cannot be used. Ask an administrator.")
    used: Approval = parts.approvals.use(tx, approval, asker)
    if used.data.get("thumbprint") != authentication.thumbprint:
        raise AccessError("device_not_accepted", "Another device was confirmed.")
    trusted = [device for device in tx.devices.of(person.id) if device.status == "trusted"]
    if len(trusted) >= parts.access.devices.per_person:
        raise AccessError("too_many_devices", "There are too many trusted devices. Remove one first.")
    now = parts.clock()
    by = "recovery" if used.kind == "recovery" else used.decided_by
    kind: Literal["browser", "client"] = "client" if authentication.client else "browser"
    device = new_device(person.id, authentication.thumbprint, authentication.jwk, visitor, by=by, now=now, kind=kind)
    tx.devices.add(device)
    audited(tx, now, person.id, "device.enrolled", target=device.id, address=visitor.address, by=by, approval=used.id)
    return device
