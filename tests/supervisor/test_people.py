"""People below a real supervisor: what goes on without control, and how soon an end is one on every worker."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from tests.support.api import Api
from tests.support.bartizan import Bartizan, kill
from tests.support.certificates import Authority
from tests.support.device import AGENT, SESSION, Browser
from tests.support.net import wait_until
from tests.support.people import PASSWORD, secret_of
from tests.support.redis import RedisServer

from bartizan.access.factors.totp import code_at, step_at
from bartizan.access.sessions.model import digest_of, split_token
from bartizan.access.sessions.store import SessionStore
from bartizan.config.model import State as Settings
from bartizan.storage.state import open_state

MANY = 16  # connections: enough that each of two workers gets some


class Place:
    """Gateways with two workers each, over TLS, that share ``state`` if that is a server's; an application."""

    def __init__(self, directory: Path, state: dict[str, Any]) -> None:
        self.directory = directory
        self.authority = Authority(directory)
        self.certificate = self.authority.issue("localhost", "127.0.0.1")
        self.state = state
        self.api = Api()
        self._clients = ExitStack()
        self.context: ssl.SSLContext = self.authority.client_context()
        self.context.set_alpn_protocols(["http/1.1"])

    def __enter__(self) -> Place:
        self._clients.enter_context(self.api)
        return self

    def __exit__(self, *_: object) -> None:
        self._clients.close()

    def gateway(self, name: str) -> Bartizan:
        """Return one that is not running yet."""
        directory = self.directory / name
        directory.mkdir()
        gateway = Bartizan(directory, {})
        gateway.write(self.config(gateway))
        return gateway

    def config(self, gateway: Bartizan, policy: str = "session.aal >= 2") -> dict[str, Any]:
        tls = {"certificates": [self.certificate.config]}
        guards = {"access": {"policy": policy}}
        return {
            "listeners": [{"name": "main", "address": f"127.0.0.1:{gateway.port}", "tls": tls}],
            "upstreams": [{"name": "api", "nodes": [{"address": f"127.0.0.1:{self.api.port}"}]}],
            "routes": [{"name": "all", "upstream": "api", "upgrade": True, "guards": guards}],
            "access": {"enabled": True, "origin": origin(gateway)},
            "storage": {"state": self.state},
        }

    def client(self, gateway: Bartizan) -> httpx.Client:
        none = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        return httpx.Client(base_url=origin(gateway), verify=self.context, cookies=none, timeout=30)

    def enrol(self, gateway: Bartizan, name: str) -> Browser:
        """Have somebody invited from the command line enrol; they are logged in then."""
        invited = gateway.run("access", "invite", name)
        assert invited.returncode == 0, invited.stderr
        link = re.search(r"/\.bartizan/enrol#(\S+)", invited.stdout)
        assert link is not None, invited.stdout
        browser = Browser(self._clients.enter_context(self.client(gateway)), origin(gateway), time.time)
        for step, body in (("start", {"token": link[1]}), ("password", {"password": PASSWORD})):
            answer = browser.post(f"enrol/{step}", body)
            assert answer.status == 200, answer
        secret = secret_of(browser.post("enrol/totp/begin")["secret"])
        assert browser.post("enrol/totp", {"code": code_at(secret, step_at(time.time()))}).status == 200
        assert browser.post("enrol/finish", {"device_label": "Laptop"})["step"] == "done"
        return browser

    def statuses(self, gateway: Bartizan, browser: Browser) -> set[int]:
        """Ask over many new connections at once."""

        def ask(_: int) -> int:
            with self.client(gateway) as client:
                return client.get("/orders", headers=headers(browser)).status_code

        with ThreadPoolExecutor(4) as pool:
            return set(pool.map(ask, range(MANY)))

    def end(self, gateway: Bartizan, browser: Browser) -> None:
        """End a session from a process of its own, as any part that shares the state may."""

        async def run() -> None:
            state = open_state(Settings.model_validate(self.state), gateway.directory / "bartizan-data")
            try:
                halves = split_token(browser.cookies[SESSION])
                assert halves is not None
                assert await SessionStore(state, time.time).end(digest_of(halves[0]), "revoked")
            finally:
                await state.close()

        asyncio.run(run())

    async def open_socket(self, gateway: Bartizan, browser: Browser) -> websockets.ClientConnection:
        fields = headers(browser)
        socket = await websockets.connect(
            f"wss://localhost:{gateway.port}/ws",
            additional_headers={"cookie": fields["cookie"]},
            user_agent_header=AGENT,
            origin=origin(gateway),  # type: ignore[arg-type]
            ssl=self.context,
        )
        await socket.send("one")
        assert await socket.recv() == "heard one"
        return socket


