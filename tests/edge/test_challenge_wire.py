"""Somebody whose session is a risk, on the wire: challenged behind access, with a pass that is taken before it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.api import Api
from tests.support.challenge import solve
from tests.support.gateway import Gateway
from tests.support.sessions import Clock, make_session
from tests.support.standings import stand
from tests.support.state import open_shared_state

from bartizan.access.sessions.facts import client_facts
from bartizan.access.sessions.store import SessionStore
from bartizan.config.model import State as Settings

AGENT = "test"


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with Api() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gateway(tmp_path: Path, api: Api, clock: Clock) -> Iterator[Gateway]:
    config: dict[str, Any] = {
        "upstreams": [{"name": "api", "nodes": [{"address": f"127.0.0.1:{api.port}"}]}],
        "routes": [{"name": "all", "upstream": "api", "guards": {"access": {"policy": "true"}}}],
        "access": {"enabled": True, "origin": "https://gateway.test"},
        "guards": {"obstacles": {"challenge": {"at": 30}}},
    }
    with Gateway(tmp_path, config, clock) as running:
        yield running


async def logged_in(gateway: Gateway, clock: Clock, **changes: Any) -> str:
    state = open_shared_state(Settings(), gateway.directory)
    session = make_session(facts=client_facts("127.0.0.1", None, AGENT), address="127.0.0.1", **changes)
    token, _ = await SessionStore(state, clock).begin(session)
    await state.close()
    return f"__Host-bartizan-session={token}"


def ask(gateway: Gateway, method: str, path: str, **fields: str) -> httpx.Response:
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    return httpx.request(method, f"http://127.0.0.1:{gateway.port}{path}", headers={"user-agent": AGENT, **headers})


async def test_a_pass_holds_for_who_is_behind_it_and_no_upstream_sees_it(
    gateway: Gateway, clock: Clock, api: Api
) -> None:
    session = await logged_in(gateway, clock)
    stand(gateway, "session:session-1", 50)
    challenged = ask(gateway, "GET", "/orders", cookie=session)
    assert (challenged.status_code, challenged.headers["bartizan-code"]) == (403, "challenge_required")
    task = challenged.json()["challenge"]
    answer = f"{task['token']}.{solve(task['salt'], task['difficulty'])}"
    solved = ask(gateway, "POST", task["answer_to"], **{task["answer_in"]: answer})
    assert solved.status_code == 204
    cookie = f"{session}; {solved.headers['set-cookie'].partition(';')[0]}; theme=dark"
    assert ask(gateway, "GET", "/orders", cookie=cookie).status_code == 200
    assert api.seen[-1]["cookie"] == "theme=dark"
    stand(gateway, "session:session-1", 70)
    assert ask(gateway, "GET", "/orders", cookie=cookie).status_code == 403


async def test_a_pass_opens_nothing(gateway: Gateway, clock: Clock) -> None:
    stand(gateway, "address:127.0.0.1", 50)
    task = ask(gateway, "GET", "/orders").json()["challenge"]
    answer = f"{task['token']}.{solve(task['salt'], task['difficulty'])}"
    solved = ask(gateway, "POST", task["answer_to"], **{task["answer_in"]: answer})
    cookie = solved.headers["set-cookie"].partition(";")[0]
    assert ask(gateway, "GET", "/orders", cookie=cookie).status_code == 401


async def test_one_who_is_no_risk_beside_them_meets_nothing(gateway: Gateway, clock: Clock) -> None:
    stand(gateway, "session:session-1", 50)
    other = await logged_in(gateway, clock, id="session-2", device="device-2", principal="principal-2", name="bob")
    assert ask(gateway, "GET", "/orders", cookie=other).status_code == 200


def test_the_page_in_front_of_the_login_needs_no_control(gateway: Gateway) -> None:
    stand(gateway, "address:127.0.0.1", 50)
    answer = ask(gateway, "GET", "/.bartizan/login", sec_fetch_mode="navigate", sec_fetch_dest="document")
    assert answer.status_code == 403
    assert "One moment, please" in answer.text
    assert ask(gateway, "GET", "/.bartizan/challenge.js").status_code == 200
