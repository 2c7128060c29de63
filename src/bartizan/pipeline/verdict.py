"""What to do with an exchange. No verdict means: go on with the next guard."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Deny", "Divert", "StepUp", "Throttle", "Verdict"]


@dataclass(frozen=True, slots=True)
class Deny:
    """Answer with an error instead of forwarding.

    ``because`` goes to the journal, never to the client; ``remedy`` says what the operator could change; ``detail`` is
    the sentence the client may read. ``close`` ends the connection after the answer.
    """

    status: int = 403
    because: str = ""
    remedy: str = ""
    detail: str = ""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    close: bool = False

    action = "deny"


@dataclass(frozen=True, slots=True)
class Throttle:
    """Answer 429; ``retry_after`` in seconds is sent as Retry-After, rounded up (RFC 6585 section 4)."""

    retry_after: float
    because: str = ""
    remedy: str = ""
    detail: str = ""
    headers: tuple[tuple[bytes, bytes], ...] = ()

    action = "throttle"
    status = 429
    close = False


@dataclass(frozen=True, slots=True)
class Divert:
    """Forward to the upstream named ``upstream`` instead of the route's own."""

    upstream: str
    because: str = ""
    remedy: str = ""

    action = "divert"


@dataclass(frozen=True, slots=True)
class StepUp:
    """Have the client prove who it is before anything else: 401 (RFC 9470), or 303 to the page where a person does."""

    status: int = 401
    because: str = ""
    remedy: str = ""
    detail: str = ""
    headers: tuple[tuple[bytes, bytes], ...] = ()

    action = "step_up"
    close = False


Verdict = Deny | Throttle | Divert | StepUp
