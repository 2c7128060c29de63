"""The rate limit guard.

Windows that a route takes over from the defaults are counted over all routes that do so; windows of a route's own are
counted for that route. The header fields are those of draft-ietf-httpapi-ratelimit-headers-10: RateLimit-Policy says
what the limits are, RateLimit how they stand.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import count
from math import ceil

from bartizan.config.model import RateLimit as Settings
from bartizan.config.model import Route, Window
from bartizan.perimeter.ratelimit.keys import KeyMaker, key_maker
from bartizan.pipeline import Actor, Exchange, Signal, Throttle, Verdict
from bartizan.storage.state.interface import GcraLimit, GcraResult, State

__all__ = ["RateLimit"]

NAME = "rate_limit"


@dataclass(frozen=True, slots=True)
class _Limit:
    """A window as it is counted."""

    name: bytes
    rate: int
    period: float
    burst: int
    key: KeyMaker


class RateLimit:
    """Refuse what exceeds a window or a concurrency limit.

    Verdict: throttle 429. Signal: ``rate_limit.exceeded`` (T1499, API4:2023), about the address and the JA4.
    ``identity`` is unique to the process; it tells whose slots are whose.
    """

    name = NAME

    def __init__(self, settings: Settings, route: Route, state: State, identity: bytes) -> None:
        self._state = state
        own = route.guards.rate_limit.windows is not None
        scope = b"route/" + route.name.encode() if own else b"all"
        self._limits = tuple(
            _limit(window, number, scope, settings, route) for number, window in enumerate(settings.windows)
        )
        self._policy = b", ".join(
            b'"%b";q=%d;w=%d' % (limit.name, limit.rate, ceil(limit.period)) for limit in self._limits
        )
        self._identity = identity
        self._holders = count()
        self._concurrency = settings.concurrency
        self._slot_key: KeyMaker | None = None
        if settings.concurrency is not None:
            own_slots = (
                b"slots/" + (route.name.encode() if route.guards.rate_limit.concurrency is not None else b"") + b"/"
            )
            self._slot_key = key_maker(
                settings.concurrency.key, own_slots, route, v4=settings.network_prefix_v4, v6=settings.network_prefix_v6
            )
        self._releasing: set[asyncio.Task[None]] = set()
        if settings.headers and self._limits:
            self.on_response = self._add_headers

    async def on_request(self, exchange: Exchange) -> Verdict | None:
        """Take a cell from every window and a slot, or refuse; see the class."""
        if self._limits:
            limits = [GcraLimit(limit.key(exchange), limit.rate, limit.period, limit.burst) for limit in self._limits]
            results = await self._state.gcra(limits)
            for result, limit in zip(results, self._limits, strict=True):
                if not result.allowed:
                    return self._exceeded(exchange, limit, results)
            exchange.notes[NAME] = results
        if self._slot_key is not None:
            return await self._take_slot(exchange, self._slot_key(exchange))
        return None

    async def _add_headers(self, exchange: Exchange) -> Verdict | None:
        results = exchange.notes.get(NAME)
        if exchange.response is not None and isinstance(results, list):
            exchange.response.headers.items += self._headers(results)
        return None

    def _headers(self, results: list[GcraResult]) -> tuple[tuple[bytes, bytes], ...]:
        standing = b", ".join(
            [
                b'"%b";r=%d;t=%d' % (limit.name, result.remaining, ceil(result.reset_after))
                for limit, result in zip(self._limits, results, strict=True)
            ]
        )
        return (b"ratelimit-policy", self._policy), (b"ratelimit", standing)

    def _exceeded(self, exchange: Exchange, limit: _Limit, results: list[GcraResult]) -> Throttle:
        wait = max(result.retry_after for result in results)
        name = limit.name.decode()
        because = f"window {name}: more than {limit.rate} in {limit.period:g} s (burst {limit.burst})"
        self._signal(exchange, because)
        headers = self._headers(results) if hasattr(self, "on_response") else ()
        detail = f"Too many requests. Try again in {max(1, ceil(wait))} s."
        return Throttle(wait, because, "raise the rate or burst of this window in guards.rate_limit", detail, headers)

    async def _take_slot(self, exchange: Exchange, key: bytes) -> Verdict | None:
        concurrency = self._concurrency
        if concurrency is None:
            return None
        holder = self._identity + next(self._holders).to_bytes(8, "big")
        if not await self._state.acquire(key, holder, concurrency.limit, concurrency.lease):
            because = f"more than {concurrency.limit} exchanges at once"
            self._signal(exchange, because)
            detail = "Too many requests at once. Try again in 1 s."
            return Throttle(1.0, because, "raise guards.rate_limit.concurrency.limit", detail)
        exchange.at_end(lambda _: self._release(key, holder))
        return None

    def _release(self, key: bytes, holder: bytes) -> None:
        task = asyncio.get_running_loop().create_task(self._state.release(key, holder))
        self._releasing.add(task)
        task.add_done_callback(self._released)

    def _released(self, task: asyncio.Task[None]) -> None:
        self._releasing.discard(task)
        if not task.cancelled():
            task.exception()  # a slot that could not be given back comes back with its lease

    @staticmethod
    def _signal(exchange: Exchange, because: str) -> None:
        actors = [Actor("address", exchange.client.address)]
        tls = exchange.connection.tls
        if tls is not None and tls.ja4 is not None:
            actors.append(Actor("ja4", tls.ja4))
        exchange.signals.append(
            Signal("rate_limit.exceeded", severity=20, technique="T1499", owasp="API4:2023", actors=tuple(actors),
                   evidence={"because": because})
        )  # fmt: skip


def _limit(window: Window, number: int, scope: bytes, settings: Settings, route: Route) -> _Limit:
    rate, period = window.rate
    name = (window.name or f"{'-'.join(part.partition(':')[0] for part in window.key)}-{number + 1}").encode()
    prefix = b"rate/%b/%b/%d/%g/" % (scope, name, rate, period)
    key = key_maker(window.key, prefix, route, v4=settings.network_prefix_v4, v6=settings.network_prefix_v6)
    return _Limit(name, rate, period, window.burst or rate, key)
