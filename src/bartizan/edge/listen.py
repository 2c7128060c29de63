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
    handshakes = _Handshakes(gateway, name)
    settings = TlsSettings(current_store=lambda: gateway.snapshot.stores[name], on_failure=handshakes.failed)

    def make_inner(peername: PeerName | None, tls: TlsInfo | None) -> asyncio.BaseProtocol:
        handshakes.count -= 1
        return inner(peername, tls)

    def make(peername: PeerName | None, _: TlsInfo | None) -> asyncio.BaseProtocol:
        if not handshakes.begin():
            return _Refusal()
        return TlsServerLayer(settings, make_inner, loop, peername)

    return make


class _Handshakes:
    """Counts the connections of a listener that are not HTTP yet, so that they too have a limit."""

    _AFTER = frozenset(("bad_record", "write_failed"))

    def __init__(self, gateway: Gateway, listener: str) -> None:
        self.count = 0
        self._gateway = gateway
        self._listener = listener

    def begin(self) -> bool:
        """Take one more, unless there are as many as the listener may have connections."""
        if self.count >= self._gateway.snapshot.listeners[self._listener].connections:
            self._gateway.stats.refuse("handshakes_per_worker")
            return False
        self.count += 1
        return True

    def failed(self, reason: str) -> None:
        """Note that one has failed."""
        if reason not in self._AFTER:
            self.count -= 1
        self._gateway.stats.refuse("tls_" + reason)


class _Refusal(asyncio.Protocol):
    """Closes a connection at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            transport.abort()
        else:
            transport.close()


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
