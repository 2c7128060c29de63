"""One worker's data plane: the connections it holds, the exchanges on them, and the snapshot they use."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from time import perf_counter
from typing import Any, cast

import structlog

from bartizan.edge.context import ConnectionContext
from bartizan.edge.http1.client import ClientConnection
from bartizan.edge.http1.contract import Journey
from bartizan.edge.http1.request_parser import Head
from bartizan.edge.http1.server import ServerConnection
from bartizan.edge.ids import ExchangeIds
from bartizan.edge.proxy import Proxy
from bartizan.edge.records import Recorder
from bartizan.edge.refusals import refused_exchange, show_refused
from bartizan.edge.snapshot import Snapshot
from bartizan.edge.stats import Stats
from bartizan.errors import RequestError
from bartizan.http.body import Body
from bartizan.http.headers import Headers
from bartizan.http.message import Request, Response
from bartizan.http.problem import error_response
from bartizan.http.target import parse_host, parse_target
from bartizan.pipeline import Exchange, TlsInfo
from bartizan.process.alarm import Alarm

__all__ = ["Gateway"]

TICK = 0.1  # seconds between looks at what waits for upstreams
TICKS_PER_SWEEP = 5  # looks at client connections are rarer
QUIET = 1.0  # seconds without a request after which a draining worker closes a connection


class Gateway:
    """Accepts connections, starts exchanges, keeps time, and finishes exchanges into statistics and the journal.

    ``finished`` gets every exchange when it is over. ``identity`` is 6 random bytes of this process.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        snapshot: Snapshot,
        stats: Stats,
        finished: Recorder,
        identity: bytes,
        clock: Callable[[], float],
    ) -> None:
        """``clock`` is Unix time in seconds."""
        self._loop = loop
        self._clock = clock
        self.snapshot = snapshot
        self.stats = stats
        self.draining = False
        self.connections: set[ServerConnection] = set()
        self.awaiting: set[ClientConnection] = set()
        self.in_flight = 0
        self._per_client: dict[str, int] = {}
        self._finished = finished
        self._ids = ExchangeIds(identity)
        self._random = random.Random(identity)  # noqa: S311 - names for tracing, not secrets
        self._alarm = Alarm(loop)
        self._proxy = Proxy(loop, self.awaiting, self._account, self._alarm)
        self._log = structlog.get_logger("bartizan.edge")
        self._timer: asyncio.TimerHandle | None = None
        self._ticks = 0
        self._no_body = Body.of()  # complete, empty, and the same for all requests without one
        self._idle = asyncio.Event()

    def connection(self, listener: str, peername: object = None, tls: TlsInfo | None = None) -> ServerConnection:
        """Return the protocol for a new connection; ``peername`` is the transport's own when None."""
        context = ConnectionContext(listener, peername, tls)
        return ServerConnection(self, self.snapshot.listeners[listener].limits, context, self._loop)

    # what connections ask

    def opened(self, connection: ServerConnection, transport: asyncio.Transport) -> bool:
        """Take note of a connection, within the limits per worker and per client."""
        context = cast("ConnectionContext", connection.context)
        snapshot = self.snapshot
        context.identify(transport, snapshot.forwarding)
        listener = snapshot.listeners[context.listener]
        self.stats.accepted += 1
        self.connections.add(connection)
        address = context.peer.address
        count = self._per_client.get(address, 0) + 1
        self._per_client[address] = count
        if len(self.connections) > listener.connections:
            self.stats.refuse("connections_per_worker")
            return False
        if count > listener.connections_per_client and not context.trusted and address:
            self.stats.refuse("connections_per_client")
            return False
        return True

    def closed(self, connection: ServerConnection) -> None:
        """Forget a connection."""
        self.connections.discard(connection)
        address = cast("ConnectionContext", connection.context).peer.address
        count = self._per_client.get(address, 0) - 1
        if count > 0:
            self._per_client[address] = count
        else:
            self._per_client.pop(address, None)
        if self.draining and not self.connections:
            self._idle.set()

    def begin(self, connection: ServerConnection, head: Head, body: Body | None) -> Journey:
        """Return the exchange for a request head, ready to be served. Raises ``RequestError``."""
        snapshot = self.snapshot
        context = cast("ConnectionContext", connection.context)
        if context.rules is not snapshot.forwarding:
            context.apply(snapshot.forwarding)
        listener = snapshot.listeners.get(context.listener)
        if listener is None:
            raise RequestError(503, "listener_removed", "")
        connection.limits = listener.limits
        if self._finished.refusing:
            raise RequestError(503, "journal_full", "")
        target = parse_target(head.target, head.method, escaped_slashes=listener.escaped_slashes)
        authority = target.authority if target.authority is not None else head.host
        host = parse_host(authority).host if authority is not None else ""
        request = Request(
            head.method,
            head.target,
            Headers(head.fields),
            path=target.path,
            query=target.query,
            scheme=context.connection.scheme,
            authority=authority.decode("ascii") if authority else "",
            host=host,
            version="1.1" if head.minor else "1.0",
            body=body or self._no_body,
            length=head.length,
            upgrade=head.upgrade,
        )
        client = context.peer if not context.trusted else snapshot.forwarding.client_of(context.peer, request.headers)
        now = self._clock()
        exchange = Exchange(
            self._ids.next(now), request, context.connection, client, received=now, started=perf_counter()
        )
        return exchange, snapshot, context

    def refused(self, connection: ServerConnection, error: RequestError, data: bytes) -> Response:
        """Count and journal a request that HTTP or a limit forbids, and return the answer to it.

        ``data`` is what has arrived of it: guards that look at such requests see what can be read of it.
        """
        self.stats.refuse(error.reason)
        context = cast("ConnectionContext", connection.context)
        now = self._clock()
        exchange = refused_exchange(self._ids.next(now), data, context, now)
        exchange.error, exchange.error_detail = error.reason, str(error)
        if error.status != 503:  # that is not about the request
            show_refused(exchange, self.snapshot)
        accept = exchange.request.headers.get(b"accept")
        exchange.response = error_response(error.status, exchange_id=exchange.id, detail=str(error), accept=accept)
        exchange.bytes_in = exchange.request.body.received
        exchange.bytes_out = exchange.response.length or 0
        for signal in exchange.signals:
            self.stats.signal(signal.name)
        self._finished(exchange)
        return exchange.response

    def serve(self, connection: ServerConnection, journey: Journey) -> Coroutine[Any, Any, None]:
        """Carry an exchange to its end, and account for it."""
        exchange, snapshot, context = cast("tuple[Exchange, Snapshot, ConnectionContext]", journey)
        self.in_flight += 1
        return self._proxy.serve(exchange, connection, snapshot, context.forwarding)

    def _account(self, exchange: Exchange) -> None:
        self.in_flight -= 1
        exchange.bytes_in = exchange.bytes_in or exchange.request.body.received
        exchange.duration = perf_counter() - exchange.started
        for callback in exchange.on_end:
            callback(exchange)
        self.stats.count(exchange)
        self._finished(exchange)

    # time

    def start(self) -> None:
        """Begin to keep time."""
        self._timer = self._loop.call_later(TICK, self._tick)

    def _tick(self) -> None:
        self._timer = self._loop.call_later(TICK, self._tick)
        now = self._loop.time()
        for waiting in [c for c in self.awaiting if now > c.deadline]:
            waiting.deadline = float("inf")
            waiting.expire("answer")
        self._ticks += 1
        if self._ticks % TICKS_PER_SWEEP == 0:
            for connection in list(self.connections):
                connection.tick(now)
                if self.draining:
                    connection.close_if_idle(now, QUIET)

    async def drain(self, grace: float) -> None:
        """Let exchanges finish for at most ``grace`` seconds; idle connections close at the next sweep."""
        self.draining = True
        if self.connections:
            try:
                async with asyncio.timeout(grace):
                    await self._idle.wait()
            except TimeoutError:
                if self.in_flight:
                    self._log.warning("exchanges cut at the end of the grace period", count=self.in_flight)
        for connection in list(self.connections):
            connection.abort()

    def stop(self) -> None:
        """Stop keeping time."""
        self._alarm.close()
        if self._timer is not None:
            self._timer.cancel()