def origin(gateway: Bartizan) -> str:
    return f"https://localhost:{gateway.port}"


def headers(browser: Browser) -> dict[str, str]:
    return {"user-agent": AGENT, "cookie": f"{SESSION}={browser.cookies[SESSION]}"}


def control(gateway: Bartizan) -> int:
    found = json.loads(gateway.run("status").stdout)["control"]
    return (found or {}).get("pid") or 0


async def cut_after(place: Place, held_at: Bartizan, ended_at: Bartizan, browser: Browser) -> float:
    """Open WebSockets on many connections, end their session; return the seconds until the last one is cut."""
    sockets = [await place.open_socket(held_at, browser) for _ in range(6)]
    await asyncio.to_thread(place.end, ended_at, browser)
    started = time.monotonic()
    for socket in sockets:
        with pytest.raises(websockets.ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 10)
    return time.monotonic() - started


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with Place(tmp_path_factory.mktemp("alone"), {"engine": "lmdb"}) as place:
        yield place


@pytest.fixture(scope="module")
def gateway(place: Place) -> Iterator[Bartizan]:
    with place.gateway("one") as running:
        yield running


def test_sessions_go_on_without_control_and_pages_come_back(place: Place, gateway: Bartizan) -> None:
    alice = place.enrol(gateway, "alice")
    kill(control(gateway))
    assert place.statuses(gateway, alice) == {200}
    wait_until(
        lambda: gateway.metric("bartizan_control_restarts_total") >= 1 <= gateway.metric("bartizan_control_up"), 30
    )
    assert alice.client.get("/.bartizan/login").status_code == 200
    assert alice.post("session/prove").status == 200  # it knows the session, and the nonce that came before
    assert place.statuses(gateway, alice) == {200}


def test_whom_the_command_line_revokes_is_out_on_every_worker(place: Place, gateway: Bartizan) -> None:
    bob = place.enrol(gateway, "bob")
    other = place.enrol(gateway, "other")
    assert place.statuses(gateway, bob) == {200}
    revoked = gateway.run("access", "revoke", "bob", "--sessions")
    assert revoked.returncode == 0, revoked.stderr
    assert place.statuses(gateway, bob) == {401}
    assert bob.post("account").code == "login_required"
    assert place.statuses(gateway, other) == {200}
    assert gateway.run("access", "disable", "other").returncode == 0
    assert place.statuses(gateway, other) == {401}


def test_what_is_open_is_cut_within_a_second(place: Place, gateway: Bartizan) -> None:
    browsers = [place.enrol(gateway, f"carol{number}") for number in range(2)]
    times = [asyncio.run(cut_after(place, gateway, gateway, browser)) for browser in browsers]
    assert min(times) < 1.0  # the machine may be busy with other tests
    assert all(place.statuses(gateway, browser) == {401} for browser in browsers)


def test_a_policy_that_is_wrong_changes_nothing(place: Place, gateway: Bartizan) -> None:
    dave = place.enrol(gateway, "dave")
    same = control(gateway)
    gateway.write(place.config(gateway, policy="session.aall >= 2"))
    refused = gateway.run("reload")
    assert refused.returncode == 1
    assert "guards.access.policy" in refused.stderr
    assert place.statuses(gateway, dave) == {200}
    gateway.write(place.config(gateway, policy="session.aal >= 3"))
    assert gateway.run("reload").returncode == 0
    assert control(gateway) == same
    assert place.statuses(gateway, dave) == {403}
    gateway.write(place.config(gateway))
    assert gateway.run("reload").returncode == 0
    assert place.statuses(gateway, dave) == {200}


def test_machines_that_share_a_server_share_sessions_and_their_ends(tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("two")  # a short name: the path of a socket has to fit
    with (
        RedisServer(directory) as redis,
        Place(directory, {"engine": "valkey", "url": redis.url}) as place,
        place.gateway("one") as one,
        place.gateway("two") as two,
    ):
        erin, frank = place.enrol(one, "erin"), place.enrol(one, "frank")
        assert place.statuses(two, erin) == {200}
        revoked = one.run("access", "revoke", "erin", "--sessions")
        assert revoked.returncode == 0, revoked.stderr
        assert place.statuses(two, erin) == {401}
        assert place.statuses(two, frank) == {200}
        assert asyncio.run(cut_after(place, two, one, frank)) < 1.0
        assert place.statuses(two, frank) == {401}
