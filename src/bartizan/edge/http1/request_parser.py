"""Strict parsing of HTTP/1.1 requests, without I/O.

llhttp (through httptools) reads the grammar. This module adds what llhttp leaves open: the exact form of the start
line, limits, framing that two servers could read differently, and that one request at a time is parsed, so that a
client that pipelines can never make more than one request wait in memory.

    data ──▶ start line complete? ──▶ head ──▶ sink.on_request(head)
                                       │
                                       ├─ no body ──────────────▶ sink.on_request_end
                                       └─ body ──▶ sink.on_request_data … ──▶ sink.on_request_end

Every violation raises ``RequestError``; after that the parser must not be fed again (RFC 9112 section 9.6: the
connection is closed and nothing that follows is read as a request).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import httptools

from bartizan.edge.identity import is_identity
from bartizan.errors import RequestError

__all__ = ["Head", "ParserLimits", "RequestParser", "RequestSink"]

Fields = list[tuple[bytes, bytes]]

CHUNK_OVERHEAD = 64 * 1024  # bytes of chunk framing that any body may have, on top of 8 per byte of data
_FRAMING = frozenset((b"host", b"content-length", b"transfer-encoding", b"expect", b"upgrade"))
_LATER = (b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"8", b"9")
"""Major versions that may have such a request line; HTTP/0.9 had no version in it."""
_END = b"\r\n\r\n"  # both a head and a chunked body end with it
_NEVER_IN_TRAILERS = frozenset(
    b"transfer-encoding content-length host content-encoding content-type content-range trailer authorization "
    b"proxy-authorization cookie set-cookie cache-control expect max-forwards pragma range te connection upgrade "
    b"forwarded x-forwarded-for x-forwarded-host x-forwarded-proto x-forwarded-port x-real-ip x-request-id".split()
)


class Head:
    """A request head: ``length`` is the body's length in bytes, None when chunked; ``minor`` is HTTP/1.``minor``."""

    __slots__ = (
        "chunked",
        "expects_continue",
        "fields",
        "host",
        "keep_alive",
        "length",
        "method",
        "minor",
        "target",
        "upgrade",
    )

    def __init__(self, method: str, target: bytes, minor: int, fields: Fields, *, keep_alive: bool) -> None:
        self.method = method
        self.target = target
        self.minor = minor
        self.fields = fields
        self.keep_alive = keep_alive
        self.host: bytes | None = None
        self.length: int | None = 0
        self.chunked = False
        self.expects_continue = False
        self.upgrade: bytes | None = None


class RequestSink(Protocol):
    """Who is told what was parsed."""

    def on_request(self, head: Head) -> None:
        """Take a request head; its body, if any, follows."""
        ...

    def on_request_data(self, data: bytes) -> None:
        """Take a piece of the body."""
        ...

    def on_request_end(self, trailers: Fields) -> None:
        """Take the end of the request."""
        ...


@dataclass(frozen=True, slots=True)
class ParserLimits:
    """Bounds in bytes and counts; ``underscores`` is what to do with header names that have one."""

    header_count: int = 100
    header_bytes: int = 32 * 1024
    target_bytes: int = 8 * 1024
    underscores: str = "drop"


