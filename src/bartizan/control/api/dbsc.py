"""Device Bound Session Credentials: where browsers that have them register a key for a session, and prove it.

They send no body and no DPoP proof, only what they signed. Both paths are below ``/.bartizan/dbsc/``, where requests
have to come from our own origin, like those to pages (``control.security``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bartizan.access.devices.dbsc import (
    CHALLENGE,
    REFRESH_PATH,
    REGISTER_PATH,
    RESPONSE,
    SESSION_ID,
    Dbsc,
    instructions,
    proof_cookie,
)
from bartizan.access.flows.proving import prove_session
from bartizan.access.sessions.facts import client_facts
from bartizan.access.sessions.model import Found, digest_of, split_token
from bartizan.access.sessions.standing import judge
from bartizan.control.api.cookies import SESSION_COOKIE, cookie, set_cookie
from bartizan.control.api.problems import answer_problem
from bartizan.control.requests import client_of
from bartizan.control.services import Services
from bartizan.errors import AccessError, BartizanError, ProofError

__all__ = ["offer_for", "routes"]

_LATE = 60.0  # seconds that a challenge is good for after the next proof is due
_Handler = Callable[[Request, Services], Awaitable[Response]]


def routes(services: Services) -> list[Route]:
    """Return the routes."""
    return [
        Route(REGISTER_PATH, _answering(_register, services), methods=["POST"]),
        Route(REFRESH_PATH, _answering(_refresh, services), methods=["POST"]),
    ]


async def offer_for(services: Services, token: str) -> str | None:
    """Return a Secure-Session-Registration for the answer that sets ``token`` as cookie; None if it needs none."""
    halves = split_token(token)
    return None if halves is None else await _dbsc(services).offer(digest_of(halves[0]))


def _answering(handler: _Handler, services: Services) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return await handler(request, services)
        except ProofError as error:  # never 403: that would have the browser try again
            return answer_problem(AccessError("login_required", str(error)), client_of(request).exchange)
        except BartizanError as error:
            return answer_problem(error, client_of(request).exchange)

    return answer


async def _register(request: Request, services: Services) -> Response:
    found, _ = await _session(request, services)
    session = found.session
    left = session.expires - services.clock()
    await _dbsc(services).register(found.digest, request.headers.get(RESPONSE), left)
    answer = Response(msgspec.json.encode(instructions(session.id)), media_type="application/json")
    return await _keep_going(answer, services, found)


async def _refresh(request: Request, services: Services) -> Response:
    found, token = await _session(request, services)
    session = found.session
    if request.headers.get(SESSION_ID, "").strip().strip('"') != session.id:
        raise AccessError("login_required", "That session is over.")  # the browser forgets it: another one is on
    dbsc = _dbsc(services)
    if not await dbsc.refresh(found.digest, session.id, request.headers.get(RESPONSE)):
        challenge = await dbsc.challenge(found.digest, session.id, session.proof_interval + _LATE)
        return Response(status_code=403, headers={CHALLENGE: challenge})
    begun = await prove_session(services.parts, found, token)
    answer = Response()
    if begun is not None:
        answer.headers.append("set-cookie", set_cookie(SESSION_COOKIE, begun.token))
    return await _keep_going(answer, services, found)


async def _keep_going(answer: Response, services: Services, found: Found) -> Response:
    """Give the browser the next challenge, and the cookie that tells it when to sign that."""
    session = found.session
    lasts = session.proof_interval + _LATE
    answer.headers[CHALLENGE] = await _dbsc(services).challenge(found.digest, session.id, lasts)
    answer.headers.append("set-cookie", proof_cookie(session.proof_interval))
    return answer


async def _session(request: Request, services: Services) -> tuple[Found, str]:
    """Return the session of the cookie, and the cookie; raises ``AccessError`` if there is none that stands."""
    token = cookie(request, SESSION_COOKIE) or ""
    found = await services.sessions.find(token)
    if found is None or found.session.kind != "cookie":
        raise AccessError("login_required", "Log in first.")
    client = client_of(request)
    facts = client_facts(client.address, client.ja4, client.user_agent)
    if judge(found.session, facts, services.clock()).outcome not in ("fine", "prove"):
        raise AccessError("login_required", "The session has ended, or something about the connection has changed.")
    return found, token


def _dbsc(services: Services) -> Dbsc:
    return Dbsc(services.state, services.origin)
