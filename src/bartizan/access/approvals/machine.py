"""The life of an approval, without records and without a clock.

What happens to one, and what it is then. Everything else is refused.

======== ============= ======== =====================================================================================
is       event         becomes  when
======== ============= ======== =====================================================================================
pending  approve       approved the number is right, where the kind has one, and whoever decides may
pending  miss          pending  the number is wrong, for the first or second time
pending  last_miss     denied   the number is wrong for the third time
pending  deny          denied   by whoever may approve; also a requester who takes it back (reset)
pending  not_me        denied   "this wasn't me": the caller ends the login, and the password has to be changed
pending  cancel        denied   recovery only: by any trusted device of the person, or an administrator
pending  supersede     expired  whoever asked asks anew
pending  end           expired  ``expires`` has come
approved cancel        denied   recovery only, as above, until it is used
approved use           used     once, by whoever asked, from ``not_before`` on
approved end           expired  ``USE_GRACE`` after ``expires``
======== ============= ======== =====================================================================================

denied, expired and used are final. Who may decide depends on the kind (``KINDS``):

- device: the person, on another device that is trusted, with a fresh WebAuthn gesture and the number.
- login: the person, on another device that is trusted, with the number.
- recovery: an administrator who is not the person. The person's trusted devices may cancel it.
- reset: an administrator who is neither the person nor whoever requested it (dual control).

Every answer with a number counts, before it is compared, so that answers sent at the same moment share three attempts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from bartizan.access.factors.numbers import same_number
from bartizan.errors import AccessError
from bartizan.storage.records.approvals import USE_GRACE
from bartizan.storage.records.entities import Approval, ApprovalKind, ApprovalStatus

__all__ = ["KINDS", "MAX_ATTEMPTS", "Decider", "Event", "Rules", "Verdict", "check_may", "event_of", "next_status",
           "status_at"]  # fmt: skip

MAX_ATTEMPTS = 3

Verdict = Literal["approve", "deny", "not_me", "cancel"]
"""What somebody says."""
Event = Literal["approve", "miss", "last_miss", "deny", "not_me", "cancel", "supersede", "end", "use"]
"""What happens."""


class Rules(NamedTuple):
    """What holds for a kind."""

    by: Literal["device", "administrator"]
    verdicts: frozenset[Verdict]
    number: bool = False
    gesture: bool = False


KINDS: Mapping[ApprovalKind, Rules] = {
    "device": Rules("device", frozenset({"approve", "deny", "not_me"}), number=True, gesture=True),
    "login": Rules("device", frozenset({"approve", "deny", "not_me"}), number=True),
    "recovery": Rules("administrator", frozenset({"approve", "deny", "cancel"})),
    "reset": Rules("administrator", frozenset({"approve", "deny"})),
}

TRANSITIONS: Mapping[tuple[ApprovalStatus, Event], ApprovalStatus] = {
    ("pending", "approve"): "approved",
    ("pending", "miss"): "pending",
    ("pending", "last_miss"): "denied",
    ("pending", "deny"): "denied",
    ("pending", "not_me"): "denied",
    ("pending", "cancel"): "denied",
    ("pending", "supersede"): "expired",
    ("pending", "end"): "expired",
    ("approved", "cancel"): "denied",
    ("approved", "use"): "used",
    ("approved", "end"): "expired",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider:
    """Who decides, as their session says. ``device`` is the id of the trusted device they do it on.

    ``gesture``: they used a WebAuthn key just now, for this approval.
    """

    principal: str
    device: str
    administrator: bool = False
    gesture: bool = False


def next_status(approval: Approval, event: Event, now: float) -> ApprovalStatus | None:
    """Return what the approval becomes, or None if the event is none for it at ``now`` (Unix seconds)."""
    if event == "use" and now < approval.not_before:
        return None
    if event == "cancel" and "cancel" not in KINDS[approval.kind].verdicts:
        return None
    return TRANSITIONS.get((status_at(approval, now), event))


def status_at(approval: Approval, now: float) -> ApprovalStatus:
    """Return the status, with the event ``end`` if its time has come."""
    end = approval.expires + (USE_GRACE if approval.status == "approved" else 0.0)
    return TRANSITIONS.get((approval.status, "end"), approval.status) if now >= end else approval.status


def event_of(approval: Approval, verdict: Verdict, number: str, attempt: int) -> Event:
    """Return what it is that somebody says. ``attempt`` counts answers with a number, this one included, from 1."""
    if verdict != "approve" or not KINDS[approval.kind].number:
        return verdict
    if attempt <= MAX_ATTEMPTS and same_number(approval.secret, number):
        return "approve"
    return "miss" if attempt < MAX_ATTEMPTS else "last_miss"


def check_may(approval: Approval, verdict: Verdict, decider: Decider) -> None:
    """Return if ``decider`` may say that; raises ``AccessError`` otherwise."""
    rules = KINDS[approval.kind]
    if verdict not in rules.verdicts:
        raise AccessError("approval_verdict", "This cannot be answered so.")
    its_person = decider.principal == approval.principal
    if rules.by == "device":
        if not its_person or not decider.device:
            raise AccessError("approval_not_found", "There is no such request.")
        if decider.device == approval.data.get("device"):
            raise AccessError("approval_same_device", "Answer on another device than the one that asks.")
        if rules.gesture and verdict == "approve" and not decider.gesture:
            raise AccessError("approval_gesture", "Use your passkey or security key to confirm a new device.")
        return
    if verdict == "cancel" and its_person and decider.device:
        return
    if not decider.administrator:
        raise AccessError("approval_not_found", "There is no such request.")
    if its_person:
        raise AccessError("approval_own", "Somebody else has to decide about your own account.")
    if approval.kind == "reset" and verdict == "approve" and decider.principal == approval.requested_by:
        raise AccessError("approval_dual_control", "Another administrator than the one who asked has to agree.")
