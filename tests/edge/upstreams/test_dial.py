from __future__ import annotations

import asyncio
import random
import socket
import time
from pathlib import Path
from typing import Any

import pytest
import structlog

from bartizan.config.model.upstreams import Pool as PoolConfig
from bartizan.config.model.upstreams import UpstreamTls
from bartizan.edge.upstreams import tls
from bartizan.edge.upstreams.address import parse_address
from bartizan.edge.upstreams.dial import Dialer
from bartizan.edge.upstreams.node import Node
from bartizan.edge.upstreams.pool import Pool
from bartizan.edge.upstreams.resolve import Resolver
from bartizan.errors import TlsError, UpstreamTimeout, UpstreamUnreachable


def resolver() -> Resolver:
    return Resolver(30.0, structlog.get_logger(), moved=lambda node: None, rng=random.Random(1))


def node_at(address: str) -> Node:
    node = Node(parse_address(address))
    node.pool = Pool(node.name, PoolConfig(), asyncio.Future, time.monotonic)
    return node


def dialer_for(link: Any, timeout: float = 2.0, config: UpstreamTls | None = None, *nodes: Node) -> Dialer[Any]:
    context = None if config is None else tls.client_context(config)
    names = {} if config is None or context is None else {n: tls.server_name(config, n.address, context) for n in nodes}
    return Dialer(link, resolver(), timeout=timeout, context=context, server_names=names)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_a_refused_connection_says_so_and_that_nothing_was_sent(link: Any) -> None:
    node = node_at(f"127.0.0.1:{free_port()}")
    with pytest.raises(UpstreamUnreachable, match=r"node 127\.0\.0\.1:\d+: cannot connect .*refused") as caught:
        await dialer_for(link).dial(node)
    assert not caught.value.sent


async def test_unix_sockets_are_connected_to(link: Any, serve: Any, tmp_path: Path) -> None:
    server = await serve(str(tmp_path / "api.sock"))
    connection = await dialer_for(link).dial(node_at(server.address))
    assert connection.reusable
    connection.close()
    with pytest.raises(UpstreamUnreachable, match="No such file"):
        await dialer_for(link).dial(node_at(f"unix:{tmp_path}/none.sock"))


async def test_several_addresses_take_turns_and_the_next_is_tried_when_one_is_down(link: Any, serve: Any) -> None:
    first, second = await serve(), await serve()
    node = node_at("api.test:80")
    node.endpoints = (("127.0.0.1", first.port), ("127.0.0.1", free_port()), ("127.0.0.1", second.port))
    connections = [await dialer_for(link).dial(node) for _ in range(6)]
    await asyncio.sleep(0.05)
    assert (first.connections, second.connections) == (2, 4)
    for connection in connections:
        connection.close()


async def test_an_address_that_does_not_answer_does_not_use_up_the_time_of_the_next(serve: Any, link: Any) -> None:
    server = await serve()
    node = node_at("api.test:80")
    node.endpoints = (("silent", 1), ("127.0.0.1", server.port))

    async def connector(node: Node, endpoint: Any, *rest: Any) -> Any:
        if endpoint[0] == "silent":
            await asyncio.sleep(60)
        return await link(node, endpoint, *rest)

    connection = await dialer_for(connector, 1.0).dial(node)
    assert connection.reusable
    connection.close()


async def test_a_node_that_does_not_answer_is_a_timeout() -> None:
    async def connector(*_: Any) -> Any:
        await asyncio.sleep(60)

    with pytest.raises(UpstreamTimeout, match=r"did not accept a connection within 0\.05 s.*timeouts\.connect"):
        await dialer_for(connector, 0.05).dial(node_at("127.0.0.1:9"))


def config_of(authority: Any, **options: Any) -> UpstreamTls:
    return UpstreamTls.model_validate({"ca": str(authority.path), "server_name": "api.test", **options})


async def test_tls_with_the_right_name_and_authority(link: Any, serve: Any, authority: Any, tmp_path: Path) -> None:
    context = authority.server_context("api.test")
    over_tcp, over_unix = await serve(context=context), await serve(str(tmp_path / "s"), context)
    for server in (over_tcp, over_unix):
        node = node_at(server.address)
        connection = await dialer_for(link, 2.0, config_of(authority), node).dial(node)
        assert connection.transport.get_extra_info("ssl_object").server_hostname == "api.test"
        connection.close()
        await connection.lost.wait()


async def test_a_certificate_for_another_name_is_refused(link: Any, serve: Any, authority: Any) -> None:
    server = await serve(context=authority.server_context("other.test"))
    node = node_at(server.address)
    with pytest.raises(UpstreamUnreachable, match=r"certificate was refused .*api\.test.*tls\.server_name") as caught:
        await dialer_for(link, 2.0, config_of(authority), node).dial(node)
    assert not caught.value.sent


async def test_a_certificate_of_another_authority_is_refused(
    link: Any, serve: Any, authority: Any, make_authority: Any
) -> None:
    server = await serve(context=make_authority("impostor").server_context("api.test"))
    node = node_at(server.address)
    with pytest.raises(UpstreamUnreachable, match=r"certificate was refused .*see tls\.ca"):
        await dialer_for(link, 2.0, config_of(authority), node).dial(node)
    unverified = config_of(authority, verify=False, server_name=None)
    connection = await dialer_for(link, 2.0, unverified, node).dial(node)
    connection.close()
    await connection.lost.wait()


async def test_a_node_that_does_not_speak_tls_is_told_apart(link: Any, serve: Any, authority: Any) -> None:
    server = await serve()
    server.raw = b"HTTP/1.1 400 Bad Request\r\n\r\n"

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(server.raw)
        await writer.drain()
        writer.close()

    listener = await asyncio.start_server(plain, "127.0.0.1", 0)
    node = node_at(f"127.0.0.1:{listener.sockets[0].getsockname()[1]}")
    with pytest.raises(UpstreamUnreachable, match="TLS handshake failed"):
        await dialer_for(link, 2.0, config_of(authority), node).dial(node)
    listener.close()


async def test_a_client_certificate_is_shown(link: Any, serve: Any, authority: Any, until: Any) -> None:
    context = authority.server_context("api.test")
    context.load_verify_locations(authority.path)
    context.verify_mode = tls.ssl.CERT_REQUIRED
    certificate, key = authority.issue("gateway.test")
    server = await serve(context=context)
    node = node_at(server.address)
    config = config_of(authority, certificate=str(certificate), key=str(key))
    connection = await dialer_for(link, 2.0, config, node).dial(node)
    connection.transport.write(b"GET / HTTP/1.1\r\n\r\n")
    await until(lambda: bool(server.requests))
    connection.close()
    await connection.lost.wait()


def test_a_unix_socket_needs_a_name_to_verify() -> None:
    context = tls.client_context(UpstreamTls())
    with pytest.raises(TlsError, match=r"set tls\.server_name"):
        tls.server_name(UpstreamTls(), parse_address("unix:/run/a"), context)
