"""What upstreams and clients try against sessions, on the wire of a gateway: planted cookies, and ends in between."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.gateway import Gateway
from tests.support.net import RawClient
from tests.support.sessions import NOW, Clock, make_session
from tests.support.state import open_shared_state
from tests.support.upstream import OK, Connection, Handler, Upstream

from bartizan.access.sessions.facts import client_facts
from bartizan.access.sessions.store import SessionStore
from bartizan.config.model import State as Settings

SESSION = "__Host-bartizan-session"
CLOSE = b"Connection: close\r\n"
PLANTED = (
    f"Set-Cookie: {SESSION}=planted; Path=/; Secure\r\n"
    f"SET-COOKIE:  {SESSION} =planted; Path=/; Secure\r\n"
    f"Set-Cookie: ={SESSION}=planted; Path=/; Secure\r\n"  # without a name it is sent as its value alone
    f"Set-Cookie: = {SESSION}=planted; Path=/; Secure\r\n"
    "Set-Cookie: __Host-bartizan-login=planted; Path=/; Secure\r\n"
    "X-Last: own=kept\r\n"
).encode()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture
def gateway(tmp_path: Path, upstream: Upstream, clock: Clock) -> Iterator[Gateway]:
    rule = {"max_age": "1h", "factor": "webauthn", "when": 'request.body.to == "evil"'}
    guards = {"public": {"public": True}, "ruled": {"policy": "session.aal >= 2", "reauth": [rule]}}
    config: dict[str, Any] = {
        "upstreams": [{"name": "api", "nodes": [upstream.node]}],
        "routes": [
            {"name": name, "paths": [f"/{name}"], "upstream": "api", "upgrade": True, "guards": {"access": guard}}
            for name, guard in guards.items()
        ],
        "access": {"enabled": True, "origin": "https://gateway.test"},
    }
    with Gateway(tmp_path, config, clock) as running:
        yield running


@pytest.fixture
async def store(gateway: Gateway, clock: Clock) -> AsyncIterator[SessionStore]:
    state = open_shared_state(Settings(), gateway.directory)
    yield SessionStore(state, clock)
    await state.close()


def answers(*heads: bytes) -> Handler:
    def handle(connection: Connection) -> None:
        connection.read_until(b"\r\n\r\n")
        for head in heads:
            connection.send(head)

    return handle


@pytest.mark.parametrize(
    ("request_fields", "heads"),
    [
        (CLOSE, [b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n%b\r\n" % PLANTED]),
        (
            CLOSE,
            [b"HTTP/1.1 103 Early Hints\r\n%b\r\n" % PLANTED, OK.replace(b"\r\n\r\n", b"\r\nx-last: own=kept\r\n\r\n")],
        ),
        (CLOSE, [b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n%b\r\n" % PLANTED]),
        (CLOSE, [b"HTTP/1.1 304 Not Modified\r\n%b\r\n" % PLANTED]),
        (
            b"Connection: upgrade\r\nUpgrade: websocket\r\n",
            [b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n%b\r\n" % PLANTED],
        ),
    ],
)
def test_no_upstream_plants_a_cookie_of_ours(
    gateway: Gateway, upstream: Upstream, request_fields: bytes, heads: list[bytes]
) -> None:
    upstream.handler = answers(*heads)
    with RawClient(gateway.port) as client:
        client.send(b"GET /public HTTP/1.1\r\nHost: gateway.test\r\n%b\r\n" % request_fields)
        heard = client.until(b"own=kept")
    assert b"planted" not in heard


async def test_a_session_that_ends_while_the_body_comes_lets_nothing_through(
    gateway: Gateway, upstream: Upstream, store: SessionStore
) -> None:
    facts = client_facts("127.0.0.1", None, "")
    token, digest = await store.begin(make_session(facts=facts, address="127.0.0.1", factors={"password": NOW}))
    head = f"POST /ruled HTTP/1.1\r\nHost: gateway.test\r\nCookie: {SESSION}={token}\r\n"
    body = b'{"to": "good"}'
    fields = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    for ends in (False, True):
        before = len(upstream.received)
        with RawClient(gateway.port) as client:
            client.send((head + fields).encode() + body[:5])
            await asyncio.sleep(0.1)  # until the head has been judged
            if ends:
                assert await store.end(digest, "revoked")
            client.send(body[5:])
            heard = b""
            with contextlib.suppress(EOFError, ConnectionResetError):
                heard = await asyncio.to_thread(client.until, b"\r\n\r\n")
        if ends:
            assert b" 200 " not in heard
            assert len(upstream.received) == before
        else:
            assert b" 200 " in heard
