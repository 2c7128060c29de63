"""How a response is delimited for one client (RFC 9112 section 6.3), as a pure decision."""

from __future__ import annotations

from bartizan.edge.http1.request_parser import Head
from bartizan.edge.http1.serialise import LAST_CHUNK, chunk, head_fields, last_chunk, status_line
from bartizan.http.message import Response

__all__ = ["begin_response", "refusal"]


def begin_response(response: Response, data: bytes, head: Head, *, end: bool, close: bool) -> tuple[bytes, bool, bool]:
    """Return (bytes to send, whether chunks follow, whether the connection closes behind the response).

    ``data`` are the first bytes of the body, all of it if ``end``; ``close`` is what the connection has decided so far.
    """
    bodiless = head.method == "HEAD" or response.status in (204, 304)
    parts = [status_line(response.status), head_fields(response.headers.items)]
    chunked = False
    if response.length is not None:
        if response.status != 204:
            parts.append(b"content-length: %d\r\n" % response.length)
    elif not bodiless:
        chunked = head.minor == 1
        close = close or not chunked
        if chunked:
            parts.append(b"transfer-encoding: chunked\r\n")
    parts.append(_CONNECTION[close, head.minor])
    if data and not bodiless:
        parts.append(chunk(data) if chunked else data)
    if end and chunked:
        parts.append(last_chunk(response.body.trailers) if response.body.trailers else LAST_CHUNK)
    return b"".join(parts), chunked, close


def refusal(response: Response) -> bytes:
    """Return a whole answer of the gateway's own, behind which the connection closes."""
    end = b"content-length: %d\r\nconnection: close\r\n\r\n" % (response.length or 0)
    return b"".join((status_line(response.status), head_fields(response.headers.items), end, response.body.take()))


_CONNECTION = {
    (True, 0): b"connection: close\r\n\r\n",
    (True, 1): b"connection: close\r\n\r\n",
    (False, 0): b"connection: keep-alive\r\n\r\n",
    (False, 1): b"\r\n",
}
