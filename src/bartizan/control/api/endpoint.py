"""What an endpoint is: a path, a form for its input, what it needs, and what answers.

Every request is a POST of JSON with a proof of a device's key (DPoP, RFC 9449), whose nonce comes with the answer
before. What an endpoint needs besides is looked up, and judged, before it is called:

needs               the request has to come with
nothing             (a proof)
login               the cookie of a login or step-up that is under way, begun with the same key
enrolment           the cookie of an enrolment, begun with the same key
session             a session of the same key that stands
session_to_renew    a session of the same key that has not ended
login_or_session    one of them
recent              a session in which somebody proved within 5 minutes who they are, by more than the password
webauthn            the same, by WebAuthn
administrator       a session of a member of ``access.administrators``
change              the same, with WebAuthn within 5 minutes
provision           the same for cookies; for access tokens, with WebAuthn at any time in the session
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from bartizan.access.authentication import Authentication
from bartizan.access.devices.dbsc import REGISTRATION
from bartizan.access.flows.conclude import conclude
from bartizan.access.flows.enrolment_state import Enrolment
from bartizan.access.flows.parts import Parts
from bartizan.access.flows.visitor import Visitor
from bartizan.access.sessions.model import Found, split_token
from bartizan.access.transactions import Underway
from bartizan.control.api.cookies import LOGIN_COOKIE, SESSION_COOKIE, cookie, drop_cookie, set_cookie
from bartizan.control.api.dbsc import offer_for
from bartizan.control.api.problems import answer_problem
from bartizan.control.api.proof import proven_visitor
from bartizan.control.api.session import access_token, session_for
from bartizan.control.requests import client_of, json_body
from bartizan.control.services import Services
from bartizan.errors import AccessError, BartizanError

__all__ = ["Call", "Empty", "Endpoint", "Form", "Needs"]

Needs = Literal[
    "nothing",
    "login",
    "enrolment",
    "session",
    "session_to_renew",
    "login_or_session",
    "recent",
    "webauthn",
    "administrator",
    "change",
    "provision",
]
B = TypeVar("B", bound=msgspec.Struct)
F = TypeVar("F")


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What inputs have in common: nothing that is not asked for is taken."""


class Empty(Form, frozen=True):
    """No input."""


class Call:
    """One request to an endpoint: who asks, what they came with, and the cookies that the answer sets."""

    def __init__(self, services: Services, request: Request, visitor: Visitor) -> None:
        self.services = services
        self.request = request
        self.visitor = visitor
        self.cookies: list[str] = []
        self.token = ""
        """The session's token."""
        self.begun = ""
        """The token of a session that begins with the answer, in a cookie."""
        self._login: Underway[Authentication] | None = None
        self._enrolment: Underway[Enrolment] | None = None
        self._session: Found | None = None

    @property
    def parts(self) -> Parts:
        """What flows are made of."""
        return self.services.parts

    @property
    def login(self) -> Underway[Authentication]:
        """The login or step-up that is under way."""
        return _present(self._login)

    @property
    def enrolment(self) -> Underway[Enrolment]:
        """The enrolment that is under way."""
        return _present(self._enrolment)

    @property
    def session(self) -> Found:
        """The session."""
        return _present(self._session)

    @property
    def has_session(self) -> bool:
        """Whether there is a session, where an endpoint needs that or a login."""
        return self._session is not None

    @property
    def handle(self) -> str:
        """The part of the session's token that every next one has too."""
        parts = split_token(self.token)
        return parts[0] if parts else ""

    def keep(self, token: str, lifetime: float) -> None:
        """Have the browser keep the token of what is under way."""
        self.cookies.append(set_cookie(LOGIN_COOKIE, token, lifetime))

    async def conclude(self, underway: Underway[Authentication]) -> dict[str, Any]:
        """Return what a page is told about the next step; a session that begins is set as a cookie, or handed out."""
        bearer = access_token(self.request)
        before = bearer or cookie(self.request, SESSION_COOKIE) or ""
        answer = await conclude(self.parts, self.visitor, underway, before)
        if answer.session is None:
            return {"step": answer.step}
        self.cookies.append(drop_cookie(LOGIN_COOKIE))
        said: dict[str, Any] = {"step": answer.step, "to": answer.to}
        if answer.held:
            said["held"] = True
        if answer.session.kind == "cookie":
            self.begun = answer.session.token
            self.cookies.append(set_cookie(SESSION_COOKIE, self.begun))
            return said
        expires_in = int(answer.session.expires_in)
        return said | {"access_token": answer.session.token, "token_type": "DPoP", "expires_in": expires_in}

    async def look_up(self, needs: Needs, *, is_use: bool = True) -> None:
        """Find what an endpoint needs; raises ``AccessError`` for what is missing or does not do.

        ``is_use``: the request keeps a session from ending for being idle.
        """
        if needs == "nothing":
            return
        if needs == "enrolment":
            self._enrolment = await self._enrolment_under_way()
            return
        if needs in ("login", "login_or_session"):
            self._login = await self._login_under_way()
            if self._login is not None:
                return
            if needs == "login":
                raise AccessError("login_expired", "This took too long, or was begun elsewhere. Begin anew.")
        bearer = access_token(self.request)
        self.token = bearer or cookie(self.request, SESSION_COOKIE) or ""
        self._session = await session_for(
            self.parts,
            self.visitor,
            self.token,
            needs,
            kind="dpop" if bearer else "cookie",
            is_use=is_use,
        )

    async def _login_under_way(self) -> Underway[Authentication] | None:
        found = await self.parts.authentications.find(cookie(self.request, LOGIN_COOKIE))
        return found if found is not None and found.value.thumbprint == self.visitor.thumbprint else None

    async def _enrolment_under_way(self) -> Underway[Enrolment]:
        found = await self.parts.enrolments.find(cookie(self.request, LOGIN_COOKIE))
        if found is None or found.value.thumbprint != self.visitor.thumbprint:
            raise AccessError("login_expired", "This took too long, or was begun elsewhere. Open the link again.")
        return found


def _present(found: F | None) -> F:
    if found is None:
        raise RuntimeError("the endpoint does not say that it needs this")
    return found


@dataclass(frozen=True, slots=True)
class Endpoint(Generic[B]):
    """One endpoint. ``handler`` returns what the answer says as JSON."""

    path: str
    handler: Callable[[Call, B], Awaitable[object]]
    form: type[B]
    needs: Needs
    background: bool = False
    """A page asks by itself, so it does not count as use of the session."""

    async def answer(self, request: Request, services: Services) -> Response:
        """Answer a request; every answer, also a refusal, brings the nonce for the next one."""
        try:
            visitor = await proven_visitor(request, services)
            call = Call(services, request, visitor)
            await call.look_up(self.needs, is_use=not self.background)
            body = await json_body(request, self.form)
            response = Response(msgspec.json.encode(await self.handler(call, body)), media_type="application/json")
            for each in call.cookies:
                response.headers.append("set-cookie", each)
            if call.begun and (offer := await offer_for(services, call.begun)) is not None:
                response.headers[REGISTRATION] = offer
        except BartizanError as error:
            response = answer_problem(error, client_of(request).exchange)
        response.headers["dpop-nonce"] = services.nonces.issue()
        return response
