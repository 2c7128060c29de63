"""What the gateway knows about a client connection before any request: who connected, over what, trusted or not."""

from __future__ import annotations

import asyncio

from bartizan.edge.forwarding import ConnectionForwarding, ForwardingRules
from bartizan.http.address import parse_address
from bartizan.pipeline import Client, Connection, TlsInfo

__all__ = ["ConnectionContext"]

_UNIX = Client("", 0, 0, 0)


class ConnectionContext:
    """Filled in two steps: by the layers below HTTP, and when the transport is there."""

    __slots__ = ("connection", "forwarding", "listener", "peer", "peername", "rules", "tls", "trusted")

    connection: Connection
    forwarding: ConnectionForwarding
    rules: ForwardingRules

    def __init__(self, listener: str, peername: object, tls: TlsInfo | None) -> None:
        self.listener = listener
        self.peername = peername
        self.tls = tls
        self.peer = _UNIX
        self.trusted = False

    def identify(self, transport: asyncio.Transport, rules: ForwardingRules) -> None:
        """Work out who the peer is; ``rules`` say whether it is a trusted proxy."""
        peername = self.peername if self.peername is not None else transport.get_extra_info("peername")
        self.peer = _client(peername)
        scheme = "http" if self.tls is None else "https"
        self.connection = Connection(self.listener, scheme, self.peer, _local(transport), self.tls)
        self.apply(rules)

    def apply(self, rules: ForwardingRules) -> None:
        """Take over the rules of another configuration."""
        self.rules = rules
        self.trusted = rules.trusts(self.peer)
        self.forwarding = rules.connection(self.connection)


def _client(peername: object) -> Client:
    if not isinstance(peername, tuple):
        return _UNIX
    address, version, number = parse_address(peername[0].partition("%")[0])  # without a link-local zone
    return Client(address, peername[1], version, number)


def _local(transport: asyncio.Transport) -> str:
    name = transport.get_extra_info("sockname")
    return f"{name[0]}:{name[1]}" if isinstance(name, tuple) else str(name or "")
