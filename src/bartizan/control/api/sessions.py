"""A session's own: proving the key, step-up, requests that wait for it, and its end."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import Annotated, Any, Literal

from msgspec import Meta

from bartizan.access.flows.endings import end_all_sessions, log_out
from bartizan.access.flows.factors import standing
from bartizan.access.flows.inbox import waiting_count
from bartizan.access.flows.outcome import Going
from bartizan.access.flows.proving import prove_session
from bartizan.access.flows.reauth import begin_reauth, is_fresh
from bartizan.access.held import release
from bartizan.control.api.cookies import HELD_COOKIE, SESSION_COOKIE, cookie, drop_cookie, set_cookie
from bartizan.control.api.endpoint import Call, Empty, Endpoint, Form
from bartizan.control.api.login import Next
from bartizan.control.requests import local_path
from bartizan.errors import AccessError, RecordsError

__all__ = ["ENDPOINTS"]

_WHY = {
    "network": "Your network has changed.",
    "tls": "The way your browser connects has changed.",
    "agent": "Your browser says that it is another one.",
    "risk": "Something unusual was seen.",
}


class Reauth(Form, frozen=True):
    """``factor`` and ``max_age`` (seconds) are what a page was sent here with; ``held``: a POST waits."""

    next: Next = "/"
    held: bool = False
    factor: Literal["any", "password", "totp", "webauthn", "push"] = "any"
    max_age: Annotated[float, Meta(ge=0, le=86_400)] | None = None


async def prove(call: Call, _: Empty) -> dict[str, Any]:
    """The device proves its key, and the cookie gets a new token."""
    said: dict[str, Any] = {"valid_for": int(call.session.session.proof_interval)}
    with suppress(RecordsError):  # they may be away, and the session goes on without them
        said["approvals"] = await waiting_count(call.parts, call.session.session)
    begun = await prove_session(call.parts, call.session, call.token)
    if begun is not None and begun.kind == "dpop":
        said |= {"access_token": begun.token, "token_type": "DPoP", "expires_in": int(begun.expires_in)}
    elif begun is not None:
        call.cookies.append(set_cookie(SESSION_COOKIE, begun.token))
    return said


async def begin(call: Call, body: Reauth) -> dict[str, Any]:
    """Begin to prove anew who one is; says ``done`` if that was done meanwhile, in another tab."""
    session, to = call.session.session, local_path(body.next)
    if body.max_age is not None and is_fresh(session, body.factor, body.max_age, call.parts.clock()):
        return {"step": "done", "to": to, **({"held": True} if body.held else {})}
    going = Going(to, held=body.held)
    token, underway = await begin_reauth(call.parts, call.visitor, call.session, call.handle, body.factor, going)
    call.keep(token, call.parts.authentications.lifetime)
    now = await standing(call.parts, underway)
    return {
        "available": [name for name in now.available if name != "recovery"],
        "recovery": "recovery" in now.available,
        "proven": now.proven,
        "needed": now.needed,
        "name": now.name,
        "why": _WHY.get(session.reauth, "What you are about to do is protected."),
    }


async def held(call: Call, _: Empty) -> dict[str, Any]:
    """The request that waited for a step-up, once, and for the person who sent it."""
    waiting = await release(call.parts.state, cookie(call.request, HELD_COOKIE) or "", call.session.session.principal)
    call.cookies.append(drop_cookie(HELD_COOKIE))
    if waiting is None:
        raise AccessError("held_gone", "What you sent could not be kept. Send it once more.")
    body = base64.urlsafe_b64encode(waiting.body).decode().rstrip("=")
    return {"action": waiting.target, "content_type": waiting.content_type, "body": body}


async def logout(call: Call, _: Empty) -> dict[str, Any]:
    """End this session."""
    await log_out(call.parts, call.session, call.visitor.address)
    _forget(call)
    return {}


async def logout_everywhere(call: Call, _: Empty) -> dict[str, Any]:
    """End all sessions of the person."""
    principal = call.session.session.principal
    ended = await end_all_sessions(call.parts, principal, "logout_everywhere", actor=principal)
    _forget(call)
    return {"ended": ended}


def _forget(call: Call) -> None:
    call.cookies.extend(drop_cookie(name) for name in (SESSION_COOKIE, HELD_COOKIE))


ENDPOINTS = (
    Endpoint("session/prove", prove, Empty, "session", background=True),
    Endpoint("reauth/begin", begin, Reauth, "session_to_renew"),
    Endpoint("held", held, Empty, "session"),
    Endpoint("logout", logout, Empty, "session_to_renew"),
    Endpoint("logout-everywhere", logout_everywhere, Empty, "session_to_renew"),
)