class RequestParser:
    """Feed bytes, get requests, one at a time.

    ``feed`` parses until one request is complete; what follows stays unparsed until ``next_request`` is called.
    """

    __slots__ = (
        "_body_left",
        "_fields",
        "_head",
        "_http",
        "_limits",
        "_overhead",
        "_refused",
        "_rest",
        "_sink",
        "_tail",
        "_target",
        "_trailers",
        "in_request",
        "tunnelling",
    )

    def __init__(self, sink: RequestSink, limits: ParserLimits) -> None:
        self._sink = sink
        self._limits = limits
        self._http: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)
        self._rest = bytearray()
        self._refused = b""
        self.in_request = False
        """Whether the head of a request has been read and its end has not."""
        self.tunnelling = False
        """Whether the last request asked for an upgrade: what follows is not HTTP until ``next_request`` says so."""
        self._head: Head | None = None
        self._target = b""
        self._fields: Fields = []
        self._trailers: Fields = []
        self._body_left = 0
        self._overhead = 0
        self._tail = b""

    @property
    def idle(self) -> bool:
        """Whether nothing of a next request has arrived."""
        return not self.in_request and len(self._rest) <= 2 and not self._rest.strip(b"\r\n")

    @property
    def arrived(self) -> bytes:
        """What has arrived of a request that was refused, or whose head is not complete."""
        return self._refused or bytes(self._rest)

    def close(self) -> None:
        """Break the reference cycle with the C parser."""
        self._http = None

    def take_rest(self) -> bytes:
        """Hand out what followed an upgrade request: the first bytes of the tunnel."""
        rest = bytes(self._rest)
        self._rest.clear()
        return rest

    def next_request(self) -> None:
        """Go on with what followed the last request. Raises ``RequestError``."""
        if self.tunnelling:
            self.tunnelling = False
            self._http = httptools.HttpRequestParser(self)
        if self._rest:
            self.feed(self.take_rest())

    def feed(self, data: bytes) -> None:
        """Parse ``data``; calls the sink. Raises ``RequestError``."""
        if self.in_request:
            self._feed_body(data)
            return
        if self._rest or self.tunnelling:
            self._rest += data
            if self.tunnelling:
                return
            data = self.take_rest()
        try:
            end = data.find(_END)
            if end < 0 or data[0] < 33:
                data, end = self._wait(data)
                if end < 0:
                    return
            end += 4
            if end > self._limits.header_bytes:
                raise RequestError(431, "head_too_large", "the request head is larger than allowed")
            self._check_start_line(data)
            self._fields = []
            self._target = b""
            self.in_request = True
            if end == len(data):
                self._parse(data)
                return
            self._parse(data[:end])
            if self.in_request:
                self._feed_body(data[end:])
            else:
                self._rest += data[end:]
        except RequestError:
            self._refused = data
            raise

    def _wait(self, data: bytes) -> tuple[bytes, int]:
        """Keep an incomplete head, unless it can already be refused; -1 means: not complete."""
        if data in (b"", b"\r", b"\r\n"):
            self._rest += data
            return data, -1
        if data.startswith(b"\r\n"):  # RFC 9112 section 2.2: ignore one empty line before a request
            data = data[2:]
        if not 65 <= data[0] <= 90:
            raise RequestError(400, "invalid_start_line", "a request must begin with its method")
        end = data.find(_END)
        if end < 0:
            if data.count(b"\n") != data.count(b"\r\n"):
                raise RequestError(400, "bare_lf", "lines must end with CRLF")
            if b"\n" in data:
                self._check_start_line(data)
            elif len(data) > self._limits.target_bytes + 64:
                raise RequestError(414, "target_too_long", "the request target is longer than allowed")
            if len(data) > self._limits.header_bytes:
                raise RequestError(431, "head_too_large", "the request head is larger than allowed")
            self._rest += data
        return data, end

    def _feed_body(self, data: bytes) -> None:
        if self._head is not None and self._head.chunked:
            self._feed_chunked(data)
            return
        left = self._body_left
        if len(data) > left:
            self._rest += data[left:]
            data = data[:left]
        self._body_left = left - len(data)
        self._parse(data)

    def _feed_chunked(self, data: bytes) -> None:
        """Feed up to each place where the body could end, so that nothing behind the end is read as part of it."""
        probe = self._tail + data
        before = len(self._tail)
        begin, search = 0, 0
        while (found := probe.find(_END, search)) >= 0:
            search = found + 1
            end = found + 4 - before
            if end > begin:
                self._parse_chunked(data[begin:end])
                begin = end
                if not self.in_request:
                    self._rest += data[end:]
                    return
        if begin < len(data):
            self._parse_chunked(data[begin:])
        self._tail = probe[-3:]

    def _parse_chunked(self, data: bytes) -> None:
        self._overhead += len(data)
        self._parse(data)
        if self._overhead > CHUNK_OVERHEAD:
            raise RequestError(400, "chunk_overhead", "chunk framing is out of proportion to the data")

    def _parse(self, data: bytes) -> None:
        if self._http is None:
            return
        try:
            self._http.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.tunnelling = True
        except httptools.HttpParserCallbackError as error:
            if isinstance(error.__context__, RequestError):
                raise error.__context__ from None
            raise
        except httptools.HttpParserInvalidMethodError:
            raise RequestError(400, "invalid_method", "the request method is not one that HTTP defines") from None
        except httptools.HttpParserError as error:
            raise RequestError(400, "malformed", f"the request is malformed: {error}") from None

    def _check_start_line(self, data: bytes) -> None:
        """One space, not more, between the parts (RFC 9112 section 3); llhttp is more lenient."""
        line_end = data.find(b"\r\n")
        if line_end < 0 or data.count(b" ", 0, line_end) != 2:
            raise RequestError(
                400, "invalid_start_line", "the request line is not of the form `METHOD target HTTP/1.1`"
            )
        protocol = data[line_end - 9 : line_end]
        if protocol not in (b" HTTP/1.1", b" HTTP/1.0"):
            if protocol.startswith(b" HTTP/") and protocol[6:7] in _LATER and protocol[7:8] == b".":
                raise RequestError(505, "version", "only HTTP/1.1 and HTTP/1.0 are spoken here")
            raise RequestError(400, "invalid_start_line", "the request line must be `METHOD target HTTP/1.1`")
        if line_end > self._limits.target_bytes + 64:
            raise RequestError(414, "target_too_long", "the request target is longer than allowed")

    # what llhttp calls

    def on_url(self, url: bytes) -> None:
        """Take the target."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header or trailer field."""
        if self._head is None:
            self._fields.append((name.lower(), value.rstrip(b" \t")))
        elif len(self._trailers) < self._limits.header_count:
            self._trailers.append((name.lower(), value.rstrip(b" \t")))
        else:
            raise RequestError(431, "too_many_trailers", "more trailer fields than allowed")

    def on_headers_complete(self) -> None:
        """Judge the head and hand it on."""
        http = self._http
        if http is None:
            return
        minor = 1 if http.get_http_version() == "1.1" else 0
        if len(self._target) > self._limits.target_bytes:
            raise RequestError(414, "target_too_long", "the request target is longer than allowed")
        if len(self._fields) > self._limits.header_count:
            raise RequestError(431, "too_many_headers", "more header fields than allowed")
        head = Head(http.get_method().decode(), self._target, minor, self._fields, keep_alive=http.should_keep_alive())
        frame(head, self._limits.underscores)
        self._head = head
        self._body_left = head.length or 0
        self._overhead = 0
        self._tail = b""
        self._sink.on_request(head)

    def on_body(self, data: bytes) -> None:
        """Take a piece of the body."""
        self._overhead -= 9 * len(data)
        self._sink.on_request_data(data)

    def on_message_complete(self) -> None:
        """Take the end."""
        self.in_request = False
        self._head = None
        trailers, self._trailers = self._trailers, []
        if trailers:
            trailers = [f for f in trailers if f[0] not in _NEVER_IN_TRAILERS and not is_identity(f[0])]
        self._sink.on_request_end(trailers)


