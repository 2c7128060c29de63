"""Targets, routes, rewriting and forwarding headers through the whole edge, over raw sockets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.gateway import Gateway
from tests.support.net import RawClient
from tests.support.upstream import Upstream


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture
def gateway(upstream: Upstream, tmp_path: Path) -> Iterator[Gateway]:
    routes = [
        {"name": "guarded", "paths": ["/admin/*"], "upstream": "api", "guards": {"denylist": {"deny": ["127.0.0.1"]}}},
        {"name": "item", "paths": ["/items/{id}"], "upstream": "api", "rewrite": {"path": "/v2/{id}"}},
        {"name": "get", "paths": ["/get"], "methods": ["GET"], "upstream": "api"},
        {"name": "open", "paths": ["/open/*"], "upstream": "api"},
    ]
    upstreams = [{"name": "api", "nodes": [upstream.node]}]
    with Gateway(tmp_path, {"upstreams": upstreams, "routes": routes, "trusted_proxies": ["127.0.0.0/8"]}) as running:
        yield running


def ask(gateway: Gateway, head: str) -> bytes:
    """Send a request head and return all that comes back."""
    with RawClient(gateway.port) as client:
        client.send(head.replace("\n", "\r\n").encode() + b"\r\nConnection: close\r\n\r\n")
        return client.until_close()


@pytest.mark.parametrize(
    "head",
    ["GET /open/a HTTP/1.1\nHost:", "GET /open/a HTTP/1.1\nHost: a b", "GET /open/..;/admin HTTP/1.1\nHost: a",
     "GET /../open/a HTTP/1.1\nHost: a", "GET /open/%2fa HTTP/1.1\nHost: a", "GET http://u@a/open/a HTTP/1.1\nHost: a",
     "GET /open/a HTTP/1.1\nHost: a\nX-Forwarded-For: 192.0.2.1\nForwarded: for=192.0.2.2"],
)  # fmt: skip
def test_what_is_no_target_host_or_client_is_refused_before_any_route(
    gateway: Gateway, upstream: Upstream, head: str
) -> None:
    assert ask(gateway, head).startswith(b"HTTP/1.1 400 ")
    assert not upstream.connections


@pytest.mark.parametrize(
    "path", ["/admin", "/admin/", "/%61dmin/x", "/open/../admin/x", "//admin//x", "/admin;x=1", "/admin;/x", "/./admin"]
)
def test_no_way_of_writing_a_path_passes_by_its_guards(gateway: Gateway, upstream: Upstream, path: str) -> None:
    headers = "Host: a\nX-Forwarded-For: 127.0.0.1"
    assert ask(gateway, f"GET {path} HTTP/1.1\n{headers}").startswith(b"HTTP/1.1 403 ")
    assert not upstream.connections


def test_what_is_matched_is_what_is_forwarded(gateway: Gateway, upstream: Upstream) -> None:
    assert b" 200 " in ask(gateway, "GET /x/..//open/%7ea/./%c3%a9?%7e/../ HTTP/1.1\nHost: a")
    assert upstream.received.startswith(b"GET /open/~a/%C3%A9?%7e/../ HTTP/1.1\r\n")


def test_a_rewritten_request(gateway: Gateway, upstream: Upstream) -> None:
    assert b" 200 " in ask(gateway, "GET /items/a%20b;v=1?q HTTP/1.1\nHost: a")
    assert upstream.received.startswith(b"GET /v2/a%20b;v=1?q HTTP/1.1\r\n")


def test_a_wrong_method_is_answered_with_those_that_fit(gateway: Gateway) -> None:
    answer = ask(gateway, "DELETE /get HTTP/1.1\nHost: a")
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert b"\r\nallow: GET, HEAD\r\n" in answer
    assert ask(gateway, "GET /nowhere HTTP/1.1\nHost: a").startswith(b"HTTP/1.1 404 ")


def test_an_upstream_is_told_who_asks(gateway: Gateway, upstream: Upstream) -> None:
    claims = "X-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: https\nX-Request-Id: mine-1\nTE: trailers"
    assert b" 200 " in ask(gateway, f"GET /open/ HTTP/1.1\nHost: A.example:8080\n{claims}")
    lines = upstream.received.split(b"\r\n")
    assert b"host: A.example:8080" in lines
    assert b"x-forwarded-for: 203.0.113.9, 127.0.0.1" in lines
    assert b"x-real-ip: 203.0.113.9" in lines
    assert b'forwarded: for=203.0.113.9;proto=https;host="A.example:8080", for=127.0.0.1;proto=http' in lines
    assert b"x-forwarded-port: %d" % gateway.port in lines
    assert b"x-request-id: mine-1" in lines
    assert b"te: trailers" in lines
