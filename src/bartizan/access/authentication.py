"""An authentication: how somebody comes to be logged in, or proves anew who they are. A state machine without I/O.

    phase      event               next phase
    device     device_confirmed    what is still needed
    device     revoked             device, as a decoy: whoever waits is not told
    factor     attempt             factor
    factor     failed              factor; ended if that was the last attempt
    factor     proven              what is still needed
    password   password_changed    what is still needed
    done       finished            ended
    others     revoked             ended

"What is still needed" is, in this order: factors (``factor``), a new password (``password``), nothing (``done``). So
nobody changes a password with the old one alone, and nothing is asked before a device is trusted.

Rules:
- A login takes the password or a passkey, and as many additional factors as the strictest of the person's groups asks
  for, at least one. A passkey is one of them, if it counts there. No configuration makes it less than AAL2.
- A re-authentication takes one factor of those that are good enough for what it is for.
- Every guess is paid for before it is checked, so that guesses at the same time are no more than one after the other.
- It belongs to one device: every request of it has to come with a proof of the same key.
- A decoy is an authentication of nobody, in phase ``device``: it looks like one that waits, and never goes on.

What is changed here is only a value; ``transactions.py`` keeps it, so that of two requests at once one wins.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Literal, TypeAlias

import msgspec

from bartizan.access.assurance import ADDITIONAL, assurance
from bartizan.config.model import GroupRules
from bartizan.errors import AccessError, FactorError

__all__ = [
    "Authentication",
    "Phase",
    "Requirement",
    "attempt",
    "available",
    "device_confirmed",
    "failed",
    "finished",
    "level",
    "login_requirement",
    "needed",
    "password_changed",
    "proven",
    "reauth_requirement",
    "revoked",
]

Phase = Literal["device", "factor", "password", "done", "ended"]
Event = Literal["device_confirmed", "attempt", "failed", "proven", "password_changed", "finished", "revoked"]


class Requirement(msgspec.Struct, frozen=True, array_like=True):
    """What has to be proven: ``count`` of the factors ``counting``; for a login besides the password or a passkey."""

    count: int
    counting: tuple[str, ...]


class Authentication(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to log in or to prove anew who one is. Times are Unix seconds."""

    purpose: Literal["login", "reauth"]
    phase: Phase
    principal: str
    """Its id; empty for a decoy."""
    thumbprint: str
    """Of the key of the device that it belongs to."""
    requirement: Requirement
    attempts: int
    """How many guesses there may still be."""
    created: float
    jwk: dict[str, str] = {}
    """The device's key, while it is to be enrolled."""
    device: str = ""
    """The id of the trusted device; empty until there is one."""
    proven: dict[str, float] = {}
    """When each factor was proven."""
    device_bound: bool = False
    """The WebAuthn key that was used cannot leave its authenticator."""
    change: str = ""
    """Why the password has to be changed first, or empty."""
    next: str = "/"
    """Where the person goes afterwards, a path."""
    held: bool = False
    """A POST of theirs waits."""
    approval: str = ""
    """The approval of the device that is waited for; for a decoy the id of none."""
    number: str = ""
    """What is shown on the new device and entered on the trusted one."""
    asked: float = 0.0
    """When the device began to wait for it."""
    push: str = ""
    """The approval of the login by push that is waited for."""
    session: bytes = b""
    """Of a re-authentication: the digest of the session that it is for."""
    handle: str = ""
    """The same session's handle, which its next token has too."""
    client: bool = False
    """An API client, which gets an access token instead of a cookie."""


Change: TypeAlias = Callable[[Authentication], Phase]


def needed(authentication: Authentication) -> int:
    """Return how many factors still have to be proven."""
    requirement, shown = authentication.requirement, authentication.proven
    counted = sum(1 for factor in requirement.counting if factor in shown)
    missing = max(0, requirement.count - counted)
    if authentication.purpose == "login" and "password" not in shown and "webauthn" not in shown:
        missing += 1
    return missing


def available(authentication: Authentication, possessed: Collection[str]) -> list[str]:
    """Return the factors that can be proven next, the strongest first; ``possessed`` are those that the person has."""
    order = (*ADDITIONAL, "password")
    counting = authentication.requirement.counting
    return [name for name in order if name in counting and name in possessed and name not in authentication.proven]


def level(authentication: Authentication) -> int:
    """Return the AAL of what was proven."""
    return assurance(authentication.proven, device_bound=authentication.device_bound)


