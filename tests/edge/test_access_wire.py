"""The guard ``access`` on the wire: a real gateway, a real application, sessions in the real state."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from tests.support.api import Api
from tests.support.gateway import Gateway
from tests.support.sessions import Clock, make_session
from tests.support.state import open_shared_state

from bartizan.access.sessions.facts import client_facts
from bartizan.access.sessions.store import SessionStore
from bartizan.config.model import State as Settings

ORIGIN = "https://gateway.test"
AGENT = {"user-agent": "test"}


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
        "routes": [
            {
                "name": "live",
                "upstream": "api",
                "upgrade": True,
                "guards": {"access": {"policy": '"finance" in principal.groups'}},
            },
            {"name": "closed", "paths": ["/closed"], "upstream": "api"},
        ],
        "access": {"enabled": True, "origin": ORIGIN},
    }
    with Gateway(tmp_path, config, clock) as running:
        yield running


@pytest.fixture
async def store(gateway: Gateway, clock: Clock) -> AsyncIterator[SessionStore]:
    state = open_shared_state(Settings(), gateway.directory)
    yield SessionStore(state, clock)
    await state.close()


async def begin(store: SessionStore, **changes: Any) -> tuple[dict[str, str], bytes]:
    facts = client_facts("127.0.0.1", None, "test")
    token, digest = await store.begin(make_session(facts=facts, address="127.0.0.1", **changes))
    return {**AGENT, "cookie": f"__Host-bartizan-session={token}"}, digest


async def get(gateway: Gateway, path: str, headers: dict[str, str]) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(f"http://127.0.0.1:{gateway.port}{path}", headers=headers)


async def test_the_application_is_told_who_it_is_and_sees_no_cookie_of_ours(
    gateway: Gateway, store: SessionStore
) -> None:
    headers, _ = await begin(store)
    forged = {"bartizan-assertion": "forged", "x-forwarded-user": "root", "remote-user": "root"}
    answer = await get(gateway, "/orders", {**headers, **forged})
    assert answer.status_code == 200
    seen = json.loads(answer.text)["headers"]
    assert seen["bartizan-assertion"].count(".") == 2
    assert "cookie" not in seen
    assert not {"x-forwarded-user", "remote-user"} & set(seen)


async def test_who_has_no_session_gets_nowhere(gateway: Gateway, api: Api) -> None:
    before = len(api.seen)
    answer = await get(gateway, "/orders", AGENT)
    assert answer.status_code == 401
    assert "DPoP" in answer.headers["www-authenticate"]
    assert (await get(gateway, "/closed", AGENT)).status_code == 403
    assert len(api.seen) == before


async def test_a_revoked_session_is_over_with_the_next_request(gateway: Gateway, store: SessionStore) -> None:
    headers, digest = await begin(store)
    assert (await get(gateway, "/orders", headers)).status_code == 200
    await store.end(digest, "revoked")
    assert (await get(gateway, "/orders", headers)).status_code == 401


async def test_a_stolen_cookie_is_no_use_to_another_client(gateway: Gateway, store: SessionStore) -> None:
    headers, _ = await begin(store)
    answer = await get(gateway, "/orders", {**headers, "user-agent": "thief"})
    assert answer.status_code == 401
    assert "insufficient_user_authentication" in answer.headers["www-authenticate"]
    assert (await get(gateway, "/orders", headers)).status_code == 401  # and its owner has to explain


async def test_a_websocket_is_cut_when_its_session_ends(gateway: Gateway, store: SessionStore) -> None:
    headers, digest = await begin(store)
    agent = headers.pop("user-agent")
    url = f"ws://127.0.0.1:{gateway.port}/ws"
    async with websockets.connect(url, additional_headers=headers, user_agent_header=agent, origin=ORIGIN) as socket:  # type: ignore[arg-type]
        await socket.send("one")
        assert await socket.recv() == "heard one"
        await store.end(digest, "revoked")
        with pytest.raises(websockets.ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 5)


async def test_a_websocket_of_another_site_is_not_opened(gateway: Gateway, store: SessionStore) -> None:
    headers, _ = await begin(store)
    agent = headers.pop("user-agent")
    url = f"ws://127.0.0.1:{gateway.port}/ws"
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(
            url,
            additional_headers=headers,
            user_agent_header=agent,
            origin="https://evil.test",  # type: ignore[arg-type]
        )
    assert refused.value.response.status_code == 403


async def test_a_stream_is_cut_when_its_session_runs_out(gateway: Gateway, store: SessionStore, clock: Clock) -> None:
    headers, _ = await begin(store)
    async with (
        httpx.AsyncClient(timeout=10) as client,
        client.stream("GET", f"http://127.0.0.1:{gateway.port}/stream", headers=headers) as answer,
    ):
        pieces = answer.aiter_raw()
        assert b"tick" in await anext(pieces)
        clock.forward(901)
        with pytest.raises(httpx.RemoteProtocolError):
            async for _ in pieces:
                pass
