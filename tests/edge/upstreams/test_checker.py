from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog

from bartizan.config.model.upstreams import ActiveCheck, UpstreamTls
from bartizan.edge.upstreams import tls
from bartizan.edge.upstreams.address import parse_address
from bartizan.edge.upstreams.checker import Checker, open_streams
from bartizan.edge.upstreams.dial import Dialer
from bartizan.edge.upstreams.node import Node
from bartizan.edge.upstreams.resolve import Resolver

Change = tuple[bool, str]


@pytest.fixture
def changes() -> list[Change]:
    return []


@pytest.fixture
def checker_of(changes: list[Change]) -> Callable[..., Checker]:
    """Make a checker of a server's address."""

    def make(address: str, config: UpstreamTls | None = None, **options: Any) -> Checker:
        node = Node(parse_address(address))
        check = ActiveCheck.model_validate(
            {"timeout": "1s", "interval": "50ms", "healthy_threshold": 2, "unhealthy_threshold": 2, **options}
        )
        context = None if config is None else tls.client_context(config)
        names = {} if config is None or context is None else {node: tls.server_name(config, node.address, context)}
        resolver = Resolver(30.0, structlog.get_logger(), moved=lambda node: None, rng=random.Random(1))
        dialer = Dialer(open_streams, resolver, timeout=check.timeout, context=context, server_names=names)
        return Checker(node, check, dialer, lambda node, why: changes.append((node.healthy, why)), random.Random(1))

    return make


async def test_a_probe_is_a_plain_request(serve: Any, checker_of: Any) -> None:
    server = await serve()
    assert await checker_of(server.address, path="/healthz?deep=1").probe() is None
    (head,) = server.requests
    assert head.startswith(b"GET /healthz?deep=1 HTTP/1.1\r\nHost: %b\r\n" % server.address.encode())
    assert b"\r\nConnection: close\r\n" in head
    await checker_of(server.address, host="api.test").probe()
    assert b"\r\nHost: api.test\r\n" in server.requests[1]


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", None),
        (b"HTTP/1.0 302 Found\r\nlocation: /\r\n\r\n", None),
        (b"HTTP/1.1 200\r\n\r\n", None),
        (b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", None),
        (b"HTTP/1.1 503 Busy\r\n\r\n", "status 503"),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "status 404"),
        (b"HTTP/1.1 103 Hint\r\n\r\n" * 9, "more than 8 interim responses"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "the response is not HTTP/1.1"),
        (b"HTTP/1.1  200 OK\r\n\r\n", "the response is not HTTP/1.1"),
        (b"HTTP/2 200\r\n\r\n", "the response is not HTTP/1.1"),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "the response is not HTTP/1.1"),
        (b"HTTP/1.1 200 OK\r\n" + b"x: " + b"y" * 20000 + b"\r\n\r\n", "the response head is larger than 16384 bytes"),
    ],
)
async def test_what_counts_as_well(serve: Any, checker_of: Any, raw: bytes, problem: str | None) -> None:
    server = await serve()
    server.raw = raw
    assert await checker_of(server.address).probe() == problem


async def test_a_connection_that_ends_early_is_unhealthy(checker_of: Any) -> None:
    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n")
        writer.close()

    listener = await asyncio.start_server(close, "127.0.0.1", 0)
    problem = await checker_of(f"127.0.0.1:{listener.sockets[0].getsockname()[1]}").probe()
    assert problem == "the node closed the connection before its response head was complete"
    listener.close()


async def test_a_node_that_keeps_silent_is_unhealthy_after_the_timeout(serve: Any, checker_of: Any) -> None:
    server = await serve()
    server.silent = True
    assert await checker_of(server.address, timeout="50ms").probe() == "no answer within 0.05 s"


async def test_tcp_checks_connect_and_no_more(serve: Any, checker_of: Any) -> None:
    server = await serve()
    server.silent = True
    assert await checker_of(server.address, type="tcp").probe() is None
    await server.stop()
    assert "refused" in await checker_of(server.address, type="tcp").probe()
    assert server.requests == []


async def test_unix_sockets_and_tls_are_probed_as_exchanges_would_be(
    serve: Any, checker_of: Any, authority: Any, tmp_path: Path
) -> None:
    server = await serve(str(tmp_path / "api.sock"), authority.server_context("api.test"))
    right = UpstreamTls(ca=str(authority.path), server_name="api.test")
    assert await checker_of(server.address, right).probe() is None
    assert b"\r\nHost: localhost\r\n" in server.requests[0]
    wrong = UpstreamTls(ca=str(authority.path), server_name="other.test")
    assert "certificate was refused" in await checker_of(server.address, wrong).probe()


async def test_a_node_that_dies_and_returns_is_noticed(
    serve: Any, checker_of: Any, changes: list[Change], until: Any
) -> None:
    server = await serve()
    task = asyncio.create_task(checker_of(server.address).run())
    await until(lambda: len(server.requests) >= 1)
    await server.stop()
    await until(lambda: len(changes) == 1)
    assert changes[0][0] is False
    assert "refused" in changes[0][1]
    await server.start()
    await until(lambda: len(changes) == 2)
    assert changes[1] == (True, "the probe succeeded")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
