"""What to do with an exchange. No verdict means: go on with the next guard."""

from __future__ import annotations

from dataclasses import dataclass

from bartizan.http.message import Response

__all__ = ["Challenge", "Deny", "Divert", "Respond", "StepUp", "Throttle", "Verdict"]


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
    """Forward to the upstream named ``upstream`` instead of the route's own.

    It does not end the series: what other guards refuse is refused, so that a client sees no difference. ``actor`` is
    the key of the actor it is about (``address:192.0.2.7``), ``risk`` that actor's, from 0 to 100.
    """

    upstream: str
    because: str = ""
    remedy: str = ""
    actor: str = ""
    risk: float = 0.0

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


@dataclass(frozen=True, slots=True)
class Challenge:
    """Have the client do some work before anything else: ``response`` says which, and is sent as it is."""

    response: Response
    because: str = ""
    remedy: str = ""

    action = "challenge"


@dataclass(frozen=True, slots=True)
class Respond:
    """Answer with ``response`` as if an upstream had sent it: the response side of the series sees it too.

    It is sent no sooner than ``after`` seconds after the exchange began.
    """

    response: Response
    after: float = 0.0
    because: str = ""
    remedy: str = ""

    action = "decoy"


Verdict = Challenge | Deny | Divert | Respond | StepUp | Throttle
