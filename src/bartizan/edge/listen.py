"""Accepting connections: which layers a listener's connections pass before they speak HTTP."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from bartizan.config.model import Listener
from bartizan.edge.gateway import Gateway
from bartizan.edge.layers import PeerName
from bartizan.edge.proxy_protocol import ProxyProtocolLayer, ProxyProtocolSettings
from bartizan.edge.tls.layer import TlsServerLayer, TlsSettings
from bartizan.http.address import parse_address
from bartizan.pipeline import Client, TlsInfo

__all__ = ["open_listener"]

Factory = Callable[[PeerName | None, TlsInfo | None], asyncio.BaseProtocol]


async def open_listener(
    loop: asyncio.AbstractEventLoop, gateway: Gateway, listener: Listener, sock: socket.socket
) -> asyncio.Server:
    """Serve a listener on a socket that is bound already; certificates are those of the snapshot in force."""
    name = listener.name
    factory: Factory = lambda peername, tls: gateway.connection(name, peername, tls)  # noqa: E731
    if listener.tls is not None:
        factory = _with_tls(loop, gateway, name, factory)
    if listener.proxy_protocol != "off":
        factory = _with_proxy_protocol(loop, gateway, listener, factory)
    made = factory
    protocol = lambda: made(None, None)  # noqa: E731
    if sock.family == socket.AF_UNIX:
        return await loop.create_unix_server(protocol, sock=sock, backlog=listener.backlog)
    return await loop.create_server(protocol, sock=sock, backlog=listener.backlog)


def _with_tls(loop: asyncio.AbstractEventLoop, gateway: Gateway, name: str, inner: Factory) -> Factory:
    settings = TlsSettings(
        current_store=lambda: gateway.snapshot.stores[name],
        on_failure=lambda reason: gateway.stats.refuse("tls_" + reason),
    )
    return lambda peername, _: TlsServerLayer(settings, inner, loop, peername)


def _with_proxy_protocol(
    loop: asyncio.AbstractEventLoop, gateway: Gateway, listener: Listener, inner: Factory
) -> Factory:
    if listener.proxy_protocol == "off":
        return inner
    settings = ProxyProtocolSettings(
        versions=listener.proxy_protocol,
        is_trusted=lambda peer: _is_trusted(gateway, peer),
        timeout=listener.limits.timeouts.header,
        on_failure=lambda reason: gateway.stats.refuse("proxy_protocol_" + reason),
    )
    return lambda _, __: ProxyProtocolLayer(settings, inner, loop)


def _is_trusted(gateway: Gateway, peer: PeerName) -> bool:
    if isinstance(peer, str):
        return gateway.snapshot.forwarding.trusts(Client("", 0, 0, 0))
    address, version, number = parse_address(peer[0])
    return gateway.snapshot.forwarding.trusts(Client(address, peer[1], version, number))
