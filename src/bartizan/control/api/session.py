"""Finding the session of a request to the API, and judging whether it does for an endpoint."""

from __future__ import annotations

import math
from typing import Literal

import msgspec
from starlette.requests import Request

from bartizan.access.assurance import ADDITIONAL
from bartizan.access.flows.alarms import alarm
from bartizan.access.flows.challenge import RECENT, Challenge
from bartizan.access.flows.endings import end_sessions
from bartizan.access.flows.parts import Parts
from bartizan.access.flows.reauth import is_fresh
from bartizan.access.flows.visitor import Visitor
from bartizan.access.sessions.model import Found, Session
from bartizan.access.sessions.standing import judge
from bartizan.errors import AccessError

__all__ = ["access_token", "session_for"]

_MAX_TOKEN = 256  # characters


def access_token(request: Request) -> str | None:
    """Return the access token of an API client (RFC 9449 section 7.1), or None."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "dpop" and 0 < len(token) <= _MAX_TOKEN else None


async def session_for(
    parts: Parts, visitor: Visitor, token: str, needs: str, *, kind: Literal["cookie", "dpop"], is_use: bool
) -> Found:
    """Return the session of a token, if it stands and does for what an endpoint ``needs``.

    ``kind`` is how the token came, ``is_use`` whether this keeps the session from ending for being idle. Raises
    ``Challenge`` for what somebody can do about it, and ``AccessError`` where they are no administrator.
    """
    found = await parts.sessions.find(token)
    if found is None or found.session.kind != kind:
        raise Challenge("login_required", "Log in first.")
    if found.session.thumbprint != visitor.thumbprint:
        await _stolen(parts, visitor, found)
    found = await _judge(parts, visitor, found, to_renew=needs == "session_to_renew")
    if needs in ("administrator", "change", "provision") and parts.access.administrators not in found.session.groups:
        raise AccessError("not_administrator", "Only administrators may do this.")
    _check_freshness(found.session, needs, parts.clock())
    if is_use:
        await parts.sessions.touch(found, parts.clock(), visitor.address)
    return found


async def _judge(parts: Parts, visitor: Visitor, found: Found, *, to_renew: bool) -> Found:
    """Return the session as it is now; raise what follows if it does not stand.

    An old proof is none here: the request has a new one.
    """
    standing = judge(found.session, visitor.facts, parts.clock())
    if standing.outcome == "ended":
        await parts.sessions.end(found.digest, standing.reason)
        raise Challenge("login_required", "The session has ended. Log in.")
    if standing.outcome == "changed":
        reason = standing.reason
        await parts.sessions.change(found.digest, lambda now: msgspec.structs.replace(now, reauth=reason))
        found = await parts.sessions.by_digest(found.digest) or found
    if standing.outcome in ("changed", "reauth") and not to_renew:
        raise Challenge("reauth_required", "Something about your connection has changed. Prove anew who you are.")
    return found


def check_passkey(session: Session, now: float, max_age: float = RECENT) -> None:
    """Return if a passkey was used in the session within ``max_age`` seconds; raises ``Challenge`` otherwise."""
    if not is_fresh(session, "webauthn", max_age, now):
        limit = max_age if math.isfinite(max_age) else None
        raise Challenge("reauth_required", "Use your passkey first.", factor="webauthn", max_age=limit)


def _check_freshness(session: Session, needs: str, now: float) -> None:
    if needs == "recent" and not any(is_fresh(session, name, RECENT, now) for name in ADDITIONAL):
        factor = next((name for name in ADDITIONAL if name in session.factors and name != "recovery"), "any")
        raise Challenge("reauth_required", "Prove anew who you are first.", factor=factor, max_age=RECENT)
    if needs in ("webauthn", "change"):
        check_passkey(session, now)
    if needs == "provision":
        check_passkey(session, now, RECENT if session.kind == "cookie" else math.inf)


async def _stolen(parts: Parts, visitor: Visitor, found: Found) -> None:
    """Somebody has the token and not the device: the session is worth nothing any more, to nobody."""
    session = found.session
    alarm(
        parts,
        visitor,
        "access.cookie_stolen",
        principal=session.name,
        device=session.device,
        session=session.id,
        begun_from=session.address,
    )
    record = await parts.read(lambda tx: tx.sessions.get(session.id))
    await parts.sessions.end(found.digest, "stolen")
    if record is not None:
        await end_sessions(parts, [record], "stolen", "system")
    raise Challenge("login_required", "This session belongs to another device. Log in.")
