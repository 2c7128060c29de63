"""What a diverted request looks like where it arrives: raw bytes on the decoy's socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.diverting import ACTOR, diverting
from tests.support.gateway import Gateway
from tests.support.net import RawClient
from tests.support.upstream import Upstream

from bartizan.decoy.contract import DecoyContext, decode_context, socket_path


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture
def decoy(tmp_path: Path) -> Iterator[Upstream]:
    with Upstream(path=socket_path(tmp_path)) as server:
        yield server


def config(upstream: Upstream, **route: Any) -> dict[str, Any]:
    return {
        "upstreams": [{"name": "api", "nodes": [upstream.node]}],
        "routes": [{"name": "shop", "paths": ["/*"], "upstream": "api", **route}],
        "deception": {"divert": {"enabled": True}},
    }


@pytest.fixture
def gateway(upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    with diverting(monkeypatch), Gateway(tmp_path, config(upstream)) as made:
        yield made


def ask(gateway: Gateway, request: bytes) -> tuple[int, dict[str, str], bytes]:
    with RawClient(gateway.port) as client:
        client.send(request)
        return client.response()


def sent(decoy: Upstream) -> tuple[bytes, list[tuple[bytes, bytes]], DecoyContext, bytes]:
    head, _, body = decoy.received.partition(b"\r\n\r\n")
    line, *lines = head.split(b"\r\n")
    fields = [(name, value) for name, _, value in (each.partition(b": ") for each in lines)]
    context = [value for name, value in fields if name == b"bartizan-decoy"]
    assert len(context) == 1
    return line, [field for field in fields if field[0] != b"bartizan-decoy"], decode_context(context[0]), body


def test_the_decoy_gets_the_request_as_the_client_sent_it(
    gateway: Gateway, decoy: Upstream, upstream: Upstream
) -> None:
    status, _, body = ask(
        gateway,
        b"POST /orders/../orders?x=1 HTTP/1.1\r\nUser-Agent: curl/8\r\nHost: shop.test\r\nX-Odd: 1\r\nAccept: */*\r\n"
        b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
    )
    assert (status, body) == (200, b"ok")
    line, fields, context, payload = sent(decoy)
    assert line == b"POST /orders?x=1 HTTP/1.1"
    assert fields == [
        (b"host", b"shop.test"), (b"user-agent", b"curl/8"), (b"x-odd", b"1"), (b"accept", b"*/*"),
        (b"content-type", b"application/json"), (b"content-length", b"2"),
    ]  # fmt: skip
    assert payload == b"{}"
    assert (context.actor, context.risk, context.route, context.upstream) == (ACTOR, 90.0, "shop", "api")
    assert (context.path, context.address, context.length, context.answered) == ("/orders", "127.0.0.1", 2, 0)
    assert upstream.received == b""


def test_no_credentials_and_no_assertion_reach_it(gateway: Gateway, decoy: Upstream) -> None:
    ask(
        gateway,
        b"GET /a?access_token=real1&q=x HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer real2\r\nCookie: s=real3; a=b\r\n"
        b"X-API-Key: real4\r\nX-Auth-Token: real5\r\nDPoP: real6\r\nX-Session-Id: real7\r\nBartizan-Decoy: forged\r\n"
        b"Bartizan_Decoy: forged\r\n\r\n",
    )
    line, fields, _, _ = sent(decoy)
    assert b"real" not in decoy.received
    assert b"signed" not in decoy.received
    assert b"forged" not in decoy.received
    assert line == b"GET /a?access_token=***&q=x HTTP/1.1"
    assert fields[1:] == [
        (b"authorization", b"Bearer ***"), (b"cookie", b"s=***; a=***"), (b"x-api-key", b"***"),
        (b"x-auth-token", b"***"), (b"dpop", b"***"), (b"x-session-id", b"***"),
    ]  # fmt: skip


def test_a_routes_rewrite_tells_the_path_and_nothing_else(
    upstream: Upstream, decoy: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewrite = {
        "prefix": "/v2",
        "request_headers": {"set": {"Authorization": "Basic ours"}},
        "response_headers": {"add": {"X-Served-By": "gateway"}},
    }
    made = config(upstream, paths=["/shop/*"], rewrite=rewrite)
    with diverting(monkeypatch), Gateway(tmp_path, made) as gateway:
        _, fields, _ = ask(gateway, b"GET /shop/orders HTTP/1.1\r\nHost: h\r\n\r\n")
    line, _, context, _ = sent(decoy)
    assert (line, context.path) == (b"GET /shop/orders HTTP/1.1", "/v2/orders")
    assert b"ours" not in decoy.received
    assert "x-served-by" not in fields  # what the decoy learned has it already


def test_who_is_not_diverted_gets_to_the_upstream(gateway: Gateway, decoy: Upstream, upstream: Upstream) -> None:
    ask(gateway, b"GET / HTTP/1.1\r\nHost: h\r\nX-Honest: 1\r\nAuthorization: Bearer real\r\n\r\n")
    assert decoy.received == b""
    assert b"authorization: Bearer real\r\n" in upstream.received
    assert b"bartizan-assertion: signed\r\n" in upstream.received


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        (b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", b"OPTIONS / HTTP/1.1"),
        (b"GET http://h/a?b HTTP/1.1\r\nHost: h\r\n\r\n", b"GET /a?b HTTP/1.1"),
        (b"GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", b"GET /ws HTTP/1.1"),
        (b"HEAD /x HTTP/1.0\r\nHost: h\r\n\r\n", b"HEAD /x HTTP/1.1"),
    ],
    ids=["server", "absolute", "upgrade", "old"],
)
def test_any_form_of_target_becomes_one_that_the_decoy_takes(
    gateway: Gateway, decoy: Upstream, asked: bytes, line: bytes
) -> None:
    with RawClient(gateway.port) as client:
        client.send(asked)
        client.until(b"\r\n\r\n")
    sent_line, fields, _, _ = sent(decoy)
    assert sent_line == line
    assert [name for name, _ in fields] == [b"host"]


def test_without_a_decoy_it_is_as_if_the_upstream_were_down(
    gateway: Gateway, upstream: Upstream, tmp_path: Path
) -> None:
    dead = {"upstreams": [{"name": "api", "nodes": [{"address": f"unix:{tmp_path}/none"}], "retries": {"attempts": 0}}]}
    diverted = ask(gateway, b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
    gateway.reload({**config(upstream), **dead})
    honest = ask(gateway, b"GET /x HTTP/1.1\r\nHost: h\r\nX-Honest: 1\r\n\r\n")
    assert upstream.received == b""
    assert diverted[0] == honest[0] == 502
    assert list(diverted[1]) == list(honest[1])
    assert [len(answer[2]) for answer in (diverted, honest)] == [len(diverted[2])] * 2
