"""Who the client is, as far as it can be trusted, and what the upstream is told about it (RFC 7239, W3C Trace Context).

Only a peer in ``trusted_proxies`` may say who the client is; from anybody else, headers that claim it are dropped and
written anew. Who the person is, no peer may say. Headers of one connection (RFC 9110 section 7.6.1) are dropped before
ours are added, so that a client cannot have ours removed by naming them in Connection; nor can it take away what guards
have looked at.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import TypeVar

from bartizan.edge.identity import is_identity
from bartizan.errors import RequestError
from bartizan.http.address import parse_node
from bartizan.http.headers import Headers
from bartizan.http.message import Request
from bartizan.pipeline import Client, Connection, Exchange

__all__ = ["ConnectionForwarding", "ForwardingRules"]

Fields = list[tuple[bytes, bytes]]
Network = TypeVar("Network", IPv4Network, IPv6Network)

MAX_HOPS = 32  # elements of X-Forwarded-For or Forwarded that are looked at
_REMEMBERED_NAMES = 1024
_REMEMBERED_LENGTH = 64  # bytes

_HOP_BY_HOP = frozenset(
    b"connection keep-alive te transfer-encoding upgrade http2-settings content-length host expect proxy".split()
)
"""Fields of one connection, and those that the gateway writes. ``Proxy`` would be HTTP_PROXY to a CGI (httpoxy)."""
_OURS = frozenset(
    b"x-forwarded-for x-forwarded-proto x-forwarded-host x-forwarded-port x-real-ip forwarded x-request-id traceparent "
    b"tracestate".split()
)
_CLAIMS = frozenset(
    b"x-client-ip x-cluster-client-ip x-remote-ip x-remote-addr x-originating-ip true-client-ip cf-connecting-ip "
    b"cf-connecting-ipv6 fastly-client-ip fly-client-ip x-azure-clientip x-azure-socketip x-envoy-external-address "
    b"x-original-url x-original-uri x-original-host x-original-method x-rewrite-url x-envoy-original-path "
    b"client-cert client-cert-chain ssl-client-cert ssl-client-verify".split()
)
"""What applications believe of a proxy: addresses, the original target, client certificates (RFC 9440)."""
_CLAIMING = (b"x-forwarded-", b"x-client-cert", b"x-client-verify", b"x-client-dn", b"x-ssl-", b"ssl-client-")
_END_TO_END = frozenset(
    b"accept accept-charset accept-encoding accept-language authorization cache-control cookie date from origin pragma "
    b"range referer user-agent x-api-key x-csrf-token x-http-method-override x-requested-with".split()
)
_END_TO_END_KINDS = (b"content-", b"if-", b"sec-", b"access-control-")
"""For all recipients: a connection option must not name them (RFC 9110 section 7.6.1), and is ignored if it does."""
_SCHEMES = frozenset((b"http", b"https"))
_NO_OPTIONS = frozenset((b"keep-alive", b"close", b"Keep-Alive", b"Close"))

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_TRACEPARENT = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_HOST = re.compile(rb"[A-Za-z0-9._:\[\]-]{1,262}")


class ForwardingRules:
    """The rules of one configuration; ``trusted`` are CIDRs."""

    def __init__(self, trusted: Sequence[str]) -> None:
        networks = [ip_network(text) for text in trusted]
        self._ranges = {
            4: _ranges([network for network in networks if isinstance(network, IPv4Network)]),
            6: _ranges([network for network in networks if isinstance(network, IPv6Network)]),
        }
        self._any = bool(networks)
        self._drops = {False: _Drops(trusted=False), True: _Drops(trusted=True)}

    def trusts(self, client: Client) -> bool:
        """Tell whether a peer is a trusted proxy; one on a Unix socket is, if any are."""
        if not self._any or client.version == 0:
            return self._any
        return self._covers(client.version, client.number)

    def client_of(self, peer: Client, headers: Headers) -> Client:
        """Return the originating client: the nearest address, from the right, that is not itself a trusted proxy.

        X-Forwarded-For is read, or Forwarded where there is none. A malformed element ends the walk: what lies beyond
        it is not known to be true. ``peer`` has to be trusted already.

        Raises ``RequestError`` (400) if both are there and name different clients: the trusted proxy writes only one
        of them, and the other is the client's own. A header that names no client (``for=unknown``, or trusted proxies
        only) contradicts nothing.
        """
        listed = headers.get_all(b"x-forwarded-for")
        told = headers.get_all(b"forwarded")
        client = self._origin(peer, _elements(listed)) if listed else peer
        if not told:
            return client
        other = self._origin(peer, map(_forwarded_for, _elements(told)))
        if not listed or self.trusts(client):
            return other
        if (client.version, client.number) == (other.version, other.number) or self.trusts(other):
            return client
        raise RequestError(400, "contradictory_forwarding", "X-Forwarded-For and Forwarded name different clients")

    def connection(self, connection: Connection) -> ConnectionForwarding:
        """Return the rules for one connection."""
        trusted = self.trusts(connection.peer)
        return ConnectionForwarding(connection, self._drops[trusted], trusted=trusted)

    def _origin(self, peer: Client, nodes: Iterable[bytes]) -> Client:
        found = None
        for node in nodes:
            try:
                found = parse_node(node.decode("ascii"))
            except ValueError:
                break
            if not self._covers(found.version, found.number):
                break
        return peer if found is None else Client(found.address, 0, found.version, found.number)

    def _covers(self, version: int, number: int) -> bool:
        starts, ends = self._ranges[version]
        at = bisect_right(starts, number) - 1
        return at >= 0 and number <= ends[at]


class ConnectionForwarding:
    """Turns the header fields of a request into those that the upstream gets; constant parts are made once."""

    __slots__ = ("_authority", "_client", "_constant", "_drops", "_forwarded", "_peer", "_port", "_proto", "_trusted")

    def __init__(self, connection: Connection, drops: _Drops, *, trusted: bool) -> None:
        peer = connection.peer
        self._drops = drops
        self._trusted = trusted
        self._peer = peer.address.encode("ascii")
        self._proto = connection.scheme.encode("ascii")
        self._client = peer
        self._forwarded = _element(peer, self._proto, b"")
        port = connection.local.rpartition(":")[2].encode("ascii", "replace")
        self._port = port if port.isdigit() and peer.version else b""
        self._authority = ""
        self._constant = self._about("")

    def apply(self, request: Request, exchange: Exchange) -> Fields:
        """Return the fields for the upstream, without Host and framing; notes ids and trace on the exchange."""
        drops = self._drops
        fields: Fields = []
        dropped: Fields = []
        for field in request.headers.items:
            (dropped if drops[field[0]] else fields).append(field)
        said: dict[bytes, list[bytes]] = {}
        if len(dropped) > 1 or request.version != "1.1":  # otherwise it is Host alone
            for name, value in dropped:
                said.setdefault(name, []).append(value)
            options = said.get(b"connection")
            if options is not None and (len(options) > 1 or options[0] not in _NO_OPTIONS):
                fields = _without_options(fields, options)
            if b"te" in said and request.upgrade is None:
                fields += _trailers_wanted(said[b"te"])
        if self._trusted:
            fields += self._carried(said, exchange)
        else:
            if request.authority != self._authority:
                self._authority = request.authority
                self._constant = self._about(request.authority)
            fields += self._constant
        fields.append((b"x-request-id", exchange.request_id.encode("ascii")))
        _trace(said, exchange, fields)
        return fields

    def _about(self, authority: str) -> Fields:
        """Return what is told about a client that connected itself and asked for ``authority``."""
        host = authority.encode("ascii")
        peer, port = self._peer, self._port
        told = [
            (b"x-forwarded-for", peer),
            (b"x-real-ip", peer),
            (b"x-forwarded-proto", self._proto),
            (b"x-forwarded-host", host),
            (b"x-forwarded-port", port),
        ]
        return [(b"forwarded", _element(self._client, self._proto, host)), *(field for field in told if field[1])]

    def _carried(self, said: dict[bytes, list[bytes]], exchange: Exchange) -> Fields:
        """Carry on what a trusted proxy said, with its own address at the end."""
        request_id = said.get(b"x-request-id")
        if request_id is not None and len(request_id) == 1 and _REQUEST_ID.fullmatch(request_id[0]):
            exchange.request_id = request_id[0].decode("ascii")
        proto, host = _first(said, b"x-forwarded-proto"), _first(said, b"x-forwarded-host")
        proto = proto if proto in _SCHEMES else self._proto
        host = host if _HOST.fullmatch(host) else exchange.request.authority.encode("ascii")
        port = _first(said, b"x-forwarded-port")
        listed, told = said.get(b"x-forwarded-for"), said.get(b"forwarded")
        client = exchange.client
        if client is not self._client:  # what one header says, the other has to say too
            listed = listed or [client.address.encode("ascii")]
            told = told or [_element(client, proto, host)]
        fields = [
            (b"forwarded", self._forwarded if told is None else b", ".join(filter(None, (*told, self._forwarded)))),
            (b"x-forwarded-for", self._peer if listed is None else b", ".join(filter(None, (*listed, self._peer)))),
            (b"x-real-ip", client.address.encode("ascii")),
            (b"x-forwarded-proto", proto),
            (b"x-forwarded-host", host),
            (b"x-forwarded-port", port if port.isdigit() and len(port) <= 5 else self._port),
        ]
        return [field for field in fields if field[1]]


class _Drops(dict[bytes, bool]):
    """Whether a field is dropped, by name; remembers what it was asked, within bounds."""

    def __init__(self, *, trusted: bool) -> None:
        self._trusted = trusted
        for name in (*_END_TO_END, b"content-type", b"content-encoding", b"sec-fetch-mode", b"sec-fetch-site"):
            self[name] = False
        for name in (*_HOP_BY_HOP, *_OURS):
            self[name] = True

    def __missing__(self, name: bytes) -> bool:
        dropped = name.startswith(b"proxy-") or is_identity(name) or (not self._trusted and _is_claim(name))
        if len(self) < _REMEMBERED_NAMES and len(name) <= _REMEMBERED_LENGTH:
            self[name] = dropped
        return dropped


def _without_options(fields: Fields, connection: list[bytes]) -> Fields:
    """Drop the fields that Connection names, but none that is meant for everybody or says who the client is."""
    named = {option.strip() for option in b",".join(connection).lower().split(b",")}
    gone = {name for name in named if not _is_for_all(name)}
    return [field for field in fields if field[0] not in gone]


def _is_claim(name: bytes) -> bool:
    return name in _CLAIMS or name.startswith(_CLAIMING)


def _is_for_all(name: bytes) -> bool:
    return name in _END_TO_END or name.startswith(_END_TO_END_KINDS) or _is_claim(name)


def _trailers_wanted(te: list[bytes]) -> Fields:
    """Carry on that trailers are welcome (RFC 9110 section 10.1.4); other codings are this connection's business."""
    wanted = any(coding.strip().lower() == b"trailers" for coding in b",".join(te).split(b","))
    return [(b"te", b"trailers"), (b"connection", b"te")] if wanted else []


