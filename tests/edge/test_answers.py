"""Verdicts that answer in an upstream's place, through the whole edge over raw sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support.gateway import Gateway
from tests.support.net import RawClient
from tests.support.upstream import Upstream

from bartizan.edge import guards
from bartizan.http.body import Body
from bartizan.http.headers import Headers
from bartizan.http.message import Response
from bartizan.pipeline import Challenge, Exchange, Respond, Step, Verdict


class Answering:
    """Answers by itself, and marks the responses that it sees."""

    name = "answering"

    def __init__(self, make: Callable[[Response], Verdict]) -> None:
        self._make = make
        self.exchanges: list[Exchange] = []

    async def on_request(self, exchange: Exchange) -> Verdict | None:
        self.exchanges.append(exchange)
        return self._make(Response(418, Headers([(b"server", b"other")]), Body.of(b"short and stout"), 15))

    async def on_response(self, exchange: Exchange) -> Verdict | None:
        assert exchange.response is not None
        exchange.response.headers.items.append((b"x-seen", b"yes"))
        return None


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


def ask(
    guard: Answering, upstream: Upstream, directory: Path, monkeypatch: pytest.MonkeyPatch, **route: object
) -> bytes:
    monkeypatch.setattr(guards, "GUARDS", (guards.GuardKind(guard.name, lambda *_: Step(guard)),))
    config = {
        "upstreams": [{"name": "api", "nodes": [upstream.node]}],
        "routes": [{"name": "api", "upstream": "api", **route}],
    }
    with Gateway(directory, config) as gateway, RawClient(gateway.port) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        return client.until_close()


def test_a_response_in_an_upstreams_place_passes_the_response_side_and_comes_at_its_time(
    upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = Answering(lambda response: Respond(response, after=0.05, because="a decoy"))
    answer = ask(guard, upstream, tmp_path, monkeypatch)
    assert answer.startswith(b"HTTP/1.1 418 ")
    assert b"server: other\r\n" in answer
    assert b"x-seen: yes\r\n" in answer
    assert answer.endswith(b"\r\n\r\nshort and stout")
    (exchange,) = guard.exchanges
    assert exchange.verdict is not None
    assert (exchange.verdict.action, exchange.decided_by, exchange.upstream) == ("decoy", "answering", None)
    assert exchange.duration >= 0.05


def test_a_challenge_is_sent_as_it_is(upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guard = Answering(lambda response: Challenge(response, because="risk 50"))
    answer = ask(guard, upstream, tmp_path, monkeypatch)
    assert answer.startswith(b"HTTP/1.1 418 ")
    assert b"x-seen" not in answer
    assert answer.endswith(b"\r\n\r\nshort and stout")


def test_a_response_in_an_upstreams_place_is_as_rewritten_ones_are(
    upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = Answering(lambda response: Respond(response, because="a decoy, made like what clients get"))
    edits = {"response_headers": {"add": {"X-Added": "1"}, "remove": ["Server"]}}
    answer = ask(guard, upstream, tmp_path, monkeypatch, rewrite=edits)
    assert b"server: other\r\n" in answer
    assert b"x-added" not in answer.lower()
