"""Conditions and ranges of requests for decoys, as servers of files answer them (RFC 9110 sections 13 and 14).

What a decoy's response has decides: without validators no condition holds, without ``Accept-Ranges: bytes`` ranges are
passed over.
"""

from __future__ import annotations

from bartizan.detection.edits.validators import matches
from bartizan.detection.fakes.forms import moment_of
from bartizan.http.headers import Headers
from bartizan.http.message import Request, Response

__all__ = ["Unsatisfiable", "conditioned"]

_OF_CONTENT = (b"content-type", b"accept-ranges", b"content-language", b"content-encoding")


class Unsatisfiable(Exception):
    """A range begins behind the end of the content; its argument is the length of that in bytes."""


def conditioned(request: Request, response: Response) -> None:
    """Turn a response with status 200 into what the request's conditions and range make of it.

    Raises ``Unsatisfiable`` for a range that there is nothing in.
    """
    if response.status != 200 or request.method not in ("GET", "HEAD"):
        return
    if _unchanged(request.headers, response.headers):
        response.status, response.length = 304, None
        response.body.replace(b"")
        for name in _OF_CONTENT:
            response.headers.remove(name)
        return
    wanted = request.headers.get(b"range")
    if wanted is None or request.method != "GET" or response.headers.get(b"accept-ranges") != b"bytes":
        return
    if not _same(request.headers.get(b"if-range"), response.headers):
        return
    body = response.body.peek()
    part = _part(wanted, len(body))
    if part is None:
        return
    start, end = part
    response.status = 206
    response.headers.remove(b"accept-ranges")  # the range says it
    response.headers.items.append((b"content-range", b"bytes %d-%d/%d" % (start, end - 1, len(body))))
    response.body.replace(body[start:end])
    response.length = end - start


def _unchanged(asked: Headers, has: Headers) -> bool:
    """Tell whether the client has the content already: If-None-Match counts, else If-Modified-Since."""
    tag, condition = has.get(b"etag"), asked.get(b"if-none-match")
    if condition is not None:
        return condition.strip() == b"*" or (tag is not None and matches(condition, tag))
    since, modified = _moment(asked.get(b"if-modified-since")), _moment(has.get(b"last-modified"))
    return since is not None and modified is not None and modified <= since


def _same(condition: bytes | None, has: Headers) -> bool:
    """Tell whether a range is one of this content (If-Range); a weak tag never says so (section 13.1.5)."""
    if condition is None:
        return True
    if condition.startswith((b'"', b"W/")):
        return condition == has.get(b"etag") and not condition.startswith(b"W/")
    return condition == has.get(b"last-modified")


def _part(wanted: bytes, size: int) -> tuple[int, int] | None:
    """Return the first byte of a range and the one behind it; None for what is passed over, as several ranges are."""
    unit, _, spec = wanted.partition(b"=")
    first, dash, last = spec.strip().partition(b"-")
    if unit.strip().lower() != b"bytes" or not dash or not (first or last) or len(spec) > 40:
        return None
    if (first and not first.isdigit()) or (last and not last.isdigit()):
        return None
    if not first:
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= size or end <= start:
        raise Unsatisfiable(size)
    return start, end


def _moment(value: bytes | None) -> float | None:
    return None if value is None else moment_of(value.decode("latin-1"))
