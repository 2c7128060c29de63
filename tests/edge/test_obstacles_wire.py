"""Rising risk on the wire: a real gateway, a real application, real sessions, and what a sentry would publish."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
import websockets
from tests.support.api import Api
from tests.support.challenge import solve
from tests.support.gateway import Gateway
from tests.support.net import wait_until
from tests.support.obstacles import standing
from tests.support.records import make_device, make_person, make_session_record
from tests.support.redis import RedisServer
from tests.support.sessions import Clock, make_session
from tests.support.state import open_shared_state
from tests.support.upstream import Upstream

from bartizan.access.sessions.facts import client_facts
from bartizan.access.sessions.store import SessionStore
from bartizan.config.model import Records
from bartizan.config.model import State as Settings
from bartizan.control.follower import SETTLE, Follower
from bartizan.decoy.contract import decode_context, socket_path
from bartizan.detection.decisions import Decision, decisions, undo
from bartizan.detection.standing import Standing, publish
from bartizan.pipeline import Actor, Exchange
from bartizan.storage.records.entities import Device
from bartizan.storage.records.open import open_records

ORIGIN = "https://gateway.test"
ADDRESS = "address:127.0.0.1"
LADDER: dict[str, Any] = {
    "throttle": {"at": 20, "rate": "2/m"}, "challenge": {"at": 40}, "step_up": {"at": 50}, "divert": {"at": 60},
    "revoke_session": {"at": 70}, "deny": {"at": 80}, "quarantine_device": {"at": 90},
}  # fmt: skip


class Place:
    """A gateway with all rungs in front of an application; a decoy that only listens; who is logged in."""

    def __init__(self, directory: Path, api: Api, obstacles: dict[str, Any]) -> None:
        self.clock = Clock()
        self.seen: list[Exchange] = []
        policy = {"access": {"policy": "session.aal >= 2"}}
        milder = {"obstacles": {"deny": {"at": 95}, "divert": {}, "challenge": {}, "throttle": {}}}
        config: dict[str, Any] = {
            "upstreams": [{"name": "api", "nodes": [{"address": f"127.0.0.1:{api.port}"}]}],
            "routes": [
                {"name": "people", "paths": ["/people/*", "/ws"], "upstream": "api", "upgrade": True, "guards": policy},
                {
                    "name": "mild",
                    "paths": ["/mild"],
                    "upstream": "api",
                    "guards": {"access": {"public": True}, **milder},
                },
                {"name": "open", "paths": ["/*"], "upstream": "api", "guards": {"access": {"public": True}}},
            ],
            "access": {"enabled": True, "origin": ORIGIN},
            "deception": {"divert": {"enabled": True}},
            "guards": {"obstacles": obstacles},
        }
        self.gateway = Gateway(directory, config, self.clock, self.seen.append)
        self.state = open_shared_state(Settings(), directory, self.clock)
        self.sessions = SessionStore(self.state, self.clock)

    def begin(self, **changes: Any) -> dict[str, str]:
        """Log somebody in; returns the header fields of their browser."""
        facts = client_facts("127.0.0.1", None, "test")
        session = make_session(facts=facts, address="127.0.0.1", proof_interval=1e6, **changes)
        token, _ = self.gateway.run(self.sessions.begin(session))
        return {"user-agent": "test", "cookie": f"__Host-bartizan-session={token}"}

    def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.gateway.port}{path}", headers=headers)

    def solve(self, asked: httpx.Response, headers: dict[str, str] | None = None) -> str:
        """Do the work that an answer asks for; returns the cookie of the pass."""
        task = asked.json()["challenge"]
        answer = {"bartizan-challenge-response": f"{task['token']}.{solve(task['salt'], task['difficulty'])}"}
        url = f"http://127.0.0.1:{self.gateway.port}/.bartizan/challenge"
        return httpx.post(url, headers={**(headers or {}), **answer}).headers["set-cookie"].partition(";")[0]

    def rise(self, actor: str, score: float) -> None:
        """Publish a risk and wait until the edge knows it."""
        self.gateway.run(publish(self.state, [standing(actor, score, self.clock())]))
        self.known(actor, score)

    def known(self, actor: str, score: float) -> None:
        standings = self.gateway.worker._services.means.standings
        wait_until(lambda: standings.score(actor, self.clock()) == score)

    def signals(self) -> list[str]:
        return [signal.name for exchange in self.seen for signal in exchange.signals]

    def decided(self) -> list[Decision | None]:
        return [decision for _, decision in self.gateway.run(decisions(self.state, None))]


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with Api() as running:
        yield running


@pytest.fixture
def make(tmp_path: Path, api: Api) -> Iterator[Callable[..., Place]]:
    """Return what makes the place of a test; ``shadow`` for all of it."""
    made: list[Place] = []

    def make(obstacles: dict[str, Any] = LADDER, **more: Any) -> Place:
        place = Place(tmp_path, api, {**obstacles, **more})
        place.gateway.__enter__()
        made.append(place)
        return place

    yield make
    for place in made:
        place.gateway.run(place.state.close())
        place.gateway.__exit__()


@pytest.fixture
def place(make: Callable[..., Place]) -> Place:
    return make()


def test_an_address_climbs_from_allowed_to_throttled_challenged_diverted_and_denied(
    place: Place, tmp_path: Path
) -> None:
    assert place.get("/orders").status_code == 200
    place.rise(ADDRESS, 30)
    answers = [place.get("/orders") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].headers["retry-after"] == "30"
    place.rise(ADDRESS, 55)
    asked = place.get("/orders")
    assert asked.status_code == 403
    cookie = place.solve(asked)
    place.clock.forward(61)
    assert place.get("/orders", {"cookie": cookie}).status_code == 200
    place.rise(ADDRESS, 65)
    with Upstream(path=socket_path(tmp_path)) as decoy:
        assert place.get("/orders").text == "ok"
        (context,) = [line for line in decoy.received.split(b"\r\n") if line.startswith(b"bartizan-decoy: ")]
        assert decode_context(context.partition(b": ")[2]).actor == ADDRESS
    place.rise(ADDRESS, 85)
    refused = place.get("/orders")
    assert (refused.status_code, "risk" in refused.text) == (403, False)
    exchange = place.seen[-1]
    assert exchange.verdict is not None
    assert exchange.verdict.because == "risk 85 of address 127.0.0.1: decoy /.env touched"
    assert exchange.verdict.remedy == "bartizan pardon address:127.0.0.1 --because …"
    assert place.signals() == [f"obstacle.{rung}" for rung in ("throttle", "challenge", "divert", "deny")]


def test_a_route_has_rungs_of_its_own(place: Place) -> None:
    place.rise(ADDRESS, 85)
    assert (place.get("/mild").status_code, place.get("/orders").status_code) == (200, 403)
    place.rise(ADDRESS, 95)
    assert place.get("/mild").status_code == 403


def test_a_person_proves_anew_who_they_are_then_loses_the_session_and_then_the_device(place: Place) -> None:
    browser = place.begin()
    place.rise("session:session-1", 55)
    place.clock.forward(301)
    place.rise("session:session-1", 55)
    asked = place.get("/people/orders", browser)
    assert (asked.status_code, asked.headers["bartizan-code"]) == (401, "reauth_required")
    assert 'error="insufficient_user_authentication"' in asked.headers["www-authenticate"]
    place.rise("session:session-1", 75)
    assert place.get("/people/orders", browser).headers["bartizan-code"] == "login_required"
    assert place.get("/people/orders", browser).headers["bartizan-code"] == "login_required"
    (first,) = place.decided()
    assert first is not None
    assert (first.what, first.session, first.device) == ("revoke_session", "session-1", "device-1")
    place.rise("device:device-1", 95)
    again = place.begin(id="session-2")
    assert place.get("/people/orders", again).headers["bartizan-code"] == "login_required"
    assert [decision and decision.what for decision in place.decided()] == ["revoke_session", "quarantine_device"]
    told = [signal for exchange in place.seen for signal in exchange.signals]
    assert [signal.name for signal in told] == [
        "obstacle.step_up", "obstacle.revoke_session", "obstacle.quarantine_device"
    ]  # fmt: skip
    assert all(signal.detector == "obstacles" for signal in told), "completed from the catalogue"
    assert {Actor("address", "127.0.0.1"), Actor("principal", "alice")} <= set(told[0].actors)


def test_a_session_is_challenged_and_goes_on_with_a_pass_that_upstreams_never_see(place: Place) -> None:
    browser = place.begin()
    place.rise("session:session-1", 45)
    asked = place.get("/people/orders", browser)
    assert (asked.status_code, asked.headers["bartizan-code"]) == (403, "challenge_required")
    passing = place.solve(asked, browser)
    answer = place.get("/people/orders", {**browser, "cookie": f"{browser['cookie']}; {passing}"})
    assert answer.status_code == 200
    assert "cookie" not in answer.json()["headers"]
    assert place.get("/people/orders", {**browser, "cookie": passing}).status_code == 401, "it logs nobody in"


@pytest.mark.parametrize("score", [75, 85])
async def test_an_open_websocket_is_cut_when_the_risk_rises_without_a_request(place: Place, score: float) -> None:
    browser = place.begin()
    agent = browser.pop("user-agent")
    url = f"ws://127.0.0.1:{place.gateway.port}/ws"
    async with websockets.connect(url, additional_headers=browser, user_agent_header=agent, origin=ORIGIN) as socket:  # type: ignore[arg-type]
        await socket.send("one")
        assert await socket.recv() == "heard one"
        await asyncio.to_thread(place.rise, "session:session-1", score)
        with pytest.raises(websockets.ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 5)
    await asyncio.to_thread(wait_until, lambda: bool(place.seen))
    assert (place.seen[-1].error, bool(place.decided())) == ("risk", score == 75)
    assert place.signals() == ["obstacle.revoke_session" if score == 75 else "obstacle.cut"]


@pytest.mark.parametrize(
    ("actor", "score", "rung"),
    [
        (ADDRESS, 30, "throttle"), (ADDRESS, 45, "challenge"), (ADDRESS, 65, "divert"), (ADDRESS, 85, "deny"),
        ("session:session-1", 55, "step_up"), ("session:session-1", 75, "revoke_session"),
        ("session:session-1", 95, "quarantine_device"), ("session:session-1", 85, "deny"),
    ],
)  # fmt: skip
def test_in_shadow_mode_everybody_passes_and_what_would_have_happened_is_told(
    make: Callable[..., Place], actor: str, score: float, rung: str
) -> None:
    place = make(shadow=True)
    browser = place.begin()
    place.rise(actor, score)
    assert [place.get("/people/orders", browser).status_code for _ in range(4)] == [200] * 4
    told = [signal for exchange in place.seen for signal in exchange.signals]
    assert [(signal.name, signal.evidence["rung"], signal.severity) for signal in told] == [
        ("obstacle.shadow", rung, 0)
    ]
    assert place.decided() == []


class TestPardon:
    """What control does about it, with real records."""

    @pytest.fixture
    def device(self, place: Place, tmp_path: Path) -> Iterator[Device]:
        self.records = open_records(Records(), tmp_path)
        person = make_person("alice", id="principal-1", user_handle=secrets.token_bytes(32))
        device = make_device(person, id="device-1")
        with self.records.transaction() as tx:
            tx.people.add(person)
            tx.devices.add(device)
        self.follower = Follower(place.state, self.records, place.clock, log=structlog.get_logger())
        yield device
        self.records.close()

    def record(self, device: Device, place: Place, browser: dict[str, str]) -> None:
        token = browser["cookie"].partition("=")[2]
        found = place.gateway.run(place.sessions.find(token))
        assert found is not None
        with self.records.transaction() as tx:
            tx.sessions.add(make_session_record(device, id=found.session.id, digest=found.digest))

    def pardon(self, place: Place, actor: str) -> None:
        """Do as the sentry does: withdraw, then undo what was decided."""
        place.gateway.run(publish(place.state, [Standing.withdrawn(actor, "sentry")]))
        for decision in place.decided():
            assert decision is not None
            place.gateway.run(undo(place.state, decision, because="our own test", now=place.clock()))
        place.clock.forward(SETTLE)
        place.known(actor, 0)
        place.gateway.run(self.follower.look())

    def test_brings_a_revoked_session_back(self, place: Place, device: Device) -> None:
        browser = place.begin()
        self.record(device, place, browser)
        place.rise("session:session-1", 75)
        assert place.get("/people/orders", browser).status_code == 401
        self.pardon(place, "session:session-1")
        assert place.get("/people/orders", browser).status_code == 200

    def test_brings_a_quarantined_device_back_with_its_sessions(self, place: Place, device: Device) -> None:
        browsers = [place.begin(id=f"session-{number}") for number in (1, 2)]
        for browser in browsers:
            self.record(device, place, browser)
        place.rise("device:device-1", 95)
        assert place.get("/people/orders", browsers[0]).status_code == 401
        place.gateway.run(self.follower.look())
        assert self.status() == "quarantined"
        self.pardon(place, "device:device-1")
        assert self.status() == "trusted"
        assert [place.get("/people/orders", browser).status_code for browser in browsers] == [200, 200]

    def status(self) -> str:
        with self.records.transaction(read_only=True) as tx:
            device = tx.devices.get("device-1")
        assert device is not None
        return device.status


def test_what_is_known_of_risks_stays_in_force_while_the_state_is_away(tmp_path: Path, api: Api) -> None:
    with RedisServer(tmp_path) as server:
        state = {"engine": "valkey", "url": server.url, "timeout": "1s"}
        config: dict[str, Any] = {
            "storage": {"state": state},
            "upstreams": [{"name": "api", "nodes": [{"address": f"127.0.0.1:{api.port}"}]}],
            "routes": [{"name": "open", "upstream": "api"}],
            "guards": {"obstacles": {"deny": {"at": 80}}},
        }
        clock = Clock()
        with Gateway(tmp_path / "data", config, clock) as gateway:
            shared = open_shared_state(Settings.model_validate(state), tmp_path / "data", clock)
            url = f"http://127.0.0.1:{gateway.port}/"
            gateway.run(shared.publish(b"risk", b"no message", 60))
            gateway.run(publish(shared, [standing(ADDRESS, 90, clock())]))
            wait_until(lambda: httpx.get(url).status_code == 403)
            server.stop()
            assert [httpx.get(url).status_code for _ in range(3)] == [403] * 3
            clock.forward(3600)
            assert httpx.get(url).status_code == 200, "it fades all the same"
            gateway.run(shared.close())
