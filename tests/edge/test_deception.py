"""Honeytokens and canaries on the wire: a real gateway, an upstream with orders, whoever asks for what."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.gateway import Gateway
from tests.support.net import wait_until
from tests.support.state import open_shared_state
from tests.support.upstream import Connection, Upstream

from bartizan.config.model import State as Settings
from bartizan.detection.honeytokens.tokens import HoneytokenList, digest_of_secret
from bartizan.pipeline import Exchange, Signal

ORDERS = json.dumps([{"id": number, "total": number * 3} for number in range(101, 121)], indent=1).encode()
KEY = "sk_live_0123456789abcdefghijklmn"


def serve(connection: Connection) -> None:
    """Answer as a small shop does."""
    while True:
        head = connection.read_request()
        method, path, _ = head.split(b" ", 2)
        body, status, more = ORDERS, b"200 OK", b'etag: W/"%x"\r\n' % zlib.crc32(ORDERS)
        if path == b"/orders/101":
            body, more = b'{"id": 101, "total": 303}', b""
        elif path != b"/orders":
            body, status, more = b'{"error": "no such order"}', b"404 Not Found", b""
        assert b"accept-encoding: identity" in head.lower() or not path.startswith(b"/orders")
        fields = b"server: shop\r\ncontent-type: application/json\r\ncontent-length: %d\r\n" % len(body)
        connection.send(b"HTTP/1.1 %b\r\n%b%b\r\n" % (status, fields, more) + (b"" if method == b"HEAD" else body))


class Place:
    """A gateway with canaries in front of a shop."""

    def __init__(self, directory: Path, upstream: Upstream) -> None:
        self.seen: list[Exchange] = []
        config: dict[str, Any] = {
            "upstreams": [{"name": "shop", "nodes": [upstream.node]}],
            "routes": [{"name": "shop", "paths": ["/orders/*", "/users/*"], "upstream": "shop"}],
            "deception": {
                "enabled": True,
                "honeytokens": {"api_keys": {"live": "sk_live_{base62:24}"}},
                "canaries": [{"path": "/orders", "detail": "/orders/{id}"}],
                "fields": [{"path": "/orders/{id}"}],
            },
        }
        self.gateway = Gateway(directory, config, observe=self.seen.append)

    def get(self, path: str, headers: dict[str, str] | None = None, method: str = "GET") -> httpx.Response:
        return httpx.request(method, f"http://127.0.0.1:{self.gateway.port}{path}", headers=headers, timeout=10)

    def signals(self, number: int) -> list[Signal]:
        """Return the signals of the exchange of a number, once it is over."""
        wait_until(lambda: len(self.seen) > number)
        return self.seen[number].signals


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Upstream(serve) as upstream:
        place = Place(tmp_path, upstream)
        with place.gateway:
            yield place


def test_a_canary_is_given_touched_and_told(place: Place) -> None:
    given = place.get("/orders", {"authorization": "Bearer abcdefgh"})
    assert int(given.headers["content-length"]) == len(given.content)
    (canary,) = [item for item in given.json() if item not in json.loads(ORDERS)]
    etag = given.headers["etag"]
    assert etag != f'W/"{zlib.crc32(ORDERS):x}"'
    assert place.get("/orders", {"authorization": "Bearer abcdefgh", "if-none-match": etag}).status_code == 304
    real, touched = place.get("/orders/101"), place.get(f"/orders/{canary['id']}")
    assert touched.json() == canary
    assert (touched.status_code, touched.headers["server"]) == (200, "shop")
    assert list(touched.headers) == list(real.headers)
    head = place.get(f"/orders/{canary['id']}", method="HEAD")
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(touched.content)))
    assert place.signals(2) == []
    for number in (3, 4):
        (signal,) = place.signals(number)
        assert signal.name == "canary.touched"
        assert str(signal.evidence["recipient"]).startswith("credential:")


def test_a_planted_path_that_no_route_takes_is_told(place: Place) -> None:
    url = place.get("/orders/101").json()["debug_url"]
    answer, elsewhere = place.get(url), place.get("/nowhere")
    assert (answer.status_code, list(answer.headers)) == (404, list(elsewhere.headers))
    assert {**answer.json(), "instance": ""} == {**elsewhere.json(), "instance": ""}
    assert place.get("/internal/debug/0123456789abcdef0123456789abcdef").status_code == 404
    (signal,) = place.signals(1)
    assert (signal.name, signal.evidence["recipient"]) == ("canary.touched", "address:127.0.0.1")
    assert place.signals(3) == []


def test_a_token_planted_while_it_runs_is_known_at_once(place: Place) -> None:
    async def plant() -> None:
        state = open_shared_state(Settings(), place.gateway.directory)
        digest = digest_of_secret(KEY.encode())
        await HoneytokenList(state).plant("api_key", digest, place="wiki", made_by="root")
        await state.close()

    assert place.get("/users/1", {"x-api-key": KEY}).status_code == 404
    place.gateway.run(plant())
    wait_until(lambda: place.get("/users/1", {"x-api-key": KEY}).status_code == 404 and bool(place.seen[-1].signals))
    already = len(place.seen)
    assert place.get("/nowhere", {"authorization": f"Bearer {KEY}"}).status_code == 404
    assert place.signals(0) == []
    (signal,) = place.signals(already)
    assert (signal.name, signal.evidence["place"]) == ("honeytoken.used", "wiki")
    assert KEY not in json.dumps(dict(signal.evidence))
