"""What devices are told of a request, by Web Push. What it is about stands on the approvals page; here is the gist."""

from __future__ import annotations

from collections.abc import Mapping

from bartizan.access.factors.push import Message
from bartizan.storage.records.entities import ApprovalKind

__all__ = ["message_about"]

_TITLES: Mapping[ApprovalKind, str] = {
    "login": "Somebody logs in as you",
    "device": "A new device asks to be trusted",
    "recovery": "Somebody says that you lost your devices",
    "reset": "A reset waits for a second administrator",
}
_ADVICE: Mapping[ApprovalKind, str] = {
    "login": "If it is not you, refuse.",
    "device": "If it is not yours, refuse.",
    "recovery": "If it is not you, cancel the recovery of your account.",
    "reset": "Look at who asks for it, and for whom.",
}


def message_about(kind: ApprovalKind, approval: str, context: Mapping[str, str]) -> Message:
    """Return the message about a request; ``context`` is as ``asked_from`` made it. The number is never in it."""
    known = [context[name] for name in ("client", "place", "address") if name in context]
    about = [f"{', '.join(known)}."] if known else []
    return Message(kind, _TITLES[kind], " ".join([*about, _ADVICE[kind]]), approval)
