"""The guard ``access``: real state, real policies, real keys; only sockets are missing."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog
from tests.support.exchange import make_exchange
from tests.support.obstacles import Risks
from tests.support.sessions import Clock, make_session

from bartizan.access.assertion import Assertions
from bartizan.access.bearer import Bearer
from bartizan.access.guard import Access, EdgeAccess
from bartizan.access.held import HeldRequest, release
from bartizan.access.notices import notices
from bartizan.access.sessions.live import LiveSessions
from bartizan.access.sessions.model import Session
from bartizan.access.sessions.store import SessionStore
from bartizan.config.model import Access as Settings
from bartizan.config.model import AccessGuard
from bartizan.errors import PolicyError
from bartizan.keys.ring import KeyRing
from bartizan.pipeline import Deny, Exchange, Series, Step, StepUp, Verdict
from bartizan.storage.state.lmdb_engine import LmdbState

BROWSER = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "sec-fetch-site": "same-origin"}
FORM = {**BROWSER, "origin": "https://api.test", "content-type": "application/x-www-form-urlencoded"}
LATER = 299.0  # seconds: the device's proof is still good


class Edge:
    """One edge process' access layer, with alice logged in."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self.clock = clock
        self.state = LmdbState(directory / "state", 2**24, clock)
        self.sessions = SessionStore(self.state, clock)
        self.live = LiveSessions(self.sessions, clock, structlog.get_logger())
        self.settings = Settings.model_validate({"enabled": True, "origin": "https://api.test"})
        self.ring = KeyRing.open(directory / "keys", "EdDSA", clock)
        self.risks = Risks(self.state, clock)

    async def log_in(self, **changes: Any) -> str:
        token, self.digest = await self.sessions.begin(make_session(**changes))
        return token

    def guard(self, **settings: Any) -> Access:
        risk = self.risks.of_sessions(settings.pop("obstacles", None))
        settings.setdefault("policy", '"finance" in principal.groups')
        edge = EdgeAccess(
            state=self.state,
            sessions=self.sessions,
            live=self.live,
            bearer=Bearer(self.state, "https://api.test"),
            assertions=Assertions(self.ring, self.settings, self.clock),
            clock=self.clock,
        )
        return Access(AccessGuard.model_validate(settings), self.settings, "orders", edge, risk)

    async def session(self) -> Session | None:
        found = await self.sessions.by_digest(self.digest)
        return None if found is None else found.session


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def edge(tmp_path: Path, clock: Clock) -> AsyncIterator[Edge]:
    made = Edge(tmp_path, clock)
    yield made
    await made.state.close()


def request(token: str | None, method: str = "GET", headers: dict[str, str] | None = None, **rest: Any) -> Exchange:
    cookie = {} if token is None else {"cookie": f"theme=dark; __Host-bartizan-session={token}"}
    return make_exchange(method, rest.pop("path", "/orders"), {**(headers or {}), **cookie}, **rest)


async def run(guard: Access, exchange: Exchange) -> Verdict | None:
    return await Series((Step(guard),)).on_request(exchange)


def header(verdict: Verdict | None, name: bytes) -> str:
    assert isinstance(verdict, StepUp)
    return dict(verdict.headers)[name].decode()