def _trace(said: dict[bytes, list[bytes]], exchange: Exchange, fields: Fields) -> None:
    """Carry a valid traceparent, or begin a trace whose id is the exchange's own (W3C Trace Context level 1)."""
    carried = said.get(b"traceparent")
    if carried is not None and len(carried) == 1 and _TRACEPARENT.fullmatch(carried[0]):
        exchange.trace_id = carried[0][3:35].decode("ascii")
        fields.append((b"traceparent", carried[0]))
        fields += [(b"tracestate", value) for value in said.get(b"tracestate", ())]
        return
    exchange.trace_id = exchange.id
    own = exchange.id.encode("ascii")
    fields.append((b"traceparent", b"00-%b-%b-01" % (own, own[16:])))


def _first(said: dict[bytes, list[bytes]], name: bytes) -> bytes:
    values = said.get(name)
    return b"" if values is None else values[0]


def _element(client: Client, proto: bytes, host: bytes) -> bytes:
    """Return an element of Forwarded (RFC 7239 section 4); what has a colon needs quotes."""
    address = client.address.encode("ascii")
    node = b'"[%b]"' % address if client.version == 6 else address or b"unknown"
    return b'for=%b;proto=%b;host="%b"' % (node, proto, host) if host else b"for=%b;proto=%b" % (node, proto)


def _elements(values: list[bytes]) -> Iterator[bytes]:
    """Yield the last elements of a list field, from the right. Quotes do not hide a comma: clients write them too."""
    yield from (element.strip() for element in reversed(b",".join(values).rsplit(b",", MAX_HOPS)[-MAX_HOPS:]))


def _forwarded_for(element: bytes) -> bytes:
    """Return the ``for`` of a Forwarded element (RFC 7239 section 4), or nothing where it is not there once."""
    pairs = [pair.strip().partition(b"=") for pair in element.split(b";")]
    nodes = [value for name, _, value in pairs if name.lower() == b"for"]
    node = nodes[0] if len(nodes) == 1 else b""
    return node[1:-1] if len(node) > 2 and node.startswith(b'"') and node.endswith(b'"') else node


def _ranges(networks: list[Network]) -> tuple[list[int], list[int]]:
    """Return the first and the last addresses of networks, joined and in order."""
    joined = list(collapse_addresses(networks))
    return [int(network.network_address) for network in joined], [int(network.broadcast_address) for network in joined]
