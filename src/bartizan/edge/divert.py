"""What the decoy process gets instead of what an upstream gets: the request as the client sent it, without credentials.

The fields keep their order, since that tells tools apart. Of what carries credentials only the scheme or the names are
left; neither assertions nor fields of the route's rewrite (which may hold the gateway's own credentials) are sent.
"""

from __future__ import annotations

from time import perf_counter

from bartizan.decoy.contract import CONTEXT, DecoyContext, encode_context
from bartizan.edge.snapshot import RouteRuntime
from bartizan.http.masking import MASK, is_secret, mask_query
from bartizan.http.message import Request
from bartizan.pipeline import Divert, Exchange

__all__ = ["decoy_fields", "decoy_target"]

Fields = list[tuple[bytes, bytes]]

_FRAMING = frozenset(
    b"connection keep-alive te trailer transfer-encoding upgrade http2-settings content-length host expect "
    b"proxy-connection".split()
)
"""Fields of the connection and of the body's framing, which the edge writes anew."""
_SCHEMES = frozenset((b"authorization", b"proxy-authorization"))
_MASK = MASK.encode("ascii")


def decoy_fields(exchange: Exchange, divert: Divert, route: RouteRuntime, upstream: str, answered: int = 0) -> Fields:
    """Return the header fields for the decoy, with the context at the end.

    ``upstream`` is the one whose place the decoy takes; ``answered`` the status that a guard has given the client
    already, if one has.
    """
    fields = [
        (name, _masked(name, value))
        for name, value in exchange.request.headers.items
        if name not in _FRAMING and name.replace(b"_", b"-") != CONTEXT
    ]
    fields.append((CONTEXT, encode_context(_context(exchange, divert, route, upstream, answered))))
    return fields


def decoy_target(request: Request) -> bytes:
    """Return the request's target: its path, and its query without secrets. ``*`` (the whole server) becomes ``/``."""
    path = b"/" if request.path == "*" else request.path.encode("ascii")
    if request.query is None:
        return path
    return b"%b?%b" % (path, mask_query(request.query.decode("latin-1")).encode("latin-1"))


def _context(exchange: Exchange, divert: Divert, route: RouteRuntime, upstream: str, answered: int) -> DecoyContext:
    request, tls = exchange.request, exchange.connection.tls
    path = request.path
    if route.rewrite is not None and exchange.route is not None:
        path = route.rewrite.path(path, exchange.route.template)
    return DecoyContext(
        exchange=exchange.id,
        actor=divert.actor or f"address:{exchange.client.address}",
        risk=divert.risk,
        route=route.config.name,
        upstream=upstream,
        path=path,
        scheme=request.scheme,
        received=exchange.received,
        sent=_since(exchange),
        address=exchange.client.address,
        ja4="" if tls is None or tls.ja4 is None else tls.ja4,
        version=request.version,
        length=request.length,
        answered=answered,
    )


def _since(exchange: Exchange) -> float:
    """Return from when on the time of the answer counts: as profiles count it, with what the guards took."""
    if exchange.request.length == 0:
        return exchange.started
    return perf_counter() - sum([spent for _, spent in exchange.timings])


def _masked(name: bytes, value: bytes) -> bytes:
    if name == b"cookie":
        names = (pair.partition(b"=")[0].strip() for pair in value.split(b";"))
        return b"; ".join(b"%b=%b" % (name, _MASK) for name in names if name)
    if name in _SCHEMES:
        scheme, space, _ = value.partition(b" ")
        return b"%b %b" % (scheme[:32], _MASK) if space else _MASK
    return _MASK if name == b"dpop" or is_secret(name.decode("latin-1")) else value
