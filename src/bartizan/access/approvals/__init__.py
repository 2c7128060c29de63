"""What a person or an administrator has to agree to: a new device, a login, a recovery, a reset; see ``machine``."""

from bartizan.access.approvals.context import PlaceOf, asked_from, no_place
from bartizan.access.approvals.machine import Decider, Verdict
from bartizan.access.approvals.messages import message_about
from bartizan.access.approvals.service import Approvals, Asked, Decision, Shown, TooMany

__all__ = [
    "Approvals",
    "Asked",
    "Decider",
    "Decision",
    "PlaceOf",
    "Shown",
    "TooMany",
    "Verdict",
    "asked_from",
    "message_about",
    "no_place",
]
