"""How honeytokens are made: by what makes the real ones, so that nobody can tell them apart without asking us.

A session cookie has the form of a session's token. A JWT is an assertion, signed with the key in force, that says what
assertions say; it is good for longer, as those of services are, and for an audience that no service has. What it is
recognised by is its ``jti``: whoever changes its claims, or takes the signature off, is recognised all the same.
"""

from __future__ import annotations

import base64
from collections.abc import Callable

from bartizan.access.assertion import JTI_BYTES, claims_of
from bartizan.access.sessions.model import ClientFacts, Session
from bartizan.detection.fakes.keyed import Keyed

__all__ = ["JwtMaker", "make_cookie", "quarter"]

Draw = Callable[[int], bytes]

LIFETIME = 90 * 86_400.0  # seconds
_ACCOUNTS = ("backup", "billing", "ci", "deploy", "etl", "export", "reporting", "sync")
_DAY = 86_400


def make_cookie(draw: Draw) -> str:
    """Return the token of a session that there is not, in the form of ``access.sessions.model``."""
    return f"{_base64url(draw(16))}.{_base64url(draw(32))}"


class JwtMaker:
    """Makes assertions that nobody was given. ``sign`` is the key ring's."""

    def __init__(self, sign: Callable[[dict[str, object]], str], issuer: str, audience: str) -> None:
        self._sign = sign
        self._issuer = issuer
        self._audience = audience

    def make(self, draw: Draw, issued: float) -> tuple[str, str]:
        """Return a JWT and its ``jti``; ``issued`` is Unix time in seconds."""
        jti = _base64url(draw(JTI_BYTES))
        session = _service(draw, issued)
        claims = claims_of(session, self._issuer, self._audience, risk=0, jti=jti, issued=issued, lifetime=LIFETIME)
        return self._sign(claims), jti


def quarter(now: float, keyed: Keyed) -> float:
    """Return when a token in a bait was issued: some time in the month before this quarter of the year began.

    So it is the same on each machine for a quarter, is never expired, and is made anew as people do.
    """
    begun = now - now % LIFETIME
    return begun - keyed.below(30 * _DAY) - 1 if begun else 0.0


def _service(draw: Draw, issued: float) -> Session:
    """Return what a service account's session would be."""
    account = _ACCOUNTS[draw(1)[0] % len(_ACCOUNTS)]
    return Session(
        id=_base64url(draw(16)),
        kind="dpop",
        principal=_base64url(draw(16)),
        name=f"svc-{account}",
        display_name=f"Service account {account}",
        groups=("services",),
        device=_base64url(draw(16)),
        thumbprint="",
        platform="",
        browser="",
        browser_version="",
        device_enrolled=issued,
        aal=2,
        factors={"password": issued, "totp": issued},
        created=issued,
        authenticated=issued,
        seen=issued,
        proved=issued,
        expires=issued + LIFETIME,
        idle=LIFETIME,
        proof_interval=LIFETIME,
        facts=ClientFacts("", "", ""),
    )


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