def frame(head: Head, underscores: str) -> None:
    """Decide how the body is delimited and refuse what two servers could read differently (RFC 9112 section 6).

    ``underscores`` is ``drop``, ``allow`` or ``refuse``: CGI and WSGI turn both ``X-Real-IP`` and ``X_Real_IP`` into
    the same variable, so that one can shadow the other. Raises ``RequestError``.
    """
    odd = False
    for name, value in head.fields:
        if name in _FRAMING:
            _take_framing(head, name, value)
        elif b"_" in name:
            odd = True
    if head.method == "CONNECT":
        _refuse_connect(head.target)
    if head.minor == 1 and head.host is None:
        raise RequestError(400, "no_host", "an HTTP/1.1 request needs a Host")
    if odd and underscores != "allow":
        if underscores == "refuse":
            raise RequestError(400, "underscore", "header names with an underscore are refused here")
        head.fields = [field for field in head.fields if b"_" not in field[0]]


def _refuse_connect(target: bytes) -> None:
    """Refuse CONNECT, and what is none since it names no port (RFC 9110 section 9.3.6)."""
    host, _, port = target.rpartition(b":")
    if not host or not port.isdigit():
        raise RequestError(400, "authority", "the target of CONNECT must be a host and a port")
    raise RequestError(405, "connect", "CONNECT is not served here")


def _take_framing(head: Head, name: bytes, value: bytes) -> None:
    if name == b"host":
        if head.host is not None:
            raise RequestError(400, "duplicate_host", "a request has one Host")
        head.host = value
    elif name == b"content-length":
        if head.chunked or not value.isdigit() or len(value) > 18:
            raise RequestError(400, "content_length", "Content-Length must be one plain number, alone")
        head.length = int(value)
    elif name == b"transfer-encoding":
        if head.chunked or head.length or head.minor == 0 or value.lower() != b"chunked":
            raise RequestError(
                400, "transfer_encoding", "the only Transfer-Encoding accepted is `chunked`, in HTTP/1.1"
            )
        head.chunked = True
        head.length = None
    elif name == b"expect":
        if head.minor == 1:
            if value.lower() != b"100-continue":
                raise RequestError(417, "expectation", "the only expectation met here is 100-continue")
            head.expects_continue = True
    elif head.minor == 1 and value.lower() != b"h2c" and b"," not in value:
        head.upgrade = value  # never h2c: HTTP/2 in a tunnel would pass by every guard
