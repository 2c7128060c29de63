"""Guards that look at bodies and at refused requests, through the whole edge over raw sockets."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.gateway import Gateway
from tests.support.net import RawClient
from tests.support.upstream import Connection, Upstream, always

from bartizan.edge import guards
from bartizan.pipeline import Deny, Exchange, Step, Verdict

BAD = Deny(403, because="the body")


class Watcher:
    """Refuses bodies that have ``bad`` in them, and keeps what it saw."""

    name = "watcher"
    plain_responses = True

    def __init__(self, request_limit: int = 0, response_limit: int = 0) -> None:
        self.request_limit = request_limit
        self.response_limit = response_limit
        self.seen: list[tuple[str, bytes, bool]] = []

    async def on_request(self, exchange: Exchange) -> Verdict | None:
        return Deny(403, because="the head") if exchange.request.path == "/refused" else None

    def hold_request(self, exchange: Exchange) -> int:
        return self.request_limit

    async def on_request_body(self, exchange: Exchange, body: bytes, *, complete: bool) -> Verdict | None:
        self.seen.append(("request", body, complete))
        return BAD if b"bad" in body else None

    async def on_response(self, exchange: Exchange) -> Verdict | None:
        return None

    def hold_response(self, exchange: Exchange) -> int:
        return self.response_limit

    async def on_response_body(self, exchange: Exchange, body: bytes, *, complete: bool) -> Verdict | None:
        self.seen.append(("response", body, complete))
        return BAD if b"bad" in body else None


Serve = Callable[..., Any]


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture
def serve(upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Serve:
    @contextmanager
    def serving(guard: Any, **timeouts: str) -> Iterator[RawClient]:
        kind = guards.GuardKind(guard.name, lambda *_: Step(guard))
        monkeypatch.setattr(guards, "GUARDS", (kind,))
        config = {
            "upstreams": [
                {"name": "api", "nodes": [upstream.node], "timeouts": {"response": "5s", "read": "5s", **timeouts}}
            ],
            "routes": [{"name": "api", "upstream": "api"}],
        }
        with Gateway(tmp_path, config) as gateway, RawClient(gateway.port) as client:
            yield client

    return serving


def test_a_held_request_body_is_looked_at_and_sent_on(serve: Serve, upstream: Upstream) -> None:
    guard = Watcher(request_limit=100)
    with serve(guard) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel")
        client.send(b"lo")
        assert client.response()[0] == 200
    assert guard.seen == [("request", b"hello", True)]
    assert upstream.received.endswith(b"\r\n\r\nhello")


def test_a_longer_body_is_looked_at_in_part_and_sent_on_whole(serve: Serve, upstream: Upstream) -> None:
    guard = Watcher(request_limit=100)
    body = b"x" * 700_000
    with serve(guard) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        assert client.response()[0] == 200
    assert guard.seen == [("request", b"x" * 100, False)]
    assert upstream.received.endswith(b"\r\n\r\n" + body)


def test_a_client_that_waits_for_100_continue_is_told_before_its_body_is_held(serve: Serve) -> None:
    guard = Watcher(request_limit=100)
    with serve(guard) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert client.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.send(b"bad")
        assert client.response()[0] == 403
    assert guard.seen == [("request", b"bad", True)]


def test_a_client_whose_head_is_refused_is_not_told_to_continue(serve: Serve) -> None:
    with serve(Watcher(request_limit=100)) as client:
        client.send(b"POST /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert client.until_close().startswith(b"HTTP/1.1 403 ")


def test_a_held_response_is_sent_on_unchanged(serve: Serve, upstream: Upstream) -> None:
    upstream.handler = always(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    guard = Watcher(response_limit=100)
    with serve(guard) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip, br\r\n\r\n")
        assert client.until(b"0\r\n\r\n").endswith(b"\r\n\r\n5\r\nabcde\r\n0\r\n\r\n")
    assert guard.seen == [("response", b"abcde", True)]
    assert b"accept-encoding: identity\r\n" in upstream.received
    assert b"gzip" not in upstream.received


def test_a_longer_response_is_looked_at_in_part_and_streamed_on(serve: Serve, upstream: Upstream) -> None:
    body = b"y" * 900_000
    upstream.handler = always(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
    guard = Watcher(response_limit=300_000)
    with serve(guard) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.response()[2] == body
    assert guard.seen == [("response", body[:300_000], False)]


def test_a_refused_response_body_never_reaches_the_client(serve: Serve, upstream: Upstream) -> None:
    upstream.handler = always(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nx-own: 1\r\n\r\nbad")
    with serve(Watcher(response_limit=100)) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        status, headers, body = client.response()
        assert status == 403
        assert b"x-own" not in headers
        assert b"bad" not in body
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.response()[0] == 403


def test_events_pass_while_they_happen(serve: Serve, upstream: Upstream) -> None:
    seen = threading.Event()

    def events(connection: Connection) -> None:
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: bad\n\n")
        seen.wait(10)

    upstream.handler = events
    guard = Watcher(response_limit=100)
    with serve(guard) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        client.until(b"data: bad\n\n")
        seen.set()
        client.until(b"0\r\n\r\n")
    assert guard.seen == []


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        (b"HEAD", b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"),
        (b"GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
        (b"GET", b"HTTP/1.1 304 Not Modified\r\n\r\n"),
    ],
)
def test_responses_without_a_body_wait_for_none(serve: Serve, upstream: Upstream, method: bytes, answer: bytes) -> None:
    upstream.handler = always(answer)
    guard = Watcher(response_limit=100)
    with serve(guard) as client:
        client.send(method + b" / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.until(b"\r\n\r\n").startswith(answer[:12])
    assert guard.seen == [("response", b"", True)]


def test_a_node_that_stops_within_a_held_body_is_given_up(serve: Serve, upstream: Upstream) -> None:
    def stops(connection: Connection) -> None:
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhalf")
        connection.read_until(b"never")

    upstream.handler = stops
    with serve(Watcher(response_limit=100), read="200ms") as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.response()[0] == 504


def test_a_bad_target_on_a_kept_connection_is_refused_too(serve: Serve) -> None:
    with serve(Watcher()) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.response()[0] == 200
        client.send(b"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.until_close().startswith(b"HTTP/1.1 400 ")
