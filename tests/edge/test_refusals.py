"""What is refused before any guard is still shown to those that look at it, over raw sockets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.gateway import Gateway
from tests.support.malformed import MALFORMED
from tests.support.net import RawClient, wait_until
from tests.support.upstream import Upstream

from bartizan.config.model import Guards, Route
from bartizan.edge import guards
from bartizan.evidence.journal import DetectionFinding, HttpActivity, JournalReader
from bartizan.pipeline import Exchange, Signal, Step, Verdict


class Watcher:
    """Keeps what was refused."""

    name = "watcher"

    def __init__(self, route: str) -> None:
        self.route = route
        self.refused: list[tuple[Exchange, bytes]] = []

    async def on_request(self, exchange: Exchange) -> Verdict | None:
        return None

    def on_refused(self, exchange: Exchange, body: bytes) -> None:
        self.refused.append((exchange, body))
        exchange.signals.append(Signal("watcher.saw", 50))


Watchers = dict[str, Watcher]


@pytest.fixture
def watchers() -> Watchers:
    """By the name of the route."""
    return {}


@pytest.fixture
def gateway(tmp_path: Path, watchers: Watchers, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    def build(_: Guards, route: Route, __: guards.Services) -> Step:
        return Step(watchers.setdefault(route.name, Watcher(route.name)))

    monkeypatch.setattr(guards, "GUARDS", (guards.GuardKind("watcher", build),))
    with Upstream() as upstream:
        config = {
            "upstreams": [{"name": "api", "nodes": [upstream.node]}],
            "routes": [
                {"name": "api", "upstream": "api", "paths": ["/api/*"], "methods": ["GET", "POST"], "body_bytes": 10},
                {"name": "host", "upstream": "api", "hosts": ["own.test"]},
            ],
        }
        with Gateway(tmp_path, config) as running:
            yield running


def ask(gateway: Gateway, *data: bytes) -> bytes:
    with RawClient(gateway.port) as client:
        for piece in data:
            client.send(piece)
            time.sleep(0.02 if len(data) > 1 else 0)
        return client.until_close()


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_every_malformed_request_is_shown_once(gateway: Gateway, watchers: Watchers, data: bytes) -> None:
    with RawClient(gateway.port) as client:
        client.send(data)
        client.until(b"HTTP/1.1 ")
    wait_until(lambda: sum(len(watcher.refused) for watcher in watchers.values()) == 1)


@pytest.mark.parametrize(
    ("data", "status", "target", "version"),
    [
        (b"GET /api/../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", b"400", b"/api/../../etc/passwd", "1.1"),
        (b"GET /api/%zz HTTP/1.1\r\nHost: a\r\n\r\n", b"400", b"/api/%zz", "1.1"),
        (b"GET /api/a b HTTP/1.1\r\nHost: a\r\n\r\n", b"400", b"/api/a b", "1.1"),
        (b"GET /api/\\..\\x HTTP/1.1\r\nHost: a\r\n\r\n", b"400", b"/api/\\..\\x", "1.1"),
        (b"GET /api/\x01 HTTP/1.1\r\nHost: a\r\n\r\n", b"400", b"/api/\x01", "1.1"),
        (b"GET /api HTTP/3.0\r\nHost: a\r\n\r\n", b"505", b"/api", "3.0"),
        (b"GET /api\r\n\r\n", b"400", b"/api", "0.9"),
        (b"GET /api HTTP/1.1\nHost: a\n\n", b"400", b"/api", "1.1"),
        (b"GET /api HTTP/1.1\r\n\r\n", b"400", b"/api", "1.1"),
    ],
)
def test_the_route_s_guards_see_it_as_it_came(
    gateway: Gateway, watchers: Watchers, data: bytes, status: bytes, target: bytes, version: str
) -> None:
    assert ask(gateway, data).startswith(b"HTTP/1.1 " + status)
    ((exchange, _),) = watchers["api"].refused
    assert (exchange.request.method, exchange.request.target, exchange.request.version) == ("GET", target, version)


def test_headers_come_in_order_with_all_of_their_values_and_the_body_with_them(
    gateway: Gateway, watchers: Watchers
) -> None:
    head = (
        b"POST / HTTP/1.1\r\nHost: own.test\r\nX(: 1\r\nContent-Length: 4\r\nContent-Length: 3\r\nConnection: x\r\n\r\n"
    )
    assert ask(gateway, head[:60], head[60:] + b"a=b").startswith(b"HTTP/1.1 400")
    ((exchange, body),) = watchers["host"].refused
    assert exchange.request.headers.items == [
        (b"host", b"own.test"),
        (b"x(", b"1"),
        (b"content-length", b"4"),
        (b"content-length", b"3"),
        (b"connection", b"x"),
    ]
    assert body == b"a=b"
    assert exchange.client.address == "127.0.0.1"


def test_what_no_route_fits_is_seen_by_the_default_guards(gateway: Gateway, watchers: Watchers) -> None:
    with RawClient(gateway.port) as client:
        client.send(b"GET /wp-admin HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.response()[0] == 404
        client.send(b"DELETE /api HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.response()[0] == 405
    assert ask(gateway, b"XGET /wp-admin HTTP/1.1\r\nHost: a\r\n\r\n").startswith(b"HTTP/1.1 400")
    targets = [exchange.request.target for exchange, _ in watchers["unrouted"].refused]
    assert targets == [b"/wp-admin", b"/api", b"/wp-admin"]


def test_a_body_that_is_too_large_is_seen_as_far_as_it_has_come(gateway: Gateway, watchers: Watchers) -> None:
    data = b"POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n<script>aaa"
    assert ask(gateway, data).startswith(b"HTTP/1.1 413")
    ((exchange, body),) = watchers["api"].refused
    assert exchange.error == "body_too_large"
    assert b"<script>aaa".startswith(body)


def test_signals_about_refused_requests_are_journaled_and_counted(
    gateway: Gateway, watchers: Watchers, tmp_path: Path
) -> None:
    ask(gateway, b"GET /api/%zz?a=b&token=secret HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\n\r\n")
    journal = tmp_path / "journal"
    wait_until(lambda: journal.exists() and len([*JournalReader(journal).entries()]) == 2)
    activity, finding = (entry.record for entry in JournalReader(journal).entries())
    assert isinstance(activity, HttpActivity)
    assert isinstance(finding, DetectionFinding)
    assert activity.status_code == "invalid_escape"
    assert activity.http_request.url.path == "/api/%zz"
    assert activity.http_request.url.query_string == "a=b&token=***"
    assert activity.http_request.user_agent == "x"
    assert finding.finding_info.title == "watcher.saw"
    assert finding.metadata.correlation_uid == activity.metadata.uid
    assert gateway.worker.report().signals == {"watcher.saw": 1}