def login_requirement(rules: Sequence[GroupRules], groups: Collection[str]) -> Requirement:
    """Return what a login of a member of ``groups`` takes: of several rules the strictest.

    The most factors that a rule asks for, and only such as every rule counts. If no factor is left that all of them
    count it is WebAuthn, the strongest; if fewer are left than are asked for, the password has to be one, so that a
    passkey alone does not do. A recovery code stands for any factor, but only where no rule restricts them.
    """
    mine = [rule for rule in rules if rule.name in groups]
    count = max((rule.additional_factors for rule in mine), default=1)
    lists = [set(rule.factors) for rule in mine if rule.factors]
    if not lists:
        return Requirement(count, ADDITIONAL)
    common = set.intersection(*(set(each) for each in lists)) or {"webauthn"}
    counting = tuple(name for name in ADDITIONAL if name in common)
    return Requirement(count, counting if count <= len(counting) else (*counting, "password"))


def reauth_requirement(login: Requirement, factor: str, *, aal: int, suspicious: bool) -> Requirement:
    """Return what proving anew takes, in a session of level ``aal``, for a rule that asks for ``factor``.

    ``any`` is any factor that counts at login, or the password. A session of AAL3 is renewed by WebAuthn, as SP
    800-63B-4 section 2.3.3 asks for what was asked at first; one about which something is ``suspicious`` not by the
    password, which whoever has the session may have as well.
    """
    if factor != "any":
        return Requirement(1, (factor,))
    if aal >= 3:
        return Requirement(1, ("webauthn",))
    others = tuple(name for name in login.counting if name != "password")
    return Requirement(1, others if suspicious else (*others, "password"))


def device_confirmed(authentication: Authentication, device: str) -> Authentication:
    """A trusted device confirmed this one, which is enrolled as ``device``."""
    if not authentication.principal:
        raise AccessError("device_refused", "This device was not confirmed.")
    return _go(authentication, "device_confirmed", device=device, jwk={}, approval="", number="")


def attempt(authentication: Authentication, factor: str) -> Authentication:
    """Pay for a guess before it is checked; ``proven`` gives the payment back.

    Raises ``FactorError`` for a factor that does not count or has been proven, and when there are no attempts left.
    """
    if authentication.attempts <= 0:
        raise FactorError("no_attempts_left", "Too many wrong answers. Begin anew.")
    if factor not in authentication.requirement.counting or factor in authentication.proven:
        raise FactorError("factor_not_accepted", "This is not accepted here. Choose another way.")
    return _go(authentication, "attempt", attempts=authentication.attempts - 1)


def failed(authentication: Authentication) -> Authentication:
    """A guess that was paid for was wrong."""
    return _go(authentication, "failed")


def proven(
    authentication: Authentication, factor: str, when: float, *, device_bound: bool = False, paid: bool = True
) -> Authentication:
    """A factor was proven ``when``; ``paid`` for by ``attempt``, or agreed to elsewhere."""
    return _go(
        authentication,
        "proven",
        attempts=authentication.attempts + paid,
        proven={**authentication.proven, factor: when},
        device_bound=authentication.device_bound or (factor == "webauthn" and device_bound),
        push="",
    )


def password_changed(authentication: Authentication) -> Authentication:
    """The password was changed."""
    return _go(authentication, "password_changed", change="")


def finished(authentication: Authentication) -> Authentication:
    """It has been made use of; that happens once."""
    return _go(authentication, "finished")


def revoked(authentication: Authentication) -> Authentication:
    """It leads nowhere any more, whatever it waited for."""
    if authentication.phase == "device":
        return _go(authentication, "revoked", principal="")
    return authentication if authentication.phase == "ended" else _go(authentication, "revoked")


def settle(authentication: Authentication) -> Phase:
    """Return the phase that follows from what is still needed."""
    if not authentication.device:
        return "device"
    if needed(authentication):
        return "factor"
    return "password" if authentication.change else "done"


def _ended(_: Authentication) -> Phase:
    return "ended"


def _device(_: Authentication) -> Phase:
    return "device"


def _factor(_: Authentication) -> Phase:
    return "factor"


def _factor_or_ended(authentication: Authentication) -> Phase:
    return "factor" if authentication.attempts else "ended"


_TABLE: dict[tuple[Phase, Event], Change] = {
    ("device", "device_confirmed"): settle,
    ("device", "revoked"): _device,
    ("factor", "attempt"): _factor,
    ("factor", "failed"): _factor_or_ended,
    ("factor", "proven"): settle,
    ("password", "password_changed"): settle,
    ("done", "finished"): _ended,
    ("factor", "revoked"): _ended,
    ("password", "revoked"): _ended,
    ("done", "revoked"): _ended,
}


def _go(authentication: Authentication, event: Event, **changes: object) -> Authentication:
    change = _TABLE.get((authentication.phase, event))
    if change is None:
        raise AccessError("wrong_step", "This is not what comes next. Begin anew.")
    changed = msgspec.structs.replace(authentication, **changes)
    return msgspec.structs.replace(changed, phase=change(changed))
