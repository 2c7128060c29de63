"""Writing HTTP/1.1 heads and chunks (RFC 9112): always from the parsed form, never by copying what was received."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

__all__ = ["LAST_CHUNK", "chunk", "head_fields", "last_chunk", "request_line", "status_line"]

Fields = Iterable[tuple[bytes, bytes]]

LAST_CHUNK = b"0\r\n\r\n"
_REASONS = {status.value: status.phrase.encode("ascii") for status in HTTPStatus}
_STATUS_LINES = {code: b"HTTP/1.1 %d %b\r\n" % (code, reason) for code, reason in _REASONS.items()}


def status_line(status: int) -> bytes:
    """Return the status line with its CRLF; the reason phrase is the standard one (section 4: it means nothing)."""
    return _STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status


def request_line(method: str, target: bytes) -> bytes:
    """Return the request line with its CRLF."""
    return b"%b %b HTTP/1.1\r\n" % (method.encode("ascii"), target)


def head_fields(fields: Fields) -> bytes:
    """Return header or trailer fields, a line each, without the empty line that ends a section."""
    return b"".join([b"%b: %b\r\n" % field for field in fields])


def chunk(data: bytes) -> bytes:
    """Return one chunk (section 7.1); ``data`` must not be empty."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def last_chunk(trailers: Fields) -> bytes:
    """Return the end of a chunked body with its trailer fields."""
    return b"0\r\n%b\r\n" % head_fields(trailers)
