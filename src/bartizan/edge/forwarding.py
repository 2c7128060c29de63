"""Who the client is, as far as it can be trusted, and what the upstream is told about it (RFC 7239, W3C Trace Context).

Only a peer in ``trusted_proxies`` may say who the client is; from anybody else, headers that claim it are dropped and
written anew. Headers of one connection (RFC 9110 section 7.6.1) are dropped before ours are added, so that a client
cannot have ours removed by naming them in Connection.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_network

from bartizan.http.address import parse_node
from bartizan.http.headers import Headers
from bartizan.http.message import Request
from bartizan.pipeline import Client, Connection, Exchange

__all__ = ["ConnectionForwarding", "ForwardingRules"]

Fields = list[tuple[bytes, bytes]]

MAX_HOPS = 32  # elements of X-Forwarded-For that are looked at
_HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer transfer-encoding "
    b"upgrade content-length host expect".split()
)
_CLAIMS = frozenset(
    b"forwarded x-forwarded-for x-forwarded-proto x-forwarded-host x-forwarded-port x-forwarded-prefix "
    b"x-forwarded-server x-forwarded-ssl x-original-url x-rewrite-url x-real-ip x-client-ip true-client-ip "
    b"cf-connecting-ip x-cluster-client-ip x-request-id traceparent tracestate".split()
)
_DROPPED = _HOP_BY_HOP | _CLAIMS
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_TRACEPARENT = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_KEEP_ALIVE_ONLY = frozenset((b"keep-alive", b"close", b"Keep-Alive", b"Close"))


class ForwardingRules:
    """The rules of one configuration; ``trusted`` are CIDRs."""

    def __init__(self, trusted: Sequence[str]) -> None:
        networks = [ip_network(text) for text in trusted]
        self._ranges = [
            (network.version, int(network.network_address), int(network.broadcast_address)) for network in networks
        ]

    def trusts(self, client: Client) -> bool:
        """Tell whether a peer is a trusted proxy; one on a Unix socket is, if any are."""
        if client.version == 0:
            return bool(self._ranges)
        return any(version == client.version and low <= client.number <= high for version, low, high in self._ranges)

    def client_of(self, peer: Client, headers: Headers) -> Client:
        """Return the originating client: the nearest address, from the right, that is not itself a trusted proxy.

        X-Forwarded-For is read, or Forwarded where there is none. A malformed element ends the walk: what lies
        beyond it is not known to be true. ``peer`` has to be trusted already.
        """
        claimed = b",".join(headers.get_all(b"x-forwarded-for"))
        elements = claimed.split(b",") if claimed else _forwarded_for(headers)
        client = peer
        for element in reversed(elements[-MAX_HOPS:]):
            try:
                address, version, number = parse_node(element.strip().decode("ascii"))
            except ValueError:
                return client
            client = Client(address, 0, version, number)
            if not self.trusts(client):
                return client
        return client

    def connection(self, connection: Connection) -> ConnectionForwarding:
        """Return the rules for one connection."""
        return ConnectionForwarding(connection, trusted=self.trusts(connection.peer))


class ConnectionForwarding:
    """Turns the header fields of a request into those that the upstream gets; constant parts are made once."""

    __slots__ = ("_constant", "_forwarded", "_peer", "_proto", "_trusted")

    def __init__(self, connection: Connection, *, trusted: bool) -> None:
        address = connection.peer.address
        self._trusted = trusted
        self._peer = address.encode("ascii") or b"unix"
        self._proto = connection.scheme.encode("ascii")
        node = b'"[%b]"' % self._peer if connection.peer.version == 6 else self._peer
        self._forwarded = b"for=%b;proto=%b" % (node if address else b"unknown", self._proto)
        port = connection.local.rpartition(":")[2].encode("ascii") if address else b""
        self._constant: Fields = [
            (b"x-forwarded-for", self._peer),
            (b"x-real-ip", self._peer),
            (b"x-forwarded-proto", self._proto),
            (b"forwarded", self._forwarded),
        ]
        if port.isdigit():
            self._constant.append((b"x-forwarded-port", port))

    def apply(self, request: Request, exchange: Exchange) -> Fields:
        """Return the fields for the upstream, without Host and framing; notes ids and trace on the exchange."""
        items = request.headers.items
        fields = [field for field in items if field[0] not in _DROPPED]
        if len(fields) != len(items):
            fields = self._without_connection_options(request.headers, fields)
        if self._trusted:
            fields += self._appended(request.headers, exchange)
        else:
            fields += self._constant
            fields.append((b"x-forwarded-host", request.authority.encode("ascii")))
        fields.append((b"x-request-id", exchange.request_id.encode("ascii")))
        self._trace(request.headers, exchange, fields)
        return fields

    @staticmethod
    def _without_connection_options(headers: Headers, fields: Fields) -> Fields:
        options = headers.get(b"connection")
        if options is None or options in _KEEP_ALIVE_ONLY:
            return fields
        named = {token.strip() for value in headers.get_all(b"connection") for token in value.lower().split(b",")}
        return [field for field in fields if field[0] not in named]

    def _appended(self, headers: Headers, exchange: Exchange) -> Fields:
        """Carry on what a trusted proxy said, with its own address at the end."""
        carried = headers.get(b"x-request-id")
        if carried is not None and _REQUEST_ID.fullmatch(carried):
            exchange.request_id = carried.decode("ascii")
        chain = [*headers.get_all(b"x-forwarded-for"), self._peer]
        told = [*headers.get_all(b"forwarded"), self._forwarded]
        proto = headers.get(b"x-forwarded-proto")
        return [
            (b"x-forwarded-for", b", ".join(chain)),
            (b"x-real-ip", exchange.client.address.encode("ascii") or self._peer),
            (b"x-forwarded-proto", proto if proto in (b"http", b"https") else self._proto),
            (b"forwarded", b", ".join(told)),
            (b"x-forwarded-host", headers.get(b"x-forwarded-host") or exchange.request.authority.encode("ascii")),
        ]

    @staticmethod
    def _trace(headers: Headers, exchange: Exchange, fields: Fields) -> None:
        """Carry a valid traceparent, or begin a trace whose id is the exchange's own (W3C Trace Context level 1)."""
        carried = headers.get(b"traceparent")
        if carried is not None and _TRACEPARENT.fullmatch(carried):
            exchange.trace_id = carried[3:35].decode("ascii")
            fields.append((b"traceparent", carried))
            fields += [(b"tracestate", value) for value in headers.get_all(b"tracestate")]
            return
        exchange.trace_id = exchange.id
        fields.append(
            (b"traceparent", b"00-%b-%b-01" % (exchange.id.encode("ascii"), exchange.id[16:].encode("ascii")))
        )


def _forwarded_for(headers: Headers) -> list[bytes]:
    """Return the ``for`` values of all Forwarded elements (RFC 7239 section 4), as they are."""
    values = []
    for element in b",".join(headers.get_all(b"forwarded")).split(b","):
        for pair in element.split(b";"):
            name, mark, value = pair.strip().partition(b"=")
            if mark and name.lower() == b"for":
                values.append(value.strip(b'"'))
    return values
