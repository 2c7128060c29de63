"""The guard ``access``: who may pass a route, and what they have to prove first.

request ─▶ a session? ─▶ does it stand? ─▶ risk ─▶ policy ─▶ proven recently enough? ─▶ upstream, with an assertion
            │ no            │ no               │ high    │ no       │ no
            ▼               ▼                  ▼         ▼          ▼
           login           login, step-up,    step-up,  403        step-up; a form waits, encrypted
                           proof              end
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import msgspec

from bartizan.access.assertion import Assertions
from bartizan.access.bearer import Bearer, refusal
from bartizan.access.challenge import Need, challenge, is_navigation
from bartizan.access.held import HELD_COOKIE, HELD_FOR, HeldRequest, hold
from bartizan.access.policy.attributes import attributes_of
from bartizan.access.policy.body import read_body
from bartizan.access.policy.cel import Policy
from bartizan.access.presented import crosses_sites, hide, hide_set_cookies, presented_by
from bartizan.access.risk import Demand, Risk
from bartizan.access.sessions.facts import facts_of
from bartizan.access.sessions.live import LiveSessions
from bartizan.access.sessions.model import Found, Session
from bartizan.access.sessions.standing import Limits, Standing, judge
from bartizan.access.sessions.store import SessionStore
from bartizan.access.stepup import ReauthRule, compile_rules, missing
from bartizan.config.model import Access as Settings
from bartizan.config.model import AccessGuard
from bartizan.errors import ProofError
from bartizan.pipeline import Actor, Deny, Exchange, Signal, Verdict
from bartizan.storage.state.interface import State

__all__ = ["Access", "EdgeAccess"]

RISK_REAUTH = 300.0  # seconds for which a step-up satisfies risk
_FORMS = (b"application/x-www-form-urlencoded", b"multipart/form-data", b"text/plain")
"""What a browser sends when a page is left by a form (HTML section 4.10.21): only this can wait and be sent again."""


@dataclass(frozen=True, slots=True)
class EdgeAccess:
    """What the guards of one edge process share; ``clock`` is Unix time in seconds."""

    state: State
    sessions: SessionStore
    live: LiveSessions
    bearer: Bearer
    assertions: Assertions
    clock: Callable[[], float]


@dataclass(slots=True)
class _Known:
    """What the guard knows of an exchange between its head and its body."""

    found: Found
    risk: int
    waiting: Need | None = None
    """What is missing, while the form that has to wait arrives."""


class Access:
    """Lets pass whom the policy of a route lets pass.

    Verdicts: step up (303 to a page, or 401), deny 403. Signals: ``access.session_changed`` (T1550.004: a cookie is
    used from elsewhere), ``access.cross_site`` (T1189), ``access.proof_refused`` (T1550.001), and those of ``risk``.
    """

    name = "access"

    def __init__(self, settings: AccessGuard, access: Settings, audience: str, edge: EdgeAccess, risk: Risk) -> None:
        """``audience`` is what assertions are for, ``risk`` what is in force for the route; raises ``PolicyError``."""
        edge.live.wanted = True
        self._edge = edge
        self._origin = (access.origin or "").lower()
        self._risk = risk
        self._audience = access.assertion.audience or audience
        self._public = settings.public
        self._policy = None if settings.policy is None else Policy.compile(settings.policy)
        self._rules: tuple[ReauthRule, ...] = compile_rules(settings.reauth)
        self._limits = Limits(settings.session.idle or float("inf"), settings.session.lifetime or float("inf"))
        self._body_bytes = settings.body_bytes

    async def on_request(self, exchange: Exchange) -> Verdict | None:
        """Work out who it is, and whether that suffices for all that the head tells."""
        request = exchange.request
        if self._public:
            hide(request.headers)
            return None
        if self._policy is None:
            return Deny(
                403,
                because="the route has no access policy",
                remedy="give the route guards: {access: {policy: …}}, or {public: true} if everybody may pass",
            )
        now = self._edge.clock()
        found = await self._identify(exchange, now)
        if not isinstance(found, Found):
            return found
        session = found.session
        exchange.principal, exchange.session, exchange.device = session.name, session.id, session.device
        standing = judge(session, facts_of(exchange), now, self._limits)
        if standing.outcome != "fine":
            return await self._not_standing(exchange, found, standing)
        risk = self._risk.of(exchange)
        demand = self._risk.demand(exchange) if risk else None
        if demand is not None:
            decided, verdict = await self._risky(exchange, found, demand, now)
            if decided:
                return verdict
        outcome = self._policy.evaluate(attributes_of(self._policy.uses, session, exchange, risk=risk, now=now))
        if not outcome.allowed:
            return Deny(
                403,
                because=outcome.reason or f"the policy of the route does not let {session.name} pass",
                remedy="see guards.access.policy of the route, and `bartizan access show` for groups and devices",
                detail="You may not do this.",
            )
        return await self._step_up(exchange, _Known(found, risk), now)

    def hold_request(self, exchange: Exchange) -> int:
        """Want the body where a rule looks at it, or where it has to wait."""
        return self._body_bytes if exchange.notes.get(self.name) is not None else 0

    async def on_request_body(self, exchange: Exchange, body: bytes, *, complete: bool) -> Verdict | None:
        """Ask the rules that look at the body; hold a form that has to wait."""
        known = exchange.notes[self.name]
        if not isinstance(known, _Known):
            raise TypeError("the body was asked for without anything known of the head")  # the series denies then
        found = await self._edge.sessions.by_digest(known.found.digest)
        if found is None:
            ended = Need("login", "the session ended while the body came", error="invalid_token")
            return challenge(exchange.request, ended)
        known.found = found
        now = self._edge.clock()
        need = known.waiting
        if need is None:
            content = read_body(exchange.request.headers, body) if complete else None
            attributes = partial(self._attributes, exchange, known, now, content)
            session, method = known.found.session, exchange.request.method
            rule, _ = missing(self._rules, session, method, now, attributes, body_is_there=True)
            if rule is None:
                await self._pass(exchange, known, now)
                return None
            need = _need(rule)
        held = None
        if complete and is_navigation(exchange.request) and _is_form(exchange):
            held = await self._hold(exchange, known.found.session, body)
        return challenge(exchange.request, need, held)

    async def on_response(self, exchange: Exchange) -> Verdict | None:
        """Let no upstream set cookies of ours."""
        if exchange.response is not None:
            hide_set_cookies(exchange.response.headers)
        return None

    async def _identify(self, exchange: Exchange, now: float) -> Found | Verdict:
        presented = presented_by(exchange.request.headers)
        if presented is None:
            return challenge(exchange.request, Need("login", "no session was presented"))
        found = await self._edge.sessions.find(presented.token)
        if found is None or (found.session.kind == "dpop") is (presented.proof is None):
            need = Need("login", "the session is not known, or has ended", error="invalid_token")
            return challenge(exchange.request, need)
        if presented.proof is not None:
            try:
                await self._edge.bearer.verify(exchange, presented, found.session, now)
            except ProofError as error:
                self._signal(exchange, found.session, "access.proof_refused", 60, "T1550.001", reason=str(error))
                return refusal(error)
        elif crosses_sites(exchange.request, self._origin):
            self._signal(exchange, found.session, "access.cross_site", 40, "T1189")
            return Deny(403, because="another site had a browser send this (CSRF)", detail="Sent by another site.")
        return found

    async def _not_standing(self, exchange: Exchange, found: Found, standing: Standing) -> Verdict | None:
        session, edge = found.session, self._edge
        if standing.outcome == "ended":
            await edge.sessions.end(found.digest, standing.reason)
            need = Need("login", f"the session ended: {standing.reason}", error="invalid_token")
            return challenge(exchange.request, need)
        if standing.outcome == "changed":
            reason = standing.reason
            await edge.sessions.change(found.digest, lambda now: msgspec.structs.replace(now, reauth=reason))
            self._signal(exchange, session, "access.session_changed", 50, "T1550.004", changed=reason)
        page = "prove" if standing.outcome == "prove" else "reauth"
        need = Need(page, f"the session has to be renewed: {standing.reason}")
        return self._ask(exchange, _Known(found, 0), need)

    async def _risky(self, exchange: Exchange, found: Found, demand: Demand, now: float) -> tuple[bool, Verdict | None]:
        """Do what the risk demands of a session; tells whether that decides."""
        if demand.what in ("revoke_session", "quarantine_device"):
            await self._risk.carry_out(exchange, found, demand)
            need = Need(
                "login", f"the session was ended: {demand.because}", error="invalid_token", remedy=demand.remedy
            )
            return True, challenge(exchange.request, need)
        if demand.what == "step_up" and now - found.session.authenticated > RISK_REAUTH:
            self._risk.told(exchange, demand)
            need = Need("reauth", demand.because, max_age=RISK_REAUTH, remedy=demand.remedy)
            return True, self._ask(exchange, _Known(found, round(demand.risk)), need)
        return False, None

    async def _step_up(self, exchange: Exchange, known: _Known, now: float) -> Verdict | None:
        attributes = partial(self._attributes, exchange, known, now, None)
        session, method = known.found.session, exchange.request.method
        rule, unasked = missing(self._rules, session, method, now, attributes, body_is_there=False)
        if rule is not None:
            return self._ask(exchange, known, _need(rule))
        if unasked:
            exchange.notes[self.name] = known  # the rest is decided when the body is there
            return None
        await self._pass(exchange, known, now)
        return None

    def _ask(self, exchange: Exchange, known: _Known, need: Need) -> Verdict | None:
        """Tell the client what is missing; where a form is to be held, only once it is there."""
        if exchange.request.method == "POST" and is_navigation(exchange.request) and _is_form(exchange):
            known.waiting = need
            exchange.notes[self.name] = known
            return None
        return challenge(exchange.request, need)

    async def _hold(self, exchange: Exchange, session: Session, body: bytes) -> str:
        request = exchange.request
        target = request.path if request.query is None else f"{request.path}?{request.query.decode('latin-1')}"
        kind = (request.headers.get(b"content-type") or b"").decode("latin-1")
        value = await hold(self._edge.state, HeldRequest(session.principal, target, kind, body))
        return f"{HELD_COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={HELD_FOR:.0f}"

    async def _pass(self, exchange: Exchange, known: _Known, now: float) -> None:
        """Let it pass: the session is in use, the upstream is told who it is, and an end of the session cuts it."""
        found, edge = known.found, self._edge
        # First, or an end could be missed while something is awaited:
        edge.live.watch(exchange, found, self._limits, self._risk)
        if exchange.request.upgrade is None or found.session.kind == "dpop":
            await edge.sessions.touch(found, now, exchange.client.address)
        hide(exchange.request.headers)
        assertion = edge.assertions.for_session(found.session, self._audience, known.risk)
        exchange.upstream_fields.append((b"bartizan-assertion", assertion))

    def _attributes(
        self, exchange: Exchange, known: _Known, now: float, body: object, policy: Policy
    ) -> Mapping[str, object]:
        return attributes_of(policy.uses, known.found.session, exchange, risk=known.risk, now=now, body=body)

    @staticmethod
    def _signal(
        exchange: Exchange, session: Session, name: str, severity: int, technique: str | None, **evidence: str | int
    ) -> None:
        address = exchange.client.address
        actors = (
            Actor("session", session.id),
            Actor("principal", session.name),
            Actor("device", session.device),
            Actor("address", address),
        )
        exchange.signals.append(
            Signal(name, severity, technique=technique, owasp="API2:2023", actors=actors, evidence=evidence)
        )


def _need(rule: ReauthRule) -> Need:
    return Need("reauth", "a rule for this route asks for it", rule.factor, rule.max_age)


def _is_form(exchange: Exchange) -> bool:
    kind = exchange.request.headers.get(b"content-type") or b""
    return kind.partition(b";")[0].strip().lower() in _FORMS
