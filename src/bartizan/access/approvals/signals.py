"""What approvals and factors tell about an attack. ATT&CK names the techniques, OWASP's API2:2023 the weakness."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bartizan.errors import ClonedAuthenticator
from bartizan.pipeline import Actor, Signal
from bartizan.storage.records.entities import Approval

__all__ = ["cloned_authenticator", "refused", "too_many"]

OWASP = "API2:2023"
"""Broken Authentication."""
REQUEST_GENERATION = "T1621"
"""Multi-Factor Authentication Request Generation."""
DEVICE_REGISTRATION = "T1098.005"
"""Account Manipulation: Device Registration."""
INTERCEPTION = "T1111"
"""Multi-Factor Authentication Interception: of a security key's secret, too."""
VALID_ACCOUNTS = "T1078"
"""Valid Accounts: whoever asks has the password."""

_SEVERITY = {"not_me": 80, "last_miss": 60, "deny": 50}


def refused(approval: Approval, event: str, name: str) -> tuple[Signal, ...]:
    """Return what it tells that somebody did not agree.

    ``event``: ``deny``, ``not_me`` or ``last_miss``; ``name``: the person's. A login gives ``access.mfa_denied``, a new
    device ``access.device_denied``, what administrators decide nothing. Whoever asked had the right password.
    """
    if approval.kind == "login":
        signal = "access.mfa_denied"
        technique = VALID_ACCOUNTS if event == "not_me" else REQUEST_GENERATION
    elif approval.kind == "device":
        signal, technique = "access.device_denied", DEVICE_REGISTRATION
    else:
        return ()
    actors = tuple(_actors(name, approval.context, str(approval.data.get("device", ""))))
    return (
        Signal(
            signal,
            severity=_SEVERITY[event],
            technique=technique,
            owasp=OWASP,
            actors=actors,
            evidence={"because": event, "approval": approval.id},
        ),
    )


def too_many(name: str, kind: str, context: Mapping[str, str], count: int) -> Signal:
    """Return ``access.mfa_fatigue``: more is asked of a person than they are asked; ``count`` in the last hour."""
    return Signal(
        "access.mfa_fatigue",
        severity=60,
        technique=REQUEST_GENERATION,
        owasp=OWASP,
        actors=tuple(_actors(name, context)),
        evidence={"kind": kind, "count": count},
    )


def cloned_authenticator(error: ClonedAuthenticator, address: str) -> Signal:
    """Return ``access.cloned_authenticator``: somebody at ``address`` used a key of which there are two."""
    actors = (*_actors(error.name, {"address": address}), Actor("credential", error.credential))
    return Signal("access.cloned_authenticator", 80, technique=INTERCEPTION, owasp=OWASP, actors=actors)


def _actors(name: str, context: Mapping[str, str], device: str = "") -> Iterator[Actor]:
    yield Actor("principal", name)
    if address := context.get("address", ""):
        yield Actor("address", address)
    if device:
        yield Actor("device", device)
