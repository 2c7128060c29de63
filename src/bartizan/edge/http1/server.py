"""One client connection that speaks HTTP/1.1 (RFC 9112): the driver between a transport and exchanges.

    OPEN ──head begins──▶ HEAD ──head complete──▶ EXCHANGE ──response and request complete──▶ OPEN
     │                     │                         │  └──101──▶ TUNNEL ──▶ CLOSED
     └── idle timeout ─────┴── refused, or close ────┴──▶ LINGER ──▶ CLOSED

One exchange at a time: what a client pipelines waits unparsed, and while it waits the socket is not read. After a
refused request nothing of the connection is read as a request again: LINGER sends what is to be sent, closes the
writing side, and discards what still comes, so that the answer is not lost in a TCP reset. Time is kept from outside.
"""

from __future__ import annotations

import asyncio
from typing import cast

from bartizan.edge.http1.contract import ConnectionLimits, Exchanges, Journey, Phase
from bartizan.edge.http1.framing import begin_response, refusal
from bartizan.edge.http1.pace import NEVER, Pace
from bartizan.edge.http1.request_parser import Head, RequestParser
from bartizan.edge.http1.serialise import LAST_CHUNK, chunk, head_fields, last_chunk, status_line
from bartizan.errors import ClientGone, RequestError
from bartizan.http.body import Body
from bartizan.http.message import Response

__all__ = ["ServerConnection"]

WRITE_HIGH_WATER = 256 * 1024  # bytes a slow client may have waiting in this process
LINGER_TIME = 2.0  # seconds that a closing connection may still take to read its answer
LINGER_BYTES = 1024 * 1024


