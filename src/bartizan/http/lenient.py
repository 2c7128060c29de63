"""Reading requests that were refused, to find out what their senders are up to.

What is read here is never acted upon, let alone forwarded: it only shows guards, as far as it can be told, what a more
lenient server would have made of the bytes. Nothing is refused and nothing raises.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["MAX_BYTES", "LenientRequest", "read_request"]

MAX_BYTES = 256 * 1024  # of a request that are looked at
MAX_FIELDS = 500
_LINE_END = re.compile(rb"\r?\n")
_BLANK = b" \t"


class LenientRequest(NamedTuple):
    """A request as it came: ``protocol`` with its ``HTTP/``, names of ``fields`` in lower case, ``body`` de-chunked.

    A request line without a protocol is HTTP/0.9's; what cannot be told is empty.
    """

    method: bytes
    target: bytes
    protocol: bytes
    fields: list[tuple[bytes, bytes]]
    body: bytes


def read_request(data: bytes) -> LenientRequest:
    """Read the first request in ``data``, of which there may be only a part."""
    data = data[:MAX_BYTES].lstrip(b"\r\n")
    line, at = _line(data, 0)
    method, target, protocol = _request_line(line)
    fields: list[tuple[bytes, bytes]] = []
    while at < len(data):
        line, at = _line(data, at)
        if not line:
            break
        if line[0] in _BLANK and fields:  # a folded line (RFC 9112 section 5.2)
            name, value = fields[-1]
            fields[-1] = name, value + b" " + line.strip(_BLANK)
        elif len(fields) < MAX_FIELDS:
            name, _, value = line.partition(b":")
            fields.append((name.lower(), value.strip(_BLANK)))
    return LenientRequest(method, target, protocol, fields, _body(fields, data[at:]))


def _line(data: bytes, begin: int) -> tuple[bytes, int]:
    """Return the line that begins at ``begin`` and where the next one does; a bare LF ends a line too."""
    end = _LINE_END.search(data, begin)
    return (data[begin:], len(data)) if end is None else (data[begin : end.start()], end.end())


def _request_line(line: bytes) -> tuple[bytes, bytes, bytes]:
    method, _, rest = line.strip(_BLANK).partition(b" ")
    target, space, protocol = rest.rpartition(b" ")
    if space and protocol[:5].upper() == b"HTTP/":
        return method, target.strip(_BLANK), protocol
    return method, rest.strip(_BLANK), b"HTTP/0.9"


def _body(fields: list[tuple[bytes, bytes]], rest: bytes) -> bytes:
    """Return the body: what is chunked is joined, what has one plain length is cut to it, else all there is is taken.

    Without either there is none: what follows is another request.
    """
    lengths = [value for name, value in fields if name == b"content-length"]
    codings = [value for name, value in fields if name == b"transfer-encoding"]
    if any(b"chunked" in coding.lower() for coding in codings):
        return _dechunked(rest)
    if len(lengths) == 1 and len(lengths[0]) <= 18 and lengths[0].isdigit():
        return rest[: int(lengths[0])]
    return rest if lengths or codings else b""


def _dechunked(rest: bytes) -> bytes:
    """Return what the chunks hold as far as they are well-formed, and the rest as it is where they are not."""
    chunks: list[bytes] = []
    at = 0
    while at < len(rest):
        line, begin = _line(rest, at)
        digits = line.partition(b";")[0].strip(_BLANK)
        try:
            size = int(digits, 16) if len(digits) <= 16 else -1
        except ValueError:
            size = -1
        if size < 0:
            chunks.append(rest[at:])
            break
        if size == 0:
            break
        chunks.append(rest[begin : begin + size])
        _, at = _line(rest, begin + size)
    return b"".join(chunks)
