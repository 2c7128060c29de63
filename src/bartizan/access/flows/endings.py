"""Ends: of sessions, one or all; of a device's trust. In the shared state first, where every edge process looks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from bartizan.access.flows.parts import Parts, audited
from bartizan.access.sessions.model import Found
from bartizan.errors import RecordNotFound
from bartizan.storage.records.entities import Device, SessionRecord
from bartizan.storage.records.store import Transaction

__all__ = ["end_all_sessions", "end_session", "end_sessions", "log_out", "untrust_device"]


async def end_sessions(parts: Parts, sessions: Iterable[SessionRecord], reason: str, actor: str = "") -> int:
    """End sessions, now, on every edge process; returns how many. ``reason`` is a stable word, ``actor`` who did it."""
    ended = list(sessions)
    for session in ended:
        await parts.sessions.end(session.digest, reason)
    if ended:
        now = parts.clock()
        await parts.write(lambda tx: _note(tx, now, ended, reason, actor))
    return len(ended)


async def log_out(parts: Parts, found: Found, address: str) -> None:
    """End one session because its person wants to."""
    digest, session, principal = found.digest, found.session.id, found.session.principal
    await parts.sessions.end(digest, "logout")
    now = parts.clock()

    def note(tx: Transaction) -> None:
        tx.sessions.end(digest, now, "logout")
        audited(tx, now, principal, "session.ended", target=session, address=address, reason="logout")

    await parts.write(note)


async def end_all_sessions(
    parts: Parts, principal: str, reason: str, *, actor: str, besides: bytes | None = None
) -> int:
    """End all sessions of a person, but for the one with the digest ``besides``; returns how many."""
    live = await parts.read(lambda tx: tx.sessions.live(principal))
    await parts.write(lambda tx: tx.sessions.supersede(reason, principal=principal))
    return await end_sessions(parts, (each for each in live if each.digest != besides), reason, actor)


async def end_session(parts: Parts, session: str, *, owner: str, actor: str) -> None:
    """End the session with an id. Raises ``RecordNotFound`` if ``owner`` has no such session."""
    record = await parts.read(lambda tx: tx.sessions.get(session))
    if record is None or record.principal != owner:
        raise RecordNotFound("there is no such session")
    await end_sessions(parts, [record], "revoked", actor)


async def untrust_device(
    parts: Parts, device: str, status: Literal["quarantined", "revoked"], *, actor: str, owner: str | None = None
) -> Device:
    """Trust a device no more, and end its sessions. ``actor`` is who says so.

    Raises ``RecordNotFound`` if there is no such device, or none of ``owner`` where one is given.
    """
    now = parts.clock()

    def untrust(tx: Transaction) -> Device:
        found = tx.devices.get(device)
        if found is None or owner not in (None, found.principal):
            raise RecordNotFound("there is no such device")
        if tx.devices.set_status(device, status):
            audited(tx, now, actor, f"device.{status}", target=device, principal=found.principal)
        return found

    found = await parts.write(untrust)
    # Sessions are looked for only now: none can begin on a device that is not trusted.
    live = await parts.read(lambda tx: tx.sessions.live(device=device))
    await parts.write(lambda tx: tx.sessions.supersede(f"device_{status}", device=device))
    await end_sessions(parts, live, f"device_{status}", actor)
    return found


def _note(tx: Transaction, now: float, ended: Iterable[SessionRecord], reason: str, actor: str) -> None:
    for session in ended:
        tx.sessions.end(session.digest, now, reason)  # the follower of ends may have been quicker
        tx.sessions.supersede(reason, session=session.id)
        audited(tx, now, actor or session.principal, "session.ended", target=session.id, reason=reason)
