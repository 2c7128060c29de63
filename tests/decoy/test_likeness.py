"""Whoever is diverted meets what they met before: a real edge that has learned a real upstream, and the real decoy."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.decoy.test_server import config, decoy
from tests.support import diverting as support
from tests.support.gateway import Gateway
from tests.support.net import RawClient, wait_until
from tests.support.upstream import Connection, Upstream

from bartizan.detection.profile import book, learner
from bartizan.edge import guards

DATE = "date: Thu, 26 Nov 2026 01:00:00 GMT"
HEAD = f"HTTP/1.1 {{}} X\r\nserver: shop/2.1\r\n{DATE}\r\ncontent-type: {{}}\r\nx-frame-options: DENY\r\n"
ASKED = (
    ("GET", "/orders"), ("GET", "/orders/7"), ("HEAD", "/orders/8"), ("GET", "/orders/7?x=1"), ("GET", "/nowhere/else"),
    ("DELETE", "/orders"), ("OPTIONS", "/orders"), ("POST", "/orders"),
)  # fmt: skip


def shop(connection: Connection) -> None:
    """A small API with errors of its own, that takes a few milliseconds."""
    while True:
        request = connection.read_request()
        method, target = request.split(b" ")[:2]
        path = target.partition(b"?")[0].decode()
        time.sleep(0.006)
        status, media_type, body = answer(method.decode(), path)
        allow = "allow: GET, POST\r\n" if status == 405 else ""
        head = f"{HEAD.format(status, media_type)}{allow}content-length: {len(body)}\r\n\r\n"
        connection.send(head.encode() + (b"" if method == b"HEAD" else body.encode()))


def answer(method: str, path: str) -> tuple[int, str, str]:
    if path == "/orders" and method in ("GET", "HEAD"):
        return 200, "application/json", json.dumps([{"id": n, "name": f"n{n}", "paid": n % 2 == 0} for n in range(5)])
    if path == "/orders" and method == "POST":
        return 201, "application/json", json.dumps({"id": 77, "name": "new", "paid": False})
    if path == "/orders":
        return 405, "application/json", json.dumps({"error": "method not allowed"})
    if path.startswith("/orders/") and path[8:].isdigit() and method in ("GET", "HEAD"):
        return 200, "application/json", json.dumps({"id": int(path[8:]), "name": "n", "paid": True})
    return 404, "text/html; charset=utf-8", f"<h1>Not Found</h1><p>{path} is not here.</p>"


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    """One that has learned the upstream, and diverts whoever has not the field ``x-honest``."""
    monkeypatch.setattr(learner, "RATE", 1e9)
    monkeypatch.setattr(book, "EVERY", 0.05)
    profile = next(kind for kind in guards.GUARDS if kind.name == "profile")
    ours = [guards.GuardKind(guard.name, support._always(guard)) for guard in (support.Diverting(), support.Refusing())]
    monkeypatch.setattr(guards, "GUARDS", (*ours, profile))
    with tempfile.TemporaryDirectory(prefix="bz") as path, Upstream(shop) as upstream:
        directory = Path(path)
        made = config(directory, upstream)
        made["deception"]["enabled"] = True
        with Gateway(directory, made) as gateway, decoy(directory):
            for number in range(12):
                for method, target in ASKED:
                    ask(gateway, method, target.replace("7", str(7 + number)), honest=True)
            wait_until(lambda: any((directory / "decoy" / "profiles").glob("*.msgpack")))
            wait_until(lambda: ask(gateway, "POST", "/orders", honest=False)[0] == 201)  # what came last is in the file
            yield gateway


def ask(gateway: Gateway, method: str, target: str, *, honest: bool) -> tuple[int, list[str], bytes, float]:
    """Return status, header fields in order, body, and seconds until the response began."""
    body = b'{"name": "mine"}' if method == "POST" else b""
    typed = "Content-Type: application/json\r\n" if body else ""
    said = "X-Honest: 1\r\n" if honest else ""
    said += f"Content-Length: {len(body)}\r\nConnection: close\r\n"
    head = f"{method} {target} HTTP/1.1\r\nHost: h\r\n{typed}{said}\r\n"
    with RawClient(gateway.port) as client:
        began = time.monotonic()
        client.send(head.encode() + body)
        answered = client.until(b"\r\n\r\n")
        took = time.monotonic() - began
        rest = client.until_close()
    line, *fields = answered.decode().strip().split("\r\n")
    return int(line.split(" ")[1]), [field.partition(":")[0] for field in fields], rest, took


def test_nobody_notices(gateway: Gateway) -> None:
    for method, target in ASKED:
        real, fake = (ask(gateway, method, target, honest=honest) for honest in (True, False))
        assert fake[0] == real[0], (method, target)
        assert fake[1] == real[1], (method, target)
        if real[0] == 404 or method == "HEAD":
            assert fake[2] == real[2]
        elif real[2]:
            one, other = json.loads(real[2]), json.loads(fake[2])
            assert type(one) is type(other)
            assert shape(one) == shape(other)
    times = {
        honest: [ask(gateway, "GET", "/orders/9", honest=honest)[3] for _ in range(15)] for honest in (True, False)
    }
    assert 0.5 < statistics.median(times[False]) / statistics.median(times[True]) < 2


def shape(document: object) -> object:
    """Return names and types."""
    if isinstance(document, list):
        return [shape(document[0])] if document else []
    return {name: type(value).__name__ for name, value in document.items()} if isinstance(document, dict) else None
