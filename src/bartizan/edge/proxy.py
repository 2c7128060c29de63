"""The way of one exchange from its guards to an upstream and back. Knows streams and nodes, no wire protocol.

match route ─▶ guards (request) ─▶ pick node ─▶ send ─▶ response head ─▶ guards (response) ─▶ body ─▶ end
     │404/405        │verdict           │503       │502/504, or another node                │cut: abort
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import perf_counter

import structlog

from bartizan.access.presented import hide_set_cookies
from bartizan.edge.answers import answer, refuse, respond
from bartizan.edge.divert import decoy_fields, decoy_target
from bartizan.edge.forwarding import ConnectionForwarding
from bartizan.edge.http1.client import ClientConnection
from bartizan.edge.http1.serialise import chunk, head_fields, last_chunk, request_line
from bartizan.edge.mirror import Mirror
from bartizan.edge.snapshot import Destination, RouteRuntime, Snapshot
from bartizan.edge.stream import Stream
from bartizan.edge.tunnel import Tunnel
from bartizan.edge.upstreams import Node
from bartizan.errors import ClientGone, RequestError, UpstreamError, UpstreamUnavailable, UpstreamUnreachable
from bartizan.http.message import Request, Response
from bartizan.pipeline import Challenge, Deny, Divert, Exchange, Respond, StepUp, Throttle
from bartizan.process.alarm import Alarm

__all__ = ["Proxy"]

Fields = list[tuple[bytes, bytes]]

NEVER = float("inf")
_BODY_METHODS = frozenset(("POST", "PUT", "PATCH"))


@dataclass(slots=True)
class _Try:
    """One attempt to get a response from a node."""

    destination: Destination
    node: Node
    connection: ClientConnection
    reused: bool
    upload: asyncio.Task[None] | None = None

    def is_stale(self, error: UpstreamError) -> bool:
        """Whether the node closed a kept connection while it was idle, rather than failing this request."""
        return self.reused and self.connection.received == 0 and isinstance(error, UpstreamUnreachable)


@dataclass(slots=True)
class _Outgoing:
    """What is sent to whichever node is tried: header fields, and the body if it is ``whole``."""

    fields: Fields
    payload: bytes
    whole: bool


class Proxy:
    """Serves exchanges.

    ``awaiting`` gets the connections that have a deadline; ``account`` is called with every exchange that is over.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        awaiting: set[ClientConnection],
        account: Callable[[Exchange], None],
        alarm: Alarm,
    ) -> None:
        self._loop = loop
        self._clock: Callable[[], float] = loop.time
        self._awaiting = awaiting
        self._account = account
        self._log = structlog.get_logger("bartizan.edge")
        self._mirror = Mirror(loop)
        self._alarm = alarm

    async def serve(
        self, exchange: Exchange, stream: Stream, snapshot: Snapshot, forwarding: ConnectionForwarding
    ) -> None:
        """Carry one exchange to its end; whatever goes wrong, the client gets a whole answer or a cut connection."""
        try:
            await self._serve(exchange, stream, snapshot, forwarding)
        except ClientGone:
            exchange.error = "client_gone"
            stream.abort()
        except RequestError as error:
            exchange.error, exchange.error_detail = error.reason, str(error)
            answer(exchange, stream, error.status, str(error), close=True)
        except UpstreamError as error:
            exchange.error, exchange.error_detail = error.reason, str(error)
            answer(exchange, stream, error.status, "")
        except asyncio.CancelledError:
            exchange.error = exchange.cut_for or "client_gone"
            stream.abort()
            raise
        except Exception as error:  # noqa: BLE001 - a defect in one exchange must not end the worker
            exchange.error = "internal_error"
            self._log.exception("exchange failed", id=exchange.id, error=repr(error))
            answer(exchange, stream, 500, "", close=True)
        finally:
            exchange.on_cut = None  # from here on the task carries the connection's next exchange
            self._account(exchange)

    async def _serve(
        self, exchange: Exchange, stream: Stream, snapshot: Snapshot, forwarding: ConnectionForwarding
    ) -> None:
        request = exchange.request
        found = snapshot.router.match(request)
        route = found.payload
        if route is None:
            headers = ((b"allow", ", ".join(found.allowed).encode()),) if found.allowed else ()
            exchange.error = "method_not_allowed" if headers else "no_route"
            if snapshot.looks_at_refusals:
                snapshot.unrouted.on_refused(exchange, request.body.peek())
            answer(exchange, stream, 405 if headers else 404, "", headers)
            return
        exchange.route = route.infos[found.pattern]
        exchange.parameters = found.parameters
        if request.length != 0:
            limit = route.body_limit
            try:
                stream.limit_body(
                    snapshot.listeners[exchange.connection.listener].body_bytes if limit is None else limit
                )
            except RequestError:
                route.series.on_refused(exchange, request.body.peek())
                raise
        divert = None
        if route.series.steps:
            verdict = await route.series.on_request(exchange)
            if isinstance(verdict, Divert):
                divert = verdict
            elif verdict is not None:
                await self._decided(exchange, stream, route, verdict, snapshot)
                return
        if exchange.cuttable:
            _let_cut(exchange)
        body = exchange.request.body
        whole = body.complete
        if body.error is not None:
            raise body.error
        fields = forwarding.apply(exchange.request, exchange)
        upstream = route.choose(request)
        if divert is None:
            fields = _with_ours(fields, exchange, route)
        else:
            fields, upstream = decoy_fields(exchange, divert, route, upstream), divert.upstream
        outgoing = _Outgoing(fields, body.take() if whole else b"", whole)
        await self._forward(exchange, stream, route, snapshot.destinations[upstream], snapshot, outgoing)

    async def _decided(
        self,
        exchange: Exchange,
        stream: Stream,
        route: RouteRuntime,
        verdict: Challenge | Deny | Respond | StepUp | Throttle,
        snapshot: Snapshot,
    ) -> None:
        """Answer as a guard has decided."""
        if isinstance(verdict, Respond):
            await respond(exchange, stream, route, verdict, self._alarm)
        else:
            refuse(exchange, stream, verdict)
        if exchange.diverted is not None:
            self._mirror.copy(exchange, exchange.diverted, route, snapshot.config)

    async def _forward(
        self,
        exchange: Exchange,
        stream: Stream,
        route: RouteRuntime,
        destination: Destination,
        snapshot: Snapshot,
        outgoing: _Outgoing,
    ) -> None:
        exchange.upstream = destination.name
        attempt, response = await self._respond_from(exchange, route, destination, outgoing)
        try:
            exchange.response = response
            if response.status == 101:
                hide_set_cookies(response.headers)  # no guard looks at this answer, and browsers take its cookies
                await self._tunnel(exchange, stream, attempt, response, snapshot)
                return
            if route.rewrite is not None and exchange.diverted is None:  # a decoy's response is as rewritten ones are
                route.rewrite.response(response.headers)
            if route.series.looks_at_responses:
                verdict = await route.series.on_response(exchange)
                if isinstance(verdict, Respond):
                    exchange.response = response = verdict.response
                elif verdict is not None and not isinstance(verdict, Divert):
                    refuse(exchange, stream, verdict)
                    return
            body = response.body
            data = body.take()
            exchange.bytes_out = len(data)
            if body.ended:
                stream.respond(response, data, end=True)
            else:
                await self._relay(exchange, stream, response, data)
        finally:
            self._release(attempt)

    async def _respond_from(
        self,
        exchange: Exchange,
        route: RouteRuntime,
        destination: Destination,
        outgoing: _Outgoing,
    ) -> tuple[_Try, Response]:
        """Get a response head from some node, trying again only where that is safe."""
        group = destination.group
        method = exchange.request.method
        key = destination.hash_key(exchange) if destination.hash_key is not None else None
        tried: list[Node] = []
        failure: UpstreamError | None = None
        stale = False
        while True:
            node = self._pick(destination, key, tried, failure)
            exchange.node = node.name
            attempt = None
            try:
                connection = None if stale else group.acquire(node)
                reused = connection is not None
                attempt = _Try(destination, node, connection or await group.connect(node), reused)
                begun = perf_counter()
                response = await self._send(exchange, route, attempt, outgoing)
            except UpstreamError as error:
                failure = error
                stale = attempt is not None and attempt.is_stale(error)
                sent = attempt is not None
                replayable = outgoing.whole or not sent
                group.failed(node, error, stale=stale)
                self._drop(attempt)
                again = group.may_retry(error, method, len(tried), sent=sent, replayable=replayable, stale=stale)
                if not again:
                    raise
                if not stale:
                    tried.append(node)
                continue
            except BaseException:
                self._drop(attempt)
                raise
            exchange.upstream_time = perf_counter() - begun
            group.succeeded(node, response.status)
            if response.status >= 400 and group.may_retry_status(
                response.status, method, len(tried), replayable=outgoing.whole
            ):
                tried.append(node)
                self._drop(attempt)
                continue
            return attempt, response

    @staticmethod
    def _pick(destination: Destination, key: bytes | None, tried: list[Node], failure: UpstreamError | None) -> Node:
        try:
            return destination.group.pick(key, tried)
        except UpstreamUnavailable:
            if failure is not None:
                raise failure from None
            raise

    def _send(self, exchange: Exchange, route: RouteRuntime, attempt: _Try, outgoing: _Outgoing) -> Awaitable[Response]:
        """Send the request to one node; what is returned waits for the response head."""
        method = exchange.request.method
        connection = attempt.connection
        head = self._head(exchange, route, attempt, outgoing)
        connection.read_timeout = attempt.destination.read_timeout
        self._awaiting.add(connection)
        if outgoing.whole:
            connection.deadline = self._clock() + (route.timeout or attempt.destination.response_timeout)
            return connection.start(method, head)
        connection.deadline = NEVER
        return self._upload(exchange, route, attempt, connection.start(method, head))

    @staticmethod
    def _head(exchange: Exchange, route: RouteRuntime, attempt: _Try, outgoing: _Outgoing) -> bytes:
        """Serialise the request head from its parsed form, with the body behind it if it is whole."""
        request = exchange.request
        host = attempt.destination.group.host_header(attempt.node, request)
        fields = outgoing.fields
        if exchange.diverted is not None:
            target = decoy_target(request)
        else:
            path = request.path.encode("ascii")
            target = path if request.query is None else b"%b?%b" % (path, request.query)
            if route.rewrite is not None:
                target, host, fields = route.rewrite.request(exchange, target, host, fields)
        parts = [request_line(request.method, target), b"host: %b\r\n" % host, head_fields(fields)]
        if request.length is None:
            parts.append(b"transfer-encoding: chunked\r\n")
        elif request.length or request.method in _BODY_METHODS:
            parts.append(b"content-length: %d\r\n" % request.length)
        if request.upgrade is not None and route.upgrade and exchange.diverted is None:
            parts.append(b"connection: upgrade\r\nupgrade: %b\r\n" % request.upgrade)
        parts.append(b"\r\n")
        payload = outgoing.payload
        if outgoing.whole and request.length is None:
            parts.append((chunk(payload) if payload else b"") + last_chunk(request.body.trailers))
        else:
            parts.append(payload)
        return b"".join(parts)

    async def _upload(
        self, exchange: Exchange, route: RouteRuntime, attempt: _Try, waiter: asyncio.Future[Response]
    ) -> Response:
        """Stream the request body while waiting for the response head, which may come before the body's end."""
        attempt.upload = upload = self._loop.create_task(self._send_body(exchange.request, attempt.connection))
        try:
            done, _ = await asyncio.wait((upload, waiter), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:  # the client has gone
            waiter.cancel()
            raise
        failure = upload.exception() if upload in done else None
        if failure is not None and (waiter not in done or isinstance(failure, RequestError | ClientGone)):
            waiter.cancel() or waiter.exception()  # nobody will ask it any more
            raise failure
        if waiter not in done:
            attempt.connection.deadline = self._clock() + (route.timeout or attempt.destination.response_timeout)
        return await waiter

    @staticmethod
    async def _send_body(request: Request, connection: ClientConnection) -> None:
        body = request.body
        chunked = request.length is None
        while data := await body.read():
            connection.write(chunk(data) if chunked else data)
            if connection.writing_paused:
                await connection.drain()
        if chunked:
            connection.write(last_chunk(body.trailers))

    @staticmethod
    async def _relay(exchange: Exchange, stream: Stream, response: Response, data: bytes) -> None:
        """Pass a response on as it comes; a body that breaks off cuts the client's connection."""
        body = response.body
        stream.respond(response, data, end=False)
        while data := await body.read():
            exchange.bytes_out += len(data)
            stream.send(data)
            await stream.drain()
        stream.finish(body.trailers)

    async def _tunnel(
        self, exchange: Exchange, stream: Stream, attempt: _Try, response: Response, snapshot: Snapshot
    ) -> None:
        """Join both connections after 101; the exchange ends when the tunnel does."""
        connection = attempt.connection
        connection.deadline = NEVER
        tunnel = Tunnel(self._loop, snapshot.listeners[exchange.connection.listener].tunnel_idle_timeout)
        client = stream.open_tunnel(response, tunnel.client_side)
        tunnel.join(client, connection.tunnel(tunnel.node_side))
        try:
            await tunnel.run()
        finally:
            exchange.bytes_in = tunnel.client_side.received
            exchange.bytes_out = tunnel.node_side.received

    def _release(self, attempt: _Try) -> None:
        """Give the connection back if its exchange is complete on both sides, otherwise close it."""
        connection = attempt.connection
        self._awaiting.discard(connection)
        upload = attempt.upload
        unfinished = upload is not None and (upload.cancel() or upload.cancelled() or upload.exception() is not None)
        if unfinished or not connection.reusable:
            connection.close()
        attempt.destination.group.release(attempt.node, connection)

    def _drop(self, attempt: _Try | None) -> None:
        if attempt is not None:
            attempt.connection.close()
            self._release(attempt)


def _with_ours(fields: Fields, exchange: Exchange, route: RouteRuntime) -> Fields:
    """Return header fields for an upstream with what guards have to tell it, and want of it."""
    if exchange.upstream_fields:
        fields += exchange.upstream_fields
    if route.series.plain_responses:
        fields = [field for field in fields if field[0] != b"accept-encoding"]
        fields.append((b"accept-encoding", b"identity"))
    return fields


def _let_cut(exchange: Exchange) -> None:
    """Have ``exchange.cut`` cancel the task that serves it; that frees everything the exchange holds on both sides.

    Raises ``CancelledError`` if it was cut while guards still looked at it.
    """
    if exchange.cut_for is not None:
        raise asyncio.CancelledError
    task = asyncio.current_task()
    exchange.on_cut = None if task is None else task.cancel