def claims(exchange: Exchange) -> dict[str, Any]:
    [(name, value)] = exchange.upstream_fields
    assert name == b"bartizan-assertion"
    payload = value.split(b".")[1]
    decoded: dict[str, Any] = msgspec.json.decode(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
    return decoded


async def test_a_route_without_a_policy_refuses_everybody(edge: Edge) -> None:
    token = await edge.log_in()
    verdict = await run(edge.guard(policy=None), request(token))
    assert isinstance(verdict, Deny)
    assert verdict.status == 403


async def test_a_public_route_asks_nobody_and_hides_what_is_ours(edge: Edge) -> None:
    exchange = request("any.thing")
    assert await run(edge.guard(policy=None, public=True), exchange) is None
    assert exchange.request.headers.get(b"cookie") == b"theme=dark"
    assert exchange.upstream_fields == []


async def test_whoever_the_policy_lets_pass_reaches_the_upstream_with_an_assertion(edge: Edge) -> None:
    exchange = request(await edge.log_in())
    assert await run(edge.guard(), exchange) is None
    told = claims(exchange)
    assert (told["sub"], told["aud"], told["iss"]) == ("principal-1", "orders", "https://api.test")
    assert exchange.principal == "alice"
    assert exchange.request.headers.get(b"cookie") == b"theme=dark"


async def test_whom_the_policy_does_not_name_is_refused(edge: Edge) -> None:
    verdict = await run(edge.guard(policy='"board" in principal.groups'), request(await edge.log_in()))
    assert isinstance(verdict, Deny)
    assert "alice" in verdict.because
    assert "alice" not in verdict.detail


async def test_a_policy_that_fails_refuses(edge: Edge) -> None:
    verdict = await run(edge.guard(policy='request.headers["x"] == "1"'), request(await edge.log_in()))
    assert isinstance(verdict, Deny)


def test_a_policy_that_cannot_be_compiled_is_an_error_of_the_configuration(edge: Edge) -> None:
    with pytest.raises(PolicyError, match=r"session\.aall"):
        edge.guard(policy="session.aall > 1")


@pytest.mark.parametrize("token", [None, "", "x", f"{'A' * 22}.{'B' * 43}"])
async def test_without_a_session_a_browser_logs_in_and_a_client_gets_401(edge: Edge, token: str | None) -> None:
    page = await run(edge.guard(), request(token, headers=BROWSER))
    assert header(page, b"location") == "/.bartizan/login?next=/orders"
    answer = await run(edge.guard(), request(token))
    assert isinstance(answer, StepUp)
    assert answer.status == 401


async def test_it_ends_after_idle_time_and_stays_ended(edge: Edge, clock: Clock) -> None:
    token = await edge.log_in(proof_interval=1e6)
    clock.forward(900)
    assert header(await run(edge.guard(), request(token, headers=BROWSER)), b"location").startswith("/.bartizan/login")
    assert await edge.session() is None


async def test_use_keeps_it_until_its_lifetime_is_over(edge: Edge, clock: Clock) -> None:
    token = await edge.log_in(proof_interval=1e6)
    for _ in range(8):
        clock.forward(890)
        assert await run(edge.guard(), request(token)) is None
    clock.forward(80)
    assert isinstance(await run(edge.guard(), request(token)), StepUp)


async def test_a_route_may_have_shorter_sessions(edge: Edge, clock: Clock) -> None:
    token = await edge.log_in()
    clock.forward(61)
    assert isinstance(await run(edge.guard(session={"idle": "1m"}), request(token)), StepUp)


async def test_when_the_proof_of_the_device_is_old_the_browser_makes_another(edge: Edge, clock: Clock) -> None:
    token = await edge.log_in()
    clock.forward(300)
    assert header(await run(edge.guard(), request(token, headers=BROWSER)), b"location") == (
        "/.bartizan/prove?next=/orders"
    )
    assert header(await run(edge.guard(), request(token)), b"bartizan-code") == "proof_required"


@pytest.mark.parametrize(
    "changed", [{"client": "198.51.100.9"}, {"headers": {**BROWSER, "user-agent": "curl/8"}}], ids=["network", "agent"]
)
async def test_a_cookie_used_from_elsewhere_is_worth_nothing(edge: Edge, changed: dict[str, Any]) -> None:
    token = await edge.log_in()
    exchange = request(token, **{"headers": BROWSER, **changed})
    assert header(await run(edge.guard(), exchange), b"location").startswith("/.bartizan/reauth")
    assert [signal.name for signal in exchange.signals] == ["access.session_changed"]
    back = await run(edge.guard(), request(token, headers=BROWSER))
    assert header(back, b"location").startswith("/.bartizan/reauth")


async def test_other_sites_cannot_have_a_browser_change_anything(edge: Edge) -> None:
    token = await edge.log_in()
    exchange = request(token, "POST", {**FORM, "origin": "https://evil.test"}, body=b"a=1")
    verdict = await run(edge.guard(), exchange)
    assert isinstance(verdict, Deny)
    assert [signal.name for signal in exchange.signals] == ["access.cross_site"]


async def test_a_token_of_an_api_client_is_no_cookie_and_needs_a_proof(edge: Edge) -> None:
    token = await edge.log_in(kind="dpop")
    assert isinstance(await run(edge.guard(), request(token)), StepUp)
    bare = make_exchange(path="/orders", headers={"authorization": f"DPoP {token}"})
    answer = await run(edge.guard(), bare)
    assert 'error="invalid_dpop_proof"' in header(answer, b"www-authenticate")
    cookie = await edge.log_in()
    assert isinstance(await run(edge.guard(), make_exchange(headers={"authorization": f"DPoP {cookie}"})), StepUp)


async def test_a_form_that_needs_a_step_up_waits_and_comes_back_once(edge: Edge, clock: Clock) -> None:
    token = await edge.log_in()
    clock.forward(LATER)
    guard = edge.guard(reauth=[{"max_age": "1m", "factor": "webauthn", "methods": ["POST"]}])
    exchange = request(token, "POST", FORM, path="/transfers", query=b"x=1", body=b"amount=7")
    verdict = await run(guard, exchange)
    assert header(verdict, b"location") == (
        "/.bartizan/reauth?next=/transfers%3Fx%3D1&factor=webauthn&max_age=60&held=1"
    )
    cookie = header(verdict, b"set-cookie").partition("; ")[0].partition("=")[2]
    assert await release(edge.state, cookie, "principal-1") == HeldRequest(
        "principal-1", "/transfers?x=1", FORM["content-type"], b"amount=7"
    )
    assert await release(edge.state, cookie, "principal-1") is None
    assert exchange.upstream_fields == []


async def test_a_body_that_is_too_long_to_wait_is_not_kept(edge: Edge, clock: Clock) -> None:
    token = await edge.log_in()
    clock.forward(LATER)
    guard = edge.guard(reauth=[{"max_age": "1m"}], body_bytes=4)
    verdict = await run(guard, request(token, "POST", FORM, path="/transfers", body=b"amount=7"))
    assert header(verdict, b"location") == "/.bartizan/reauth?next=/transfers&max_age=60"


@pytest.mark.parametrize(
    ("body", "passes"),
    [
        (b'{"amount": 1000}', True),
        (b'{"amount": 1000.5}', False),
        (b'{"amount": 1, "amount": 9000}', False),
        (b"{", False),
    ],
)
async def test_a_field_of_the_body_can_ask_for_a_step_up(edge: Edge, clock: Clock, body: bytes, passes: bool) -> None:
    token = await edge.log_in()
    clock.forward(LATER)
    guard = edge.guard(reauth=[{"max_age": "1m", "factor": "webauthn", "when": "request.body.amount > 1000"}])
    exchange = request(token, "POST", {"content-type": "application/json"}, body=body)
    verdict = await run(guard, exchange)
    assert (verdict is None) is passes
    assert bool(exchange.upstream_fields) is passes
    if not passes:
        assert 'error="insufficient_user_authentication"' in header(verdict, b"www-authenticate")
    assert exchange.request.body.peek() == body


RUNGS = {"step_up": {"at": 30}, "revoke_session": {"at": 60}, "quarantine_device": {"at": 90}}


async def test_risk_asks_for_a_step_up_then_ends_the_session_then_quarantines(edge: Edge, clock: Clock) -> None:
    guard = edge.guard(obstacles=RUNGS)
    token = await edge.log_in(proof_interval=1e6)
    clock.forward(299)
    await edge.risks.rise("session:session-1", 40)
    assert await run(guard, request(token)) is None, "proven just now"
    clock.forward(2)
    asked = request(token)
    verdict = await run(guard, asked)
    assert header(verdict, b"bartizan-code") == "reauth_required"
    assert isinstance(verdict, StepUp)
    assert verdict.because == "risk 40 of session session-1: decoy /.env touched"
    assert verdict.remedy.startswith("bartizan pardon session:session-1 ")
    await edge.risks.rise("session:session-1", 60)
    assert header(await run(guard, request(token)), b"bartizan-code") == "login_required"
    assert await edge.session() is None
    assert await notices(edge.state, None) == []
    await edge.risks.rise("device:device-1", 90)
    await run(guard, request(await edge.log_in(proof_interval=1e6)))
    assert [notice and notice.device for _, notice in await notices(edge.state, None)] == ["device-1"]


async def test_policies_and_upstreams_are_told_the_highest_risk_of_all_actors(edge: Edge) -> None:
    token = await edge.log_in()
    guard = edge.guard(policy="risk < 50")
    await edge.risks.rise("principal:alice", 20)
    await edge.risks.rise("network:192.0.2.0/24", 31)
    exchange = request(token)
    assert await run(guard, exchange) is None
    assert claims(exchange)["risk"] == 31
    await edge.risks.rise("address:192.0.2.7", 55)
    assert isinstance(await run(guard, request(token)), Deny)


async def test_who_is_behind_an_exchange_is_known_by_session_device_and_name(edge: Edge) -> None:
    exchange = request(await edge.log_in())
    await run(edge.guard(), exchange)
    assert (exchange.session, exchange.device, exchange.principal) == ("session-1", "device-1", "alice")


async def test_a_stream_is_cut_and_its_session_revoked_when_the_risk_rises_without_a_request(edge: Edge) -> None:
    exchange = request(await edge.log_in())
    assert await run(edge.guard(obstacles=RUNGS), exchange) is None
    await edge.live.look()
    assert exchange.cut_for is None
    await edge.risks.rise("session:session-1", 70)
    await edge.live.look()
    assert exchange.cut_for == "risk"
    assert await edge.session() is None


async def test_what_is_open_is_cut_when_the_session_ends(edge: Edge) -> None:
    exchange = request(await edge.log_in())
    await run(edge.guard(), exchange)
    await edge.sessions.end(edge.digest, "revoked")
    await edge.live.look()
    assert exchange.cut_for == "session_ended"


async def test_an_open_websocket_does_not_count_as_use(edge: Edge, clock: Clock) -> None:
    token = await edge.log_in()
    clock.forward(100)
    exchange = request(token, headers={"origin": "https://api.test"})
    exchange.request.upgrade = b"websocket"
    assert await run(edge.guard(), exchange) is None
    session = await edge.session()
    assert session is not None
    assert session.seen == session.created
