"""One HTTP/1.1 connection to an upstream node (RFC 9112), used for one exchange at a time.

    IDLE ──start──▶ AWAITING_HEAD ──final head──▶ READING_BODY ──end──▶ IDLE (reusable) or CLOSED
                         └──101──▶ TUNNEL                └──error──▶ CLOSED

What a node sends is read as strictly as what clients send: a response that two readers could delimit differently is an
``UpstreamProtocolError``, and a byte that nobody asked for ends the connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import httptools

from bartizan.errors import UpstreamError, UpstreamProtocolError, UpstreamTimeout, UpstreamUnreachable
from bartizan.http.body import Body
from bartizan.http.headers import Headers
from bartizan.http.message import Response

__all__ = ["ClientConnection"]

MAX_HEAD_BYTES = 128 * 1024
MAX_FIELDS = 500
NEVER = float("inf")
MAX_INTERIM = 16  # 1xx responses before the final one

_CONNECTION_LEVEL = frozenset(
    b"content-length transfer-encoding connection keep-alive proxy-connection te trailer upgrade".split()
)


class ClientConnection(asyncio.Protocol):
    """A connection to a node.

    ``reusable`` tells whether another exchange may use it; ``idle_since`` is for the pool. The owner calls ``start``,
    awaits ``response``, reads ``response.body`` to its end, and calls ``close`` if it does not.
    """

    __slots__ = (
        "_body",
        "_body_end",
        "_drained",
        "_failure",
        "_fields",
        "_head_bytes",
        "_head_method",
        "_interim",
        "_keep_alive",
        "_loop",
        "_on_closed",
        "_parser",
        "_status_seen",
        "_transport",
        "_tunnel",
        "_tunnel_data",
        "_waiter",
        "deadline",
        "idle_since",
        "read_timeout",
        "received",
        "requests",
        "reusable",
        "writing_paused",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, on_closed: Callable[[ClientConnection], None]) -> None:
        self._loop = loop
        self._on_closed = on_closed
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[Response] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._body: Body | None = None
        self._body_end = False
        self._failure: UpstreamError | None = None
        self._fields: list[tuple[bytes, bytes]] = []
        self._head_bytes = 0
        self._head_method = False
        self._interim = 0
        self._keep_alive = True
        self._status_seen = False
        self._tunnel: asyncio.Protocol | None = None
        self._tunnel_data = b""
        self.reusable = False
        self.deadline = NEVER
        """When the owner gives up waiting, on the loop's clock; the owner looks at it and calls ``expire``."""
        self.read_timeout = NEVER
        """How many seconds the node has for each next piece of a response body; the deadline is set by it."""
        self.idle_since = 0.0
        self.received = 0
        """Bytes received in answer to the current request: 0 means that a retry cannot repeat an answer."""
        self.requests = 0
        """Exchanges begun on this connection; more than one means that it was reused."""
        self.writing_paused = False

    # for the owner

    def start(self, method: str, data: bytes) -> asyncio.Future[Response]:
        """Send the first bytes of a request (head and maybe body); the result is the final response's head.

        The future raises ``UpstreamUnreachable`` or ``UpstreamProtocolError``.
        """
        waiter: asyncio.Future[Response] = self._loop.create_future()
        self._waiter = waiter
        self._head_method = method == "HEAD"
        self.reusable = False
        self.received = 0
        self.requests += 1
        self._interim = 0
        self._head_bytes = 0
        self._body = None
        self._body_end = False
        if self._transport is None or self._failure is not None:
            waiter.set_exception(self._failure or UpstreamUnreachable("the node closed the connection", sent=False))
        else:
            self._transport.write(data)
        return waiter

    def write(self, data: bytes) -> None:
        """Send more of the request."""
        if self._transport is not None:
            self._transport.write(data)

    async def drain(self) -> None:
        """Wait until the node takes more; raises ``UpstreamUnreachable`` if it has gone."""
        if self._failure is not None:
            raise self._failure
        if self.writing_paused:
            self._drained = self._loop.create_future()
            await self._drained

    def close(self) -> None:
        """End the connection, whatever is going on."""
        self.reusable = False
        if self._transport is not None:
            self._transport.abort()

    def expire(self, what: str) -> None:
        """Give up: whoever waits gets ``UpstreamTimeout``."""
        self._fail(UpstreamTimeout(f"the node did not {what} in time"))

    def tunnel(self, receiver: asyncio.Protocol) -> asyncio.Transport | None:
        """After a 101: hand the raw bytes from now on to ``receiver``; returns the transport to write to."""
        self._tunnel = receiver
        transport = self._transport
        if self._tunnel_data:
            receiver.data_received(self._tunnel_data)
            self._tunnel_data = b""
        if transport is None:
            receiver.eof_received()
        else:
            transport.resume_reading()
        return transport

    # what the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = cast("asyncio.Transport", transport)
        self.reusable = True

    def data_received(self, data: bytes) -> None:
        """Parse what the node sent."""
        if self._tunnel is not None:
            self._tunnel.data_received(data)
            return
        if self._waiter is None and self._body is None:
            self._fail(UpstreamProtocolError("the node sent data that nobody asked for"))
            return
        self.received += len(data)
        if self._body is None:
            self._head_bytes += len(data)
        parser = self._parser
        if parser is None:
            return
        try:
            parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._upgraded(data[upgrade.args[0] :])
        except httptools.HttpParserCallbackError as error:
            cause = error.__context__
            self._fail(cause if isinstance(cause, UpstreamError) else UpstreamProtocolError(f"bad response: {cause}"))
        except httptools.HttpParserError as error:
            self._fail(UpstreamProtocolError(f"the node's response is malformed: {error}"))
        else:
            if self._body is None and self._waiter is not None and self._head_bytes > MAX_HEAD_BYTES:
                self._fail(UpstreamProtocolError(f"the node's response head is larger than {MAX_HEAD_BYTES} bytes"))

    def eof_received(self) -> bool | None:
        """The node has closed its side: the end of a body that nothing else delimits, otherwise a failure."""
        if self._tunnel is not None:
            return self._tunnel.eof_received()
        if self._body is not None and self._body_end:
            self._finish(keep=False)
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell everybody who waits."""
        self._transport = None
        self.reusable = False
        if self._tunnel is not None:
            self._tunnel.connection_lost(exc)
        else:
            if self._body is not None and self._body_end and exc is None:
                self._finish(keep=False)
            self._fail(UpstreamUnreachable(f"the node closed the connection{f': {exc}' if exc else ''}", sent=True))
        self._parser = None
        self._on_closed(self)

    def pause_writing(self) -> None:
        """Note that the node takes no more for now."""
        self.writing_paused = True

    def resume_writing(self) -> None:
        """Let a waiting ``drain`` go on."""
        self.writing_paused = False
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._drained = None

    # what llhttp calls

    def on_message_begin(self) -> None:
        """Refuse a second response to one request."""
        if self._waiter is None or self._waiter.done():
            raise UpstreamProtocolError("the node sent more than one response to a request")
        self._fields = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header or trailer field."""
        if len(self._fields) >= MAX_FIELDS:
            raise UpstreamProtocolError(f"the node sent more than {MAX_FIELDS} header fields")
        self._fields.append((name.lower(), value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        """Take a response head."""
        parser = self._parser
        waiter = self._waiter
        if parser is None or waiter is None:
            return
        status: int = parser.get_status_code()
        fields = self._fields
        if status < 200 and status != 101:
            self._interim += 1
            if self._interim > MAX_INTERIM:
                raise UpstreamProtocolError(f"the node sent more than {MAX_INTERIM} interim responses")
            return
        upgrade = [value for name, value in fields if name == b"upgrade"] if status == 101 else []
        length, chunked, fields = _frame(fields)
        bodiless = self._head_method or status in (204, 304, 101)
        body = Body(self._resume_reading, self._body_awaited)
        self.deadline = NEVER
        self._body_end = not bodiless and not chunked and length is None
        self._keep_alive = parser.should_keep_alive() and not self._body_end
        response = Response(status, Headers(fields), body, length if not bodiless or status != 204 else None)
        self._fields = []
        if status == 101:
            if not parser.should_upgrade() or len(upgrade) != 1:
                raise UpstreamProtocolError("the node switched protocols without naming one")
            response.headers.add(b"upgrade", upgrade[0])
        self._body = body
        if not waiter.done():
            waiter.set_result(response)
        if self._head_method and status != 101:
            self._finish(keep=self._keep_alive)
            self._parser = httptools.HttpResponseParser(self)

    def on_body(self, data: bytes) -> None:
        """Take a piece of the body; stop reading while the client is slower."""
        body = self._body
        if body is not None and not body.feed(data) and self._transport is not None:
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        """Take the end of a response (or of an interim one, which changes nothing)."""
        if self._body is not None and not self._body.ended:
            self._finish(keep=self._keep_alive)

    # inside

    def _finish(self, *, keep: bool) -> None:
        body = self._body
        if body is None:
            return
        self._waiter = None
        trailers, self._fields = self._fields, []
        self._body = None
        self._body_end = False
        self.reusable = keep
        body.end(trailers)

    def _upgraded(self, rest: bytes) -> None:
        self._waiter = None
        self._tunnel_data = rest
        if self._transport is not None:
            self._transport.pause_reading()

    def _fail(self, error: UpstreamError) -> None:
        self._failure = self._failure or error
        self.reusable = False
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)
        self._waiter = None
        if self._body is not None:
            self._body.fail(error)
            self._body = None
        if self._drained is not None and not self._drained.done():
            self._drained.set_exception(error)
        self._drained = None
        if self._transport is not None:
            self._transport.abort()

    def _body_awaited(self, waits: bool) -> None:  # noqa: FBT001 - the signature is that of a body
        self.deadline = self._loop.time() + self.read_timeout if waits else NEVER

    def _resume_reading(self) -> None:
        if self._transport is not None:
            self._transport.resume_reading()


def _frame(fields: list[tuple[bytes, bytes]]) -> tuple[int | None, bool, list[tuple[bytes, bytes]]]:
    """Return (length, chunked, end-to-end fields); raises ``UpstreamProtocolError`` for ambiguous framing."""
    length: int | None = None
    chunked = False
    named: set[bytes] | None = None
    kept = []
    for field in fields:
        name, value = field
        if name not in _CONNECTION_LEVEL:
            kept.append(field)
        elif name == b"content-length":
            if not value.isdigit() or len(value) > 18:
                raise UpstreamProtocolError("the node sent a malformed Content-Length")
            length = int(value)
        elif name == b"transfer-encoding":
            if value.lower() != b"chunked" or chunked:
                raise UpstreamProtocolError("the node sent a Transfer-Encoding other than `chunked`")
            chunked = True
        elif name == b"connection" and (lowered := value.lower()) not in (b"keep-alive", b"close"):
            named = (named or set()) | {token.strip() for token in lowered.split(b",")}
    if named:
        kept = [field for field in kept if field[0] not in named]
    return length, chunked, kept
