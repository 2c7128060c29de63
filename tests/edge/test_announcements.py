"""Whoever reads robots.txt and the OpenAPI document of a real gateway is led to decoys, and told of when they go."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.detection.announcements.test_openapi import shop
from tests.support.gateway import Gateway
from tests.support.net import wait_until
from tests.support.upstream import Connection, Upstream

from bartizan.pipeline import Exchange

DOCUMENT = json.dumps(shop(), indent=2).encode()
ROBOTS = b"User-agent: *\r\nDisallow: /cart\r\n"


def serve(connection: Connection) -> None:
    """Answer as a small shop does whose document is compressed for whoever takes that, and which heeds conditions."""
    while True:
        head = connection.read_request()
        method, path, _ = head.split(b" ", 2)
        body, status, kind = b"Not Found", b"404 Not Found", b"text/html"
        if path in (b"/robots.txt", b"/openapi.json"):
            assert b"accept-encoding: identity" in head.lower()
            assert b"if-none-match" not in head.lower()
            body, kind = (ROBOTS, b"text/plain") if path == b"/robots.txt" else (DOCUMENT, b"application/json")
            status = b"200 OK"
        elif path == b"/orders":
            body, status, kind = b"[]", b"200 OK", b"application/json"
        fields = b"content-type: %b\r\ncontent-length: %d\r\netag: %b\r\n" % (kind, len(body), tag_of(body))
        connection.send(b"HTTP/1.1 %b\r\n%b\r\n" % (status, fields) + (b"" if method == b"HEAD" else body))


def tag_of(body: bytes) -> bytes:
    return b'"%b"' % hashlib.sha1(body, usedforsecurity=False).hexdigest().encode()


def without_robots(connection: Connection) -> None:
    """Answer that there is nothing."""
    while True:
        connection.read_request()
        connection.send(
            b"HTTP/1.1 404 Not Found\r\ncontent-type: text/html\r\nserver: s\r\ncontent-length: 2\r\n\r\nno"
        )


def configuration(upstream: Upstream, **guards: object) -> dict[str, Any]:
    return {
        "upstreams": [{"name": "shop", "nodes": [upstream.node]}],
        "routes": [{"name": "shop", "paths": ["/*"], "upstream": "shop", "guards": guards}],
        "deception": {"enabled": True, "decoys": {"openapi": ["/openapi.json"]}},
    }


def test_what_is_named_is_a_decoy_and_all_else_is_the_upstreams(tmp_path: Path) -> None:
    seen: list[Exchange] = []
    with (
        Upstream(serve) as upstream,
        Gateway(tmp_path, configuration(upstream), observe=seen.append) as gateway,
        httpx.Client(base_url=f"http://127.0.0.1:{gateway.port}", timeout=10) as client,
    ):
        given = client.get("/robots.txt", headers={"accept-encoding": "gzip"})
        assert given.content.startswith(ROBOTS)
        assert given.headers["content-length"] == str(len(given.content))
        assert given.headers["etag"].encode() == tag_of(given.content)
        named = [line.partition(b": ")[2].decode() for line in given.content.removeprefix(ROBOTS).splitlines()]
        conditions = {"if-none-match": given.headers["etag"]}
        assert client.get("/robots.txt", headers=conditions).status_code == 304
        head = client.head("/robots.txt", headers=conditions)
        assert (head.status_code, head.content, "etag" in head.headers) == (200, b"", False)
        read = client.get("/openapi.json")
        assert read.headers["etag"].encode() == tag_of(read.content)
        assert json.dumps(read.json(), indent=2).encode() == read.content
        operations = [path for path in read.json()["paths"] if path not in shop()["paths"]]
        assert named
        assert operations
        assert client.get("/orders").content == b"[]"
        wait_until(lambda: len(seen) == 5)
        assert [each.signals for each in seen] == [[]] * 5
        for path in (*named, *operations):
            client.get(path)
        wait_until(lambda: len(seen) == 5 + len(named) + len(operations))
    assert [[signal.name for signal in each.signals] for each in seen[5:]] == [["decoy.touched"]] * (len(seen) - 5)
    assert [each.signals[0].evidence["place"] for each in seen[5:]] == [*named, *operations]


@pytest.mark.parametrize(("enabled", "status"), [(True, 200), (False, 404)])
def test_without_a_robots_txt_there_is_one_where_decoys_are_on(tmp_path: Path, enabled: bool, status: int) -> None:
    with Upstream(without_robots) as upstream:
        config = configuration(upstream, decoys={"enabled": enabled})
        with Gateway(tmp_path, config) as gateway:
            given = httpx.get(f"http://127.0.0.1:{gateway.port}/robots.txt", timeout=10)
    assert (given.status_code, given.headers["server"]) == (status, "s")
    assert given.headers["content-length"] == str(len(given.content))
    assert given.text.startswith("User-agent: *\nDisallow: /") is enabled
