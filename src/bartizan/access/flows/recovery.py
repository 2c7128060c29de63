"""Every trusted device is lost: name, password and a recovery code ask administrators to trust this device.

An administrator agrees, a waiting period goes by, all devices of the person are told and may stop it. Then a login on
this very device, with the same key, need not be confirmed by another. Whatever was wrong, the answer is the same, and
takes as long.
"""

from __future__ import annotations

from bartizan.access.approvals import asked_from
from bartizan.access.factors import recovery
from bartizan.access.flows.alarms import alarm, count_failure
from bartizan.access.flows.login import admit
from bartizan.access.flows.lookup import Known, look_up
from bartizan.access.flows.notify import notify_devices
from bartizan.access.flows.parts import Parts, tried
from bartizan.access.flows.visitor import Visitor
from bartizan.access.flows.waiting import recovery_asker
from bartizan.access.names import normalised_name
from bartizan.storage.records.entities import Credential, Principal
from bartizan.storage.records.store import Transaction

__all__ = ["ask_for_recovery"]


async def ask_for_recovery(parts: Parts, visitor: Visitor, name: str, password: str, code: str) -> float:
    """Ask; returns the waiting period in seconds, whether anything was asked or not. Raises ``TooManyAttempts``."""
    account = normalised_name(name)
    known = await parts.read(lambda tx: look_up(tx, account, visitor.thumbprint, parts.stand_in))
    await admit(parts, visitor, account, None)
    secret = known.password.secret if known.password else None
    right = await parts.hashed(lambda: parts.passwords.verify(secret, password), is_guess=True)
    match = recovery.find(code, known.codes)
    person = known.person if right and match is not None and known.device is None else None
    person = person if person is not None and person.active else None
    await parts.write(lambda tx: _note(tx, parts, visitor, known, right=person is not None))
    await count_failure(parts, visitor, "access.login_failures", account)
    if person is not None and match is not None:
        parts.later(_file(parts, visitor, person, match))
    return parts.access.devices.recovery_wait


def _note(tx: Transaction, parts: Parts, visitor: Visitor, known: Known, *, right: bool) -> None:
    actor = known.person.id if known.person else "unknown"
    tried(tx, parts.clock(), actor, "recovery.asked", right=right, address=visitor.address)


async def _file(parts: Parts, visitor: Visitor, person: Principal, code: Credential) -> None:
    """Use the code up, ask, and tell every device; after the answer."""
    context = asked_from(visitor.address, visitor.client, parts.place_of)
    data = {"thumbprint": visitor.thumbprint, "jwk": dict(visitor.jwk)}

    def ask(tx: Transaction) -> str | None:
        if not tx.credentials.claim_once(code.id, parts.clock()):
            return None
        asker = recovery_asker(visitor.thumbprint)
        return parts.approvals.ask_recovery(tx, person.id, asker, context=context, data=data).id

    approval = await parts.write(ask)
    if approval is not None:
        alarm(parts, visitor, "access.recovery_asked", principal=person.name)
        await notify_devices(parts, person.id, "recovery", approval=approval)
