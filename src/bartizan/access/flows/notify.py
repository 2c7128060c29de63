"""Telling a person's trusted devices that something waits for them, or has happened."""

from __future__ import annotations

from typing import Literal, NamedTuple

from bartizan.access.factors.push import Message, drop_gone
from bartizan.access.flows.parts import Parts
from bartizan.storage.records.entities import Device
from bartizan.storage.records.store import Transaction

__all__ = ["MESSAGES", "Notice", "notify_devices"]

Notice = Literal["login", "device", "device_added", "recovery", "recovery_codes", "credential_added"]
DAY = 86_400.0


class _Text(NamedTuple):
    kind: Literal["login", "device", "recovery", "account"]
    title: str
    body: str
    ttl: float
    """Seconds that a push service keeps it for a device that is away."""


MESSAGES: dict[Notice, _Text] = {
    "login": _Text("login", "Is it you who logs in?", "Open to see from where, and to answer.", 60.0),
    "device": _Text("device", "Is this new device yours?", "Open to see from where it asks, and to answer.", 120.0),
    "device_added": _Text("account", "A new device was added", "If you did not do that, remove it now.", DAY),
    "recovery": _Text(
        "recovery",
        "Somebody asks to recover your account",
        "They used one of your recovery codes. If it was not you, stop it now.",
        DAY,
    ),
    "credential_added": _Text("account", "A new way to log in", "If you did not add it, remove it now.", DAY),
    "recovery_codes": _Text("account", "New recovery codes", "If you did not make them, look at your account.", DAY),
}


async def notify_devices(
    parts: Parts, principal: str, notice: Notice, *, approval: str = "", besides: str = ""
) -> None:
    """Send a message to every trusted device of a person that has subscribed, but for the one with id ``besides``."""
    text = MESSAGES[notice]
    devices = await parts.read(lambda tx: _asked(tx, principal, besides))
    if not devices:
        return
    message = Message(kind=text.kind, title=text.title, body=text.body, approval=approval)
    deliveries = await parts.pusher.notify(devices, message, text.ttl)
    if any(delivery.status == "gone" for delivery in deliveries.values()):
        await parts.write(lambda tx: drop_gone(tx, devices, deliveries))


def _asked(tx: Transaction, principal: str, besides: str) -> list[Device]:
    return [
        device
        for device in tx.devices.of(principal)
        if device.status == "trusted" and device.push is not None and device.id != besides
    ]
