"""What upstreams are told: a short-lived JWT about person, device, session and risk, in ``Bartizan-Assertion``.

Signed once for a session and an audience, and used again for half its lifetime: signing takes longest here.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable

from bartizan.access.sessions.model import Session
from bartizan.config.model import Access
from bartizan.keys.ring import KeyRing

__all__ = ["JTI_BYTES", "Assertions", "claims_of", "methods_of"]

MAX_KEPT = 10_000  # assertions that are kept to be used again
JTI_BYTES = 12  # of randomness that name an assertion
_METHODS = {"password": ("pwd",), "totp": ("otp",), "webauthn": ("user",), "push": ("mca", "swk")}
"""Authentication method references (RFC 8176 section 2); a push is answered on another device, by its key."""


class Assertions:
    """Makes assertions; ``clock`` is Unix time in seconds."""

    def __init__(self, ring: KeyRing, settings: Access, clock: Callable[[], float]) -> None:
        self._ring = ring
        self._issuer = settings.origin or ""
        self._lifetime = settings.assertion.lifetime
        self._clock = clock
        self._kept: OrderedDict[tuple[bytes, str, int], tuple[float, Session, bytes]] = OrderedDict()

    def for_session(self, session: Session, audience: str, risk: int) -> bytes:
        """Return the assertion for a session; one that was made before if nothing in it would be different."""
        now = self._clock()
        key = session.secret, audience, risk
        kept = self._kept.get(key)
        if kept is not None and 0 <= now - kept[0] < self._lifetime / 2 and _says_the_same(kept[1], session):
            return kept[2]
        claims = claims_of(
            session,
            self._issuer,
            audience,
            risk=risk,
            jti=secrets.token_urlsafe(JTI_BYTES),
            issued=now,
            lifetime=self._lifetime,
        )
        made = self._ring.sign(claims).encode("ascii")
        self._kept[key] = now, session, made
        self._kept.move_to_end(key)
        if len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        return made


def claims_of(
    session: Session, issuer: str, audience: str, *, risk: int, jti: str, issued: float, lifetime: float
) -> dict[str, object]:
    """Return the claims of an assertion, in order; ``issued`` is Unix time in seconds, ``lifetime`` seconds."""
    return {
        "iss": issuer,
        "sub": session.principal,
        "aud": audience,
        "iat": int(issued),
        "exp": int(issued + lifetime),
        "jti": jti,
        "preferred_username": session.name,
        "name": session.display_name,
        "groups": list(session.groups),
        "sid": session.id,
        "device": session.device,
        "acr": f"urn:bartizan:aal:{session.aal}",
        "aal": session.aal,
        "amr": methods_of(session),
        "auth_time": int(session.authenticated),
        "risk": risk,
    }


def methods_of(session: Session) -> list[str]:
    """Return by what methods somebody proved who they are (``amr``, RFC 8176).

    A WebAuthn key is said to be in hardware (``hwk``) only where that is known: at AAL3, where it cannot be copied.
    """
    methods = {method for factor in session.factors for method in _METHODS.get(factor, ())}
    if "webauthn" in session.factors:
        methods.add("hwk" if session.aal >= 3 else "swk")
    if len(session.factors) > 1 or "webauthn" in session.factors:
        methods.add("mfa")
    return sorted(methods)


def _says_the_same(before: Session, now: Session) -> bool:
    return before is now or (
        before.id == now.id
        and before.authenticated == now.authenticated
        and before.aal == now.aal
        and before.groups == now.groups
        and before.factors == now.factors
        and before.name == now.name
        and before.display_name == now.display_name
    )
