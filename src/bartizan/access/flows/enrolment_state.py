"""What has been collected of an enrolment that is under way: nothing of it is in force before the end."""

from __future__ import annotations

from typing import Literal

import msgspec

from bartizan.storage.records.entities import Credential

__all__ = ["Enrolment"]


class Enrolment(msgspec.Struct, frozen=True, kw_only=True):
    """Kept sealed by nothing but its token and time; ``totp`` is sealed, the password is hashed."""

    invitation: str
    """Its id."""
    purpose: Literal["enrol", "recover", "reset"]
    principal: str
    thumbprint: str
    """Of the key of the device that enrols."""
    jwk: dict[str, str]
    password: bytes = b""
    """argon2 hash; empty until there is one."""
    totp: bytes = b""
    """The sealed secret that was shown."""
    totp_step: int = -1
    """The time step whose code proved it; -1 until then."""
    passkeys: tuple[Credential, ...] = ()
    attempts: int = 10
    """How many codes may still be tried."""
