"""Requests that never became exchanges of their own: as far as they can be read, guards see them all the same.

The answer to them stands. But an attack in a request that no parser takes is an attack, and whoever looks for what an
actor does has to hear of it.
"""

from __future__ import annotations

from contextlib import suppress
from time import perf_counter

from bartizan.edge.context import ConnectionContext
from bartizan.edge.snapshot import Snapshot
from bartizan.errors import RequestError
from bartizan.http.body import Body
from bartizan.http.headers import Headers
from bartizan.http.lenient import LenientRequest, read_request
from bartizan.http.message import Request
from bartizan.http.target import parse_host, parse_target
from bartizan.pipeline import Exchange, Series

__all__ = ["refused_exchange", "show_refused"]

MAX_ROUTED = 4096  # characters of a path that a route is looked for


def refused_exchange(id: str, data: bytes, context: ConnectionContext, now: float) -> Exchange:  # noqa: A002 - as there
    """Return an exchange for what ``data``, the bytes that have arrived, look like; ``now`` is Unix time in seconds.

    Its request is what the client sent, not what it should have sent: any bytes, decoded as Latin-1 where text is due.
    """
    read = read_request(data)
    path, mark, query = read.target.partition(b"?")
    host = next((value for name, value in read.fields if name == b"host"), b"").decode("latin-1")
    request = Request(
        read.method.decode("latin-1") or "-",
        read.target,
        Headers(read.fields),
        path=path.decode("latin-1") or "-",
        query=query if mark else None,
        scheme=context.connection.scheme,
        host=host,
        version=_version(read),
        body=Body.of(read.body),
        length=len(read.body),
    )
    client = context.peer
    if context.trusted:
        with suppress(RequestError):  # where it says two things about who it is, it is the proxy's
            client = context.rules.client_of(client, request.headers)
    return Exchange(id, request, context.connection, client, received=now, started=perf_counter())


def show_refused(exchange: Exchange, snapshot: Snapshot) -> None:
    """Show an exchange from ``refused_exchange`` to the guards of the route that it would have taken, if there is one.

    There is none for what no route fits; then those see it that are on by default.
    """
    if snapshot.looks_at_refusals:
        _series(exchange.request, snapshot).on_refused(exchange, exchange.request.body.peek())


def _series(request: Request, snapshot: Snapshot) -> Series:
    try:
        target = parse_target(request.target, request.method, escaped_slashes="keep")
        path, authority = target.path, target.authority or request.host.encode("latin-1")
    except RequestError:
        path, authority = request.path[:MAX_ROUTED], request.host.encode("latin-1")
    try:
        host = parse_host(authority).host
    except RequestError:
        host = ""
    probe = Request(request.method, b"", request.headers, path=path, host=host)
    found = snapshot.router.match(probe).payload
    return snapshot.unrouted if found is None else found.series


def _version(read: LenientRequest) -> str:
    protocol = read.protocol.decode("latin-1")
    version = protocol.removeprefix("HTTP/")
    return version if version[:1].isdigit() else protocol
