"""Exchanges as the edge would make them, for the tests of guards."""

from __future__ import annotations

from bartizan.http.address import parse_address
from bartizan.http.body import Body
from bartizan.http.headers import Headers
from bartizan.http.message import Request
from bartizan.pipeline import Client, Connection, Exchange, RouteInfo, TlsInfo


def client_at(address: str = "192.0.2.7", port: int = 50000) -> Client:
    """Return a client; IPv4-mapped addresses become IPv4, as on the way in."""
    parsed = parse_address(address)
    return Client(parsed.address, port, parsed.version, parsed.number)


def make_exchange(
    method: str = "GET",
    path: str = "/",
    headers: dict[str, str] | None = None,
    *,
    query: bytes | None = None,
    body: bytes | Body = b"",
    client: str = "192.0.2.7",
    route: str = "api",
    tls: TlsInfo | None = None,
    now: float = 1_700_000_000.0,
) -> Exchange:
    """Return an exchange that has been routed and has no response yet; ``now`` is Unix time in seconds."""
    scheme = "http" if tls is None else "https"
    fields = Headers.of([("host", "api.test"), *(headers or {}).items()])
    given = Body.of(body) if isinstance(body, bytes) else body
    length = len(body) if isinstance(body, bytes) else None
    target = path.encode("ascii") + (b"" if query is None else b"?" + query)
    request = Request(
        method,
        target,
        fields,
        path=path,
        query=query,
        scheme=scheme,
        authority="api.test",
        host="api.test",
        body=given,
        length=length,
    )
    who = client_at(client)
    connection = Connection("main", scheme, who, "127.0.0.1:8080", tls)
    exchange = Exchange("0" * 26, request, connection, who, received=now, started=0.0)
    exchange.route = RouteInfo(route, path)
    return exchange
