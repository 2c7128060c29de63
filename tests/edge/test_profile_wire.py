"""Profiles on the wire: a real gateway learns a shop, and fakes answer as the shop does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
from tests.support.gateway import Gateway
from tests.support.upstream import Connection, Upstream

from bartizan.detection.fakes import Keyed
from bartizan.detection.profile import ProfileBook, read_profile
from bartizan.detection.profile.book import DIRECTORY


def serve(connection: Connection) -> None:
    """Answer as a small shop does."""
    while True:
        path = connection.read_request().split(b" ", 2)[1].decode()
        status, document = "200 OK", {"id": 17, "customer": "Erika Miller", "total": 12.5}
        if not path.startswith("/orders/"):
            status, document = "404 Not Found", {"detail": f"{path} is not here"}
        body = json.dumps(document, indent=2).encode()
        head = f"HTTP/1.1 {status}\r\nServer: shop/3\r\nContent-Type: application/json\r\nX-Trace: {hash(path):x}\r\n"
        connection.send(head.encode() + b"content-length: %d\r\n\r\n%b" % (len(body), body))


def test_a_gateway_learns_what_its_upstream_looks_like(tmp_path: Path) -> None:
    with Upstream(serve) as upstream:
        config: dict[str, Any] = {
            "upstreams": [{"name": "shop", "nodes": [upstream.node]}],
            "routes": [{"name": "all", "paths": ["/*"], "upstream": "shop"}],
            "deception": {"enabled": True},
        }
        with Gateway(tmp_path, config) as gateway:
            parts = gateway.worker._services.deceive(gateway.config)
            assert parts is not None
            book: ProfileBook = parts.profiles
            learner = book.learner("shop")
            assert learner is not None
            with httpx.Client(base_url=f"http://127.0.0.1:{gateway.port}") as client:
                for number in range(4):
                    learner._next = [0.0, 0.0]  # each is looked at
                    real = client.get(f"/orders/{number}")
                    learner._next = [0.0, 0.0]
                    assert client.get(f"/nope/{number}").status_code == 404
            gateway.run(book.turn())
            profile = book.get("shop")
            written = read_profile(tmp_path / DIRECTORY, "shop")
    assert written is not None
    assert written.encode() == profile.encode()
    assert b"Miller" not in written.encode()
    shape = profile.shape("GET", "/orders/9")
    assert shape is not None
    body = shape.encode(profile.fake("GET", "/orders/9", Keyed(b"k" * 32, "fakes")))
    assert [line.partition(b":")[0] for line in body.splitlines()] == [
        line.partition(b":")[0] for line in real.content.splitlines()
    ]
    visit = Keyed(b"k" * 32, "visit", "1")
    fields = dict(profile.headers(200, "application/json", body, visit, 1_790_000_000.0))
    assert list(fields) == [b"server", b"content-type", b"x-trace"]
    error = profile.error(404, "/.env", visit, 1_790_000_000.0)
    assert error is not None
    assert json.loads(error[1]) == {"detail": "/.env is not here"}
    assert 0 < profile.latency(0.5) < 1
