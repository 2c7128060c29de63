"""What clients say of who they are never reaches an upstream, on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.gateway import Gateway
from tests.support.net import RawClient
from tests.support.upstream import OK, Upstream, always

FORGED = (
    "Bartizan-Assertion",
    "bartizan-client",
    "X-Forwarded-User",
    "X-Forwarded-Access-Token",
    "X-Auth-Request-Email",
    "Remote-User",
    "X-Remote-Group",
    "X-WEBAUTH-USER",
    "X-Goog-Authenticated-User-Email",
    "X-Amzn-Oidc-Data",
    "Cf-Access-Jwt-Assertion",
    "X-MS-CLIENT-PRINCIPAL",
    "X-User-Id",
)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream(always(OK)) as server:
        yield server


def config(upstream: Upstream, **more: Any) -> dict[str, Any]:
    return {
        "upstreams": [{"name": "api", "nodes": [upstream.node]}],
        "routes": [{"name": "api", "upstream": "api", "upgrade": True}],
        **more,
    }


@pytest.mark.parametrize("trusted", [[], ["127.0.0.0/8"]])
def test_no_peer_says_who_the_person_is(upstream: Upstream, tmp_path: Path, trusted: list[str]) -> None:
    fields = "".join(f"{name}: forged\r\n{name}: forged again\r\n" for name in FORGED)
    named = f"Connection: keep-alive, {', '.join(FORGED)}\r\n"
    with (
        Gateway(tmp_path, config(upstream, trusted_proxies=trusted)) as gateway,
        RawClient(gateway.port) as client,
    ):
        client.send(f"GET / HTTP/1.1\r\nHost: a\r\nX-Own: kept\r\n{fields}{named}\r\n".encode())
        assert client.response()[0] == 200
        client.send(f"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: w\r\n{fields}\r\n".encode())
        assert client.response()[0] == 200
    assert b"forged" not in upstream.received
    assert b"x-own: kept\r\n" in upstream.received


def test_nor_with_underscores_where_these_are_allowed(upstream: Upstream, tmp_path: Path) -> None:
    listeners = [{"name": "main", "address": "127.0.0.1:0", "underscores_in_headers": "allow"}]
    with Gateway(tmp_path, config(upstream, listeners=listeners)) as gateway, RawClient(gateway.port) as client:
        client.send(
            b"GET / HTTP/1.1\r\nHost: a\r\nX_Own: kept\r\nREMOTE_USER: forged\r\nBartizan_Client: forged\r\n\r\n"
        )
        assert client.response()[0] == 200
    assert b"forged" not in upstream.received
    assert b"x_own: kept\r\n" in upstream.received


def test_nor_in_trailers(upstream: Upstream, tmp_path: Path) -> None:
    with Gateway(tmp_path, config(upstream)) as gateway, RawClient(gateway.port) as client:
        client.send(
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"2\r\nhi\r\n0\r\nBartizan-Assertion: forged\r\nRemote-User: forged\r\nX-Sum: 1\r\n\r\n"
        )
        assert client.response()[0] == 200
    assert b"forged" not in upstream.received
    assert b"x-sum: 1\r\n" in upstream.received
