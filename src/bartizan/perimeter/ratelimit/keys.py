"""What exchanges are counted together by.

A part that an exchange lacks is counted with its address instead, so that leaving out a header or a certificate does
not lead around a limit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b

from bartizan.config.model import Route
from bartizan.pipeline import Exchange

__all__ = ["KeyMaker", "key_maker"]

KeyMaker = Callable[[Exchange], bytes]
_MAX_PART = 64  # bytes; what is longer is counted by its digest


def key_maker(parts: Sequence[str], prefix: bytes, route: Route, *, v4: int, v6: int) -> KeyMaker:
    """Return what makes the key of an exchange; ``v4`` and ``v6`` are the prefix lengths of ``network``."""
    makers = [_part(part, route, v4, v6) for part in parts]
    if len(makers) == 1:
        only = makers[0]
        return lambda exchange: prefix + only(exchange)
    return lambda exchange: prefix + b"|".join([make(exchange) for make in makers])


def _part(part: str, route: Route, v4: int, v6: int) -> KeyMaker:
    kind, _, name = part.partition(":")
    if kind == "network":
        return lambda exchange: _network(exchange, v4, v6)
    if kind == "header":
        wanted = name.lower().encode("latin-1")
        return lambda exchange: _given(exchange.request.headers.get(wanted), exchange)
    if kind == "route":
        fixed = b"route=" + route.name.encode()
        return lambda _: fixed
    return _SIMPLE[kind]


def _address(exchange: Exchange) -> bytes:
    return exchange.client.address.encode("ascii")


def _network(exchange: Exchange, v4: int, v6: int) -> bytes:
    client = exchange.client
    if client.version == 4:
        return b"4/%x" % (client.number >> (32 - v4))
    return b"6/%x" % (client.number >> (128 - v6))


def _ja4(exchange: Exchange) -> bytes:
    tls = exchange.connection.tls
    return _given(None if tls is None or tls.ja4 is None else tls.ja4.encode("ascii"), exchange)


def _principal(exchange: Exchange) -> bytes:
    return _given(None if exchange.principal is None else exchange.principal.encode(), exchange)


def _listener(exchange: Exchange) -> bytes:
    return exchange.connection.listener.encode()


def _given(value: bytes | None, exchange: Exchange) -> bytes:
    if value is None:
        return b"absent=" + _address(exchange)
    if len(value) > _MAX_PART:
        return b"digest=" + blake2b(value, digest_size=16).digest()
    return b"is=" + value.replace(b"|", b"||")


_SIMPLE: dict[str, KeyMaker] = {"address": _address, "ja4": _ja4, "principal": _principal, "listener": _listener}
