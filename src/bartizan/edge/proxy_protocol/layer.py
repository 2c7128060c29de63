"""The layer that reads a PROXY protocol header off a fresh connection, and then steps out of the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from bartizan.edge.layers import InnerFactory, PeerName, hand_over
from bartizan.edge.proxy_protocol.header import ProxyProtocolError, Versions, parse_proxy_header

__all__ = ["ProxyProtocolLayer", "ProxyProtocolSettings"]


@dataclass(frozen=True, slots=True)
class ProxyProtocolSettings:
    """What all connections of a listener share.

    ``is_trusted`` tells whether a peer may say who it speaks for; ``timeout`` is in seconds for the whole header;
    ``on_failure`` is called with ``untrusted_peer``, ``bad_header``, ``timeout`` or ``peer_closed`` when a connection
    is closed for it.
    """

    versions: Versions
    is_trusted: Callable[[PeerName], bool]
    timeout: float
    on_failure: Callable[[str], None]


class ProxyProtocolLayer(asyncio.Protocol):
    """Reads the header, hands the raw transport to ``next_factory(source, None)`` and is gone.

    The header is required (the specification forbids to guess); a header without addresses (UNKNOWN, LOCAL) leaves the
    peer as it is: the factory gets None.
    """

    __slots__ = ("_data", "_loop", "_next_factory", "_settings", "_timer", "_transport")

    def __init__(
        self, settings: ProxyProtocolSettings, next_factory: InnerFactory, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._settings = settings
        self._next_factory = next_factory
        self._loop = loop
        self._data = b""
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Refuse a peer that may not speak for others; start the clock."""
        self._transport = transport  # type: ignore[assignment] # asyncio gives a stream transport to a stream protocol
        peer = transport.get_extra_info("peername")
        name: PeerName = (peer[0], peer[1]) if isinstance(peer, tuple) else str(peer or "")
        if not self._settings.is_trusted(name):
            self._fail("untrusted_peer")
            return
        self._timer = self._loop.call_later(self._settings.timeout, self._fail, "timeout")

    def data_received(self, data: bytes) -> None:
        """Collect the header; hand over once it is whole."""
        transport = self._transport
        if transport is None:
            return
        self._data += data
        try:
            header = parse_proxy_header(self._data, self._settings.versions)
        except ProxyProtocolError:
            self._fail("bad_header")
            return
        if header is not None:
            self._stop()
            hand_over(transport, self._next_factory(header.source, None), self._data[header.length :])

    def eof_received(self) -> bool:
        """Count a peer that leaves before its header is whole."""
        self._fail("peer_closed")
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the signature is asyncio's
        """Count a peer that was lost before its header was whole."""
        self._fail("peer_closed")

    def _fail(self, reason: str) -> None:
        transport = self._transport
        if transport is not None:
            self._stop()
            self._settings.on_failure(reason)
            transport.abort()

    def _stop(self) -> None:
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
