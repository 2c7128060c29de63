"""The signals that flows raise, in one table: how bad each is, and what ATT&CK calls it.

Those about approvals and copied keys are in ``access.approvals.signals``.
"""

from __future__ import annotations

from typing import NamedTuple

from bartizan.access.flows.parts import Parts
from bartizan.access.flows.visitor import Visitor
from bartizan.access.sessions.model import digest_of
from bartizan.pipeline import Actor, Signal
from bartizan.storage.records.entities import Device

__all__ = ["ALARMS", "FAILURES", "alarm", "alarm_of_device", "count_failure"]


class _Alarm(NamedTuple):
    severity: int
    technique: str
    owasp: str = "API2:2023"


ALARMS = {
    "access.login_failures": _Alarm(40, "T1110.001"),  # Brute Force: Password Guessing
    "access.factor_failures": _Alarm(50, "T1110.001"),
    "access.throttled": _Alarm(40, "T1110", "API4:2023"),
    "access.unknown_device": _Alarm(50, "T1078"),  # Valid Accounts
    "access.code_replayed": _Alarm(60, "T1111"),  # Multi-Factor Authentication Interception
    "access.proof_replayed": _Alarm(60, "T1550"),  # Use Alternate Authentication Material
    "access.foreign_device": _Alarm(60, "T1078"),  # a device that somebody else enrolled
    "access.cookie_stolen": _Alarm(90, "T1539"),  # Steal Web Session Cookie
    "access.recovery_asked": _Alarm(50, "T1098"),  # Account Manipulation
}
FAILURES = 5
"""After so many failures of one account or address within ``WINDOW`` there is a signal, and after as many again."""
WINDOW = 900.0  # seconds


def alarm(
    parts: Parts,
    visitor: Visitor,
    name: str,
    *,
    principal: str = "",
    device: str = "",
    session: str = "",
    **evidence: str | int,
) -> None:
    """Raise a signal of ``ALARMS``; ``principal`` is the name of a person that exists, the others are ids."""
    kind = ALARMS[name]
    about = (
        Actor("address", visitor.address),
        Actor("network", visitor.network),
        Actor("ja4", visitor.ja4),
        Actor("principal", principal),
        Actor("device", device),
        Actor("session", session),
    )
    signal = Signal(
        name,
        kind.severity,
        technique=kind.technique,
        owasp=kind.owasp,
        actors=tuple(actor for actor in about if actor.value),
        evidence=evidence,
    )
    parts.signals(signal, visitor.exchange)


def alarm_of_device(parts: Parts, visitor: Visitor, known: Device | None, principal: str) -> None:
    """Raise the signal that somebody with the right secret is on a device that ``principal`` does not trust.

    ``known`` is that device, if somebody else has enrolled it.
    """
    name = "access.unknown_device" if known is None else "access.foreign_device"
    alarm(parts, visitor, name, principal=principal, device=known.id if known else "")


async def count_failure(parts: Parts, visitor: Visitor, name: str, account: str, *, principal: str = "") -> None:
    """Count a failure of an account, known or not, and of its client's address; raise ``name`` when they are many.

    ``account`` is what was typed as a name: it may be a password typed in the wrong place, so only its digest is kept.
    """
    for kind, about in (("account", account), ("address", visitor.address)):
        if about:
            key = b"access/failures/%b/%b" % (kind.encode(), digest_of(f"{name}/{about}"))
            count = await parts.state.increment(key, ttl=WINDOW)
            if count % FAILURES == 0:
                alarm(parts, visitor, name, principal=principal, failures=count, counted=kind)
