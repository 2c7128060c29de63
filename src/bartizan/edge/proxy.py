"""The way of one exchange from its guards to an upstream and back. Knows streams and nodes, no wire protocol.

    match route ─▶ guards (request) ─▶ pick node ─▶ send ─▶ response head ─▶ guards (response) ─▶ body ─▶ end
         │404/405        │verdict           │503       │502/504, or another node                │cut: abort
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from bartizan.edge.http1.client import ClientConnection
from bartizan.edge.http1.serialise import chunk, head_fields, last_chunk, request_line
from bartizan.edge.snapshot import RouteRuntime, Snapshot
from bartizan.edge.stream import Stream
from bartizan.edge.tunnel import Tunnel
from bartizan.edge.upstreams import Node, UpstreamGroup, may_retry
from bartizan.errors import ClientGone, RequestError, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from bartizan.http.headers import Headers
from bartizan.http.message import Request, Response
from bartizan.http.problem import error_response
from bartizan.pipeline import Deny, Divert, Exchange, Throttle

__all__ = ["Proxy"]

NEVER = float("inf")
_BODY_METHODS = frozenset(("POST", "PUT", "PATCH"))


@dataclass(slots=True)
class _Try:
    """One attempt to get a response from a node."""

    group: UpstreamGroup
    node: Node
    connection: ClientConnection
    reused: bool
    upload: asyncio.Task[None] | None = None


class Proxy:
    """Serves exchanges. ``clock`` is the loop's monotonic time in seconds."""

    def __init__(self, loop: asyncio.AbstractEventLoop, awaiting: set[ClientConnection]) -> None:
        self._loop = loop
        self._clock: Callable[[], float] = loop.time
        self._awaiting = awaiting
        self._log = structlog.get_logger("bartizan.edge")

    async def serve(self, exchange: Exchange, stream: Stream, snapshot: Snapshot) -> None:
        """Carry one exchange to its end; whatever goes wrong, the client gets a whole answer or a cut connection."""
        try:
            await self._serve(exchange, stream, snapshot)
        except ClientGone:
            exchange.error = "client_gone"
            stream.abort()
        except RequestError as error:
            exchange.error = error.reason
            self._answer(exchange, stream, error.status, str(error), close=True)
        except UpstreamError as error:
            exchange.error = error.reason
            self._log.warning("upstream failed", id=exchange.id, upstream=exchange.upstream, node=exchange.node, error=str(error))
            self._answer(exchange, stream, error.status, "")
        except asyncio.CancelledError:
            exchange.error = "client_gone"
            stream.abort()
            raise
        except Exception as error:  # noqa: BLE001 - a defect in one exchange must not end the worker
            exchange.error = "internal_error"
            self._log.exception("exchange failed", id=exchange.id, error=repr(error))
            self._answer(exchange, stream, 500, "", close=True)

    async def _serve(self, exchange: Exchange, stream: Stream, snapshot: Snapshot) -> None:
        request = exchange.request
        found = snapshot.router.match(request)
        route = found.payload
        if route is None:
            headers = ((b"allow", ", ".join(found.allowed).encode()),) if found.allowed else ()
            exchange.error = "method_not_allowed" if headers else "no_route"
            self._answer(exchange, stream, 405 if headers else 404, "", headers)
            return
        exchange.route = route.info
        exchange.parameters = found.parameters
        stream.limit_body(route.body_limit)
        upstream = None
        if route.series.steps:
            verdict = await route.series.on_request(exchange)
            if isinstance(verdict, Divert):
                upstream = verdict.upstream
            elif verdict is not None:
                self._refuse(exchange, stream, verdict)
                return
        group = snapshot.upstreams[upstream or route.split.choose(request)]
        await self._forward(exchange, stream, route, group, snapshot)

    async def _forward(
        self, exchange: Exchange, stream: Stream, route: RouteRuntime, group: UpstreamGroup, snapshot: Snapshot
    ) -> None:
        exchange.upstream = group.name
        body = exchange.request.body
        whole = body.complete
        payload = body.take() if whole else b""
        attempt, response = await self._respond_from(exchange, stream, route, group, payload, whole=whole)
        try:
            exchange.response = response
            if response.status == 101:
                await self._tunnel(exchange, stream, attempt, response, snapshot)
                return
            if route.rewrite is not None:
                route.rewrite.response(response.headers)
            if route.series.looks_at_responses:
                verdict = await route.series.on_response(exchange)
                if verdict is not None and not isinstance(verdict, Divert):
                    self._refuse(exchange, stream, verdict)
                    return
            await self._relay(exchange, stream, attempt, response)
        finally:
            self._release(attempt)

    async def _respond_from(
        self, exchange: Exchange, stream: Stream, route: RouteRuntime, group: UpstreamGroup, payload: bytes, *, whole: bool
    ) -> tuple[_Try, Response]:
        """Get a response head from some node, trying again only where that is safe."""
        tried: list[Node] = []
        key = route.hash_key(exchange) if route.hash_key is not None else None
        while True:
            node = group.pick(key, tried)
            exchange.node = node.name
            sent = False
            reused = False
            attempt = None
            try:
                connection = group.acquire(node)
                reused = connection is not None
                if connection is None:
                    connection = await group.connect(node)
                attempt = _Try(group, node, connection, reused)
                sent = True
                response = await self._send(exchange, stream, route, attempt, payload, whole=whole)
            except UpstreamError as error:
                stale = reused and attempt is not None and attempt.connection.received == 0 and isinstance(error, UpstreamUnreachable)
                group.failed(node, error.reason, stale=stale)
                replayable = whole or not sent
                if not group.may_retry(error, exchange.request.method, len(tried), sent=sent, replayable=replayable, stale=stale):
                    raise
                if not stale:
                    tried.append(node)
                self._drop(attempt)
                continue
            except BaseException:
                self._drop(attempt)
                raise
            group.succeeded(node, response.status)
            if group.may_retry_status(response.status, exchange.request.method, len(tried), replayable=whole):
                tried.append(node)
                self._drop(attempt)
                continue
            return attempt, response

    async def _send(
        self, exchange: Exchange, stream: Stream, route: RouteRuntime, attempt: _Try, payload: bytes, *, whole: bool
    ) -> Response:
        """Send the request to one node and wait for the response head."""
        request = exchange.request
        connection = attempt.connection
        head = self._head(exchange, route, attempt.node, attempt.group, payload, whole=whole)
        begun = self._clock()
        self._awaiting.add(connection)
        if whole:
            connection.deadline = begun + (route.timeout or attempt.group.response_timeout)
            response = await connection.start(request.method, head)
        else:
            connection.deadline = NEVER
            waiter = connection.start(request.method, head)
            response = await self._upload(exchange, stream, route, attempt, waiter)
        exchange.upstream_time = self._clock() - begun
        return response

    def _head(
        self, exchange: Exchange, route: RouteRuntime, node: Node, group: UpstreamGroup, payload: bytes, *, whole: bool
    ) -> bytes:
        """Serialise the request head from its parsed form, with the body behind it if it is whole."""
        request = exchange.request
        fields = exchange.notes["forwarding"].apply(request, exchange)
        host = group.host_header(node, request)
        target = request.path.encode("ascii") if request.query is None else b"%b?%b" % (request.path.encode("ascii"), request.query)
        if route.rewrite is not None:
            target, host, fields = route.rewrite.request(exchange, target, host, fields)
        parts = [request_line(request.method, target), b"host: %b\r\n" % host, head_fields(fields)]
        if request.length is None:
            parts.append(b"transfer-encoding: chunked\r\n")
        elif request.length or request.method in _BODY_METHODS:
            parts.append(b"content-length: %d\r\n" % request.length)
        if request.upgrade is not None and route.upgrade:
            parts.append(b"connection: upgrade\r\nupgrade: %b\r\n" % request.upgrade)
        parts.append(b"\r\n")
        if whole and request.length is None:
            parts.append((chunk(payload) if payload else b"") + last_chunk(request.body.trailers))
        else:
            parts.append(payload)
        return b"".join(parts)

    async def _upload(
        self, exchange: Exchange, stream: Stream, route: RouteRuntime, attempt: _Try, waiter: asyncio.Future[Response]
    ) -> Response:
        """Stream the request body while waiting for the response head, which may come before the body's end."""
        attempt.upload = upload = self._loop.create_task(self._send_body(exchange.request, stream, attempt.connection))
        done, _ = await asyncio.wait((upload, waiter), return_when=asyncio.FIRST_COMPLETED)
        if waiter not in done:
            upload.result()
            attempt.connection.deadline = self._clock() + (route.timeout or attempt.group.response_timeout)
        elif upload in done and waiter.exception() is not None and isinstance(upload.exception(), RequestError | ClientGone):
            upload.result()
        return await waiter

    @staticmethod
    async def _send_body(request: Request, stream: Stream, connection: ClientConnection) -> None:
        stream.continue_body()
        body = request.body
        chunked = request.length is None
        while data := await body.read():
            connection.write(chunk(data) if chunked else data)
            if connection.writing_paused:
                await connection.drain()
        if chunked:
            connection.write(last_chunk(body.trailers))

    async def _relay(self, exchange: Exchange, stream: Stream, attempt: _Try, response: Response) -> None:
        """Pass the response on; a body that breaks off cuts the client's connection."""
        body = response.body
        data = body.take()
        exchange.bytes_out = len(data)
        if body.ended:
            stream.respond(response, data, end=True)
            return
        stream.respond(response, data, end=False)
        connection = attempt.connection
        timeout = attempt.group.read_timeout
        while True:
            connection.deadline = self._clock() + timeout
            data = await body.read()
            connection.deadline = NEVER
            if not data:
                break
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
        tunnel = Tunnel(self._loop, snapshot.tunnel_idle_timeout(exchange.connection.listener))
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
        if attempt.upload is not None and not attempt.upload.done():
            attempt.upload.cancel()
            connection.close()
        elif not connection.reusable:
            connection.close()
        attempt.group.release(attempt.node, connection)

    def _drop(self, attempt: _Try | None) -> None:
        if attempt is not None:
            attempt.connection.close()
            self._release(attempt)

    def _refuse(self, exchange: Exchange, stream: Stream, verdict: Deny | Throttle) -> None:
        headers = verdict.headers
        if isinstance(verdict, Throttle):
            headers = (*headers, (b"retry-after", b"%d" % max(1, math.ceil(verdict.retry_after))))
        self._answer(exchange, stream, verdict.status, verdict.detail, headers, close=verdict.close)

    def _answer(
        self,
        exchange: Exchange,
        stream: Stream,
        status: int,
        detail: str,
        headers: tuple[tuple[bytes, bytes], ...] = (),
        *,
        close: bool = False,
    ) -> None:
        """Answer with an error of the gateway's own; if a response has begun already, cut the connection instead."""
        if stream.responded:
            stream.abort()
            return
        accept = exchange.request.headers.get(b"accept")
        response = error_response(status, exchange_id=exchange.id, detail=detail, accept=accept, headers=headers)
        exchange.response = response
        data = response.body.take()
        exchange.bytes_out = len(data)
        try:
            stream.respond(response, data, end=True, close=close)
        except ClientGone:
            exchange.error = exchange.error or "client_gone"
