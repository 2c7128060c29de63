"""What the records hold, as values. Times are Unix seconds; ids are 22 characters of base64url (128 random bits)."""

from __future__ import annotations

import secrets
from typing import Any, Literal

import msgspec

__all__ = [
    "Approval",
    "ApprovalKind",
    "ApprovalStatus",
    "AuditEvent",
    "Credential",
    "CredentialKind",
    "Device",
    "DeviceStatus",
    "Group",
    "Invitation",
    "Principal",
    "SessionRecord",
    "new_id",
]

CredentialKind = Literal["password", "totp", "webauthn", "recovery"]
DeviceStatus = Literal["trusted", "quarantined", "revoked"]
ApprovalKind = Literal["device", "login", "recovery", "reset"]
ApprovalStatus = Literal["pending", "approved", "denied", "expired", "used"]


def new_id() -> str:
    """Return an id that nobody can guess."""
    return secrets.token_urlsafe(16)


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """A person. ``name`` is what they log in with: NFKC, case-folded, unique."""

    id: str
    name: str
    display_name: str
    created: float
    email: str | None = None
    external_id: str | None = None
    """The id that a directory gave (SCIM ``externalId``, RFC 7643 section 3.1)."""
    active: bool = True
    groups: tuple[str, ...] = ()
    """Names of groups, in order."""
    user_handle: bytes = b""
    """32 random bytes that WebAuthn knows the person by."""
    password_change: str = ""
    """Why the password has to be changed at the next login: ``compromised``, ``expired``, ``reset``, or empty."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A named set of people."""

    id: str
    name: str
    display_name: str = ""
    created: float


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """One way to prove who somebody is. Replaced passwords stay, revoked, as the history that may not be used again.

    ``secret``: the argon2 hash of a password; the SHA-256 of a recovery code; the sealed secret of TOTP; the
    COSE key of WebAuthn.
    ``data``: TOTP ``last_step``; WebAuthn ``credential_id`` (base64url, also in ``handle``), ``sign_count``,
    ``transports``, ``aaguid``, ``backed_up``, ``discoverable``.
    """

    id: str
    principal: str
    kind: CredentialKind
    secret: bytes
    created: float
    label: str = ""
    handle: str = ""
    """What finds it from outside, unique among credentials that have one: the WebAuthn credential id."""
    data: dict[str, Any] = {}
    last_used: float | None = None
    revoked: float | None = None


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A key pair in a browser or API client that a person enrolled. ``thumbprint``: RFC 7638, unique."""

    id: str
    principal: str
    thumbprint: str
    jwk: dict[str, str]
    label: str
    kind: Literal["browser", "client"]
    enrolled: float
    enrolled_by: str
    """``invitation``, ``recovery``, ``administrator``, or the id of the device that confirmed it."""
    status: DeviceStatus = "trusted"
    platform: str = ""
    browser: str = ""
    browser_version: str = ""
    last_seen: float | None = None
    last_address: str = ""
    risk: int = 0
    push: dict[str, Any] | None = None
    """The Web Push subscription: ``endpoint`` and ``keys``."""


class SessionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The history of a session. ``digest`` is the SHA-256 of its token, by which the shared state knows it."""

    id: str
    digest: bytes
    principal: str
    device: str
    started: float
    aal: int
    factors: tuple[str, ...]
    address: str
    user_agent: str
    ended: float | None = None
    end_reason: str = ""


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person or an administrator has to agree to. Decided once; see ``access.approvals``.

    ``context`` is shown to whoever decides (address, place, client); ``secret`` is what they must enter (the number),
    or empty; ``data`` is what follows from it (the new device's key).
    """

    id: str
    kind: ApprovalKind
    principal: str
    created: float
    expires: float
    status: ApprovalStatus = "pending"
    not_before: float = 0.0
    """It takes effect no earlier than this (recovery)."""
    secret: str = ""
    attempts: int = 0
    context: dict[str, str] = {}
    data: dict[str, Any] = {}
    requested_by: str = ""
    decided_by: str = ""
    decided: float | None = None


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """A one-time link to enrol. ``digest`` is the SHA-256 of its token."""

    id: str
    digest: bytes
    principal: str
    created: float
    expires: float
    created_by: str
    purpose: Literal["enrol", "recover", "reset"] = "enrol"
    used: float | None = None


class AuditEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what to whom. ``actor`` is a principal's id, or ``cli:USER``, or ``system``."""

    time: float
    actor: str
    action: str
    """Dotted and stable: ``principal.invited``, ``device.revoked``."""
    target: str = ""
    address: str = ""
    outcome: Literal["success", "failure"] = "success"
    details: dict[str, str] = {}
    number: int = 0
    """Given by the records; grows."""