class ServerConnection(asyncio.Protocol):
    """See the module's header. Implements ``bartizan.edge.stream.Stream`` for the exchange it carries."""

    def __init__(
        self, exchanges: Exchanges, limits: ConnectionLimits, context: object, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._exchanges = exchanges
        self._loop = loop
        self.limits = limits
        self.context = context
        """What the owner knows about the connection (peer, TLS); this module does not look into it."""
        self._parser = RequestParser(self, limits.parser)
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None
        self._next_journey: asyncio.Future[Journey] | None = None
        self._head: Head | None = None
        self._body: Body | None = None
        self._tunnel: asyncio.Protocol | None = None
        self._drained: asyncio.Future[None] | None = None
        self.phase = Phase.OPEN
        self.deadline = NEVER
        self.served = 0
        self._body_limit = 0
        self.responded = self._response_done = self._chunked_out = False
        self._close_after = self._continue_due = self._reading_paused = False
        self._pace = Pace()
        self._lingered = 0

    # what the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport; the first head must come within the header timeout."""
        self._transport = stream = cast("asyncio.Transport", transport)
        if not self._exchanges.opened(self, stream):
            stream.abort()
            return
        stream.set_write_buffer_limits(WRITE_HIGH_WATER)
        self.deadline = self._loop.time() + self.limits.header_timeout

    def data_received(self, data: bytes) -> None:
        """Take bytes from the client."""
        if self.phase is Phase.LINGER:
            self._lingered += len(data)
            if self._lingered > LINGER_BYTES:
                self._end()
            return
        if self._tunnel is not None:
            self._tunnel.data_received(data)
            return
        try:
            self._parser.feed(data)
        except RequestError as error:
            self._refuse(error)
            return
        if self.phase is Phase.EXCHANGE:
            if self._parser.in_request:
                self.deadline = self._loop.time() + self.limits.body_timeout
            elif not self._parser.idle:
                self._pause_reading()
        elif self.phase is Phase.OPEN and not self._parser.idle:
            self.phase = Phase.HEAD
            self.deadline = min(self.deadline, self._loop.time() + self.limits.header_timeout)

    def eof_received(self) -> bool:
        """The client will send no more: fatal within a request, otherwise the exchange is still answered."""
        if self._tunnel is not None:
            return bool(self._tunnel.eof_received())
        if self._parser.in_request and self._body is not None:
            self._body.fail(ClientGone("the client closed the connection within its request"))
        self._close_after = True
        return self.phase is Phase.EXCHANGE and not self._parser.in_request

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop everything that works for this connection."""
        self._transport = None
        self.phase = Phase.CLOSED
        self.deadline = NEVER
        if self._tunnel is not None:
            self._tunnel.connection_lost(exc)
        gone = ClientGone("the client went away")
        if self._body is not None:
            self._body.fail(gone)
        if self._drained is not None and not self._drained.done():
            self._drained.set_exception(gone)
        if self._task is not None and not self._response_done:
            self._task.cancel()
        elif self._next_journey is not None:
            self._next_journey.cancel()
        self._parser.close()
        self._exchanges.closed(self)

    def pause_writing(self) -> None:
        """The client takes no more for now: from here its time and rate are watched."""
        self.deadline = self._pace.begin_writing(self._loop.time(), self._unsent(), self.limits.write_timeout)

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._pace.end_writing(self._loop.time(), 0 if self._body is None else self._body.received)
        self.deadline = NEVER
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    # what the parser calls

    def on_request(self, head: Head) -> None:
        """Start an exchange."""
        self.phase = Phase.EXCHANGE
        self.served += 1
        self._head = head
        self.responded = False
        self._close_after = self._close_after or not head.keep_alive
        self._continue_due = head.expects_continue
        self._body_limit = 0
        self._pace.begin_request(self._loop.time())
        self.deadline = NEVER
        self._body = None if head.length == 0 else Body(self._resume_reading, self._body_awaited)
        journey = self._exchanges.begin(self, head, self._body)
        self._response_done = False
        self._hand_over(journey)

    def _hand_over(self, journey: Journey) -> None:
        """Have the connection's task serve an exchange; one task for all saves making one for each."""
        if self._next_journey is None:
            self._next_journey = self._loop.create_future()
            self._task = self._loop.create_task(self._serve())
        self._next_journey.set_result(journey)

    async def _serve(self) -> None:
        while self._next_journey is not None:
            journey = await self._next_journey
            self._next_journey = self._loop.create_future()
            await self._exchanges.serve(self, journey)
            if self._transport is None:
                return

    def on_request_data(self, data: bytes) -> None:
        """Pass a piece of the body on; stop reading while the upstream is slower."""
        body = self._body
        if body is None:
            return
        self._continue_due = False
        if self._body_limit and body.received + len(data) > self._body_limit:
            error = RequestError(413, "body_too_large", f"the request body is larger than {self._body_limit} bytes")
            body.fail(error)
            self._body = None
            self._pause_reading()
        elif not body.feed(data):
            self._pause_reading()

    def on_request_end(self, trailers: list[tuple[bytes, bytes]]) -> None:
        """End the body."""
        self.deadline = NEVER
        if self._body is not None:
            self._body.end(trailers)

    # the Stream

    def respond(self, response: Response, data: bytes, *, end: bool, close: bool = False) -> None:
        """Send a response head, framed for this client (RFC 9112 section 6)."""
        head = self._head
        if self._transport is None or head is None:
            raise ClientGone("the client went away")
        self.responded = True
        if close or self.served >= self.limits.requests_per_connection or self._exchanges.draining:
            self._close_after = True
        if self._parser.in_request and (end or self._continue_due):
            self._close_after = True  # the rest of the request is not wanted
        begun = begin_response(response, data, head, end=end, close=self._close_after)
        self._chunked_out, self._close_after = begun[1], begun[2]
        self._write(begun[0])
        if end:
            self._done()

    def send(self, data: bytes) -> None:
        """Send a piece of the body."""
        self._write(chunk(data) if self._chunked_out else data)

    def finish(self, trailers: list[tuple[bytes, bytes]]) -> None:
        """End the body."""
        if self._chunked_out:
            self._write(last_chunk(trailers) if trailers else LAST_CHUNK)
        self._done()

    async def drain(self) -> None:
        """Wait until the client takes more."""
        if self._transport is None:
            raise ClientGone("the client went away")
        if self._pace.writing_since != NEVER:
            self._drained = self._loop.create_future()
            await self._drained

    def abort(self) -> None:
        """Cut the connection: a response that is not whole must not look whole."""
        self._response_done = True
        if self._transport is not None:
            self._transport.abort()

    def limit_body(self, limit: int) -> None:
        """Bound the request body; see ``Stream``."""
        self._body_limit = limit
        if not limit or self._head is None or self._body is None:
            return
        if max(self._head.length or 0, self._body.received) > limit:
            raise RequestError(413, "body_too_large", f"the request body is larger than {limit} bytes")

    def open_tunnel(self, response: Response, receiver: asyncio.Protocol) -> asyncio.Transport:
        """Answer 101 and give up HTTP on this connection; see ``Stream``."""
        if self._transport is None:
            raise ClientGone("the client went away")
        self.responded = True
        self._response_done = True
        self._close_after = True
        self.phase = Phase.TUNNEL
        self.deadline = NEVER
        self._write(b"".join((status_line(101), head_fields(response.headers.items), b"connection: upgrade\r\n\r\n")))
        self._tunnel = receiver
        if rest := self._parser.take_rest():
            receiver.data_received(rest)
        self._resume_reading()
        return self._transport

    # time

    def tick(self, now: float) -> None:
        """End what has run out of time, or moves too slowly; called about twice a second."""
        if now > self.deadline:
            self._expired(now)
        elif self.phase is Phase.EXCHANGE and self.limits.min_rate:
            self._judge_rate(now)

    def close_if_idle(self, now: float, quiet: float) -> None:
        """End the connection if nothing has come for ``quiet`` seconds: a next request could be on its way."""
        since = self.deadline - (self.limits.idle_timeout if self.served else self.limits.header_timeout)
        if self.phase is Phase.OPEN and self._parser.idle and now - since > quiet:
            self._end()

    def _expired(self, now: float) -> None:
        if self.phase in (Phase.LINGER, Phase.TUNNEL):
            self.abort()
        elif self._pace.writing_since != NEVER:
            extended = self._pace.extend_writing(now, self._unsent())
            if extended is None:
                self.abort()
            else:
                self.deadline = extended
        elif self.phase is Phase.OPEN and self.served:
            self._end()
        elif self.phase in (Phase.OPEN, Phase.HEAD):
            if self._parser.idle:
                self._end()
            else:
                self._refuse(RequestError(408, "header_timeout", "the request head did not arrive in time"))
        else:
            self._too_slow("body_timeout", "the request body did not arrive in time")

    def _judge_rate(self, now: float) -> None:
        body, rate = self._body, self.limits.min_rate
        received = 0 if body is None else body.received
        sends = body is not None and self._parser.in_request and not self._reading_paused and not self._continue_due
        match self._pace.judge(now, rate, unsent=self._unsent(), received=received, sends=sends):
            case "reads too slowly":
                self.abort()
            case "sends too slowly":
                self._too_slow("body_too_slow", "the request body arrives too slowly")

    def _too_slow(self, reason: str, message: str) -> None:
        self.deadline = NEVER
        if self._body is not None:
            self._close_after = True
            self._body.fail(RequestError(408, reason, message))

    # inside

    def _done(self) -> None:
        """The response is complete; the request may not be."""
        self._response_done = True
        if self._close_after or self._parser.in_request:  # what is left of the request is not wanted
            self._linger()
        elif self._parser.idle:
            self._next()
        else:
            self._loop.call_soon(self._next)  # not before what serves this exchange has let go of it

    def _next(self) -> None:
        """Both sides of the exchange are complete: go on with the next."""
        if self.phase is not Phase.EXCHANGE or not self._response_done:
            return
        self.phase = Phase.OPEN
        self._body = None
        self._head = None
        self.deadline = self._loop.time() + self.limits.idle_timeout
        try:
            self._parser.next_request()
        except RequestError as error:
            self._refuse(error)
            return
        if self.phase is Phase.OPEN:
            self._resume_reading()
            if not self._parser.idle:
                self.phase = Phase.HEAD
                self.deadline = self._loop.time() + self.limits.header_timeout

    def _refuse(self, error: RequestError) -> None:
        """Answer a request that HTTP or a limit forbids, then close."""
        if self.phase is Phase.EXCHANGE and self._task is not None and not self._response_done:
            if self._body is not None:
                self._close_after = True
                self._body.fail(error)
            elif not self.responded:
                self._task.cancel()
            return
        if self._transport is None:
            return
        response = self._exchanges.refused(self, error, self._parser.arrived)
        self._write(refusal(response))
        self._linger()

    def _linger(self) -> None:
        if self._transport is None:
            return
        self.phase = Phase.LINGER
        self._body = None
        self.deadline = self._loop.time() + LINGER_TIME
        if self._parser.idle and not self._parser.in_request:
            self._end()
        elif self._transport.can_write_eof():
            self._resume_reading()
            self._transport.write_eof()
        else:
            self._end()

    def _end(self) -> None:
        """Close after what is written has been sent."""
        self.phase = Phase.LINGER
        self.deadline = self._loop.time() + self.limits.write_timeout
        if self._transport is not None:
            self._transport.close()

    def _body_awaited(self, waits: bool) -> None:  # noqa: FBT001 - the signature is that of a body
        """Have the client send its body if it waits to be told (RFC 9110 section 10.1.1), within its time."""
        if not waits:
            return
        if self._continue_due:
            self._continue_due = False
            self._write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self._parser.in_request and self.deadline == NEVER:
            self.deadline = self._loop.time() + self.limits.body_timeout

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _unsent(self) -> int:
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def _pause_reading(self) -> None:
        if not self._reading_paused and self._transport is not None:
            self._reading_paused = True
            self.deadline = NEVER if self._pace.writing_since == NEVER else self.deadline
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        if self._reading_paused and self._transport is not None:
            self._reading_paused = False
            if self._parser.in_request:
                self.deadline = self._loop.time() + self.limits.body_timeout
            self._transport.resume_reading()
