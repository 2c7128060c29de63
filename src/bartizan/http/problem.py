"""Answers of the gateway's own: RFC 9457 problem details for API clients, a plain page for browsers.

They say what the client may know and an id that an operator can look up; never which guard, rule, node or version.
"""

from __future__ import annotations

import html
import re
from http import HTTPStatus

import msgspec

from bartizan.http.body import Body
from bartizan.http.headers import Headers
from bartizan.http.message import Response

__all__ = ["error_response", "prefers_html"]

_MAX_ACCEPT = 1024  # bytes of Accept that are looked at
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{status} {title}</title></head>
<body>
<h1>{status} {title}</h1>
<p>{detail}</p>
<p>Reference: <code>{id}</code></p>
</body>
</html>
"""
_PAGE_RANGES = {"text/html": 3, "application/xhtml+xml": 3, "text/*": 2, "*/*": 1}
_DATA_RANGES = {"application/problem+json": 3, "application/json": 3, "application/*": 2, "*/*": 1}
"""How specific a media range is for a form."""
_NOT_ASKED_FOR = (0, 0.0)
_QVALUE = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")  # RFC 9110 section 12.4.2
_COMMON = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
_PAGE_HEADERS = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
)


class _Problem(msgspec.Struct):
    """The members of RFC 9457 section 3.1; ``instance`` names this occurrence."""

    type: str
    title: str
    status: int
    detail: str | msgspec.UnsetType
    instance: str


def error_response(
    status: int,
    *,
    exchange_id: str,
    detail: str = "",
    accept: bytes | None = None,
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> Response:
    """Return the answer for ``status``, in the form that ``accept`` (the request's Accept) prefers.

    ``detail`` is a sentence the client may read; ``exchange_id`` is what ``bartizan journal find`` takes.
    """
    title = _title(status)
    if prefers_html(accept):
        page = _PAGE.format(status=status, title=title, detail=html.escape(detail), id=html.escape(exchange_id))
        data = page.encode()
        kind: tuple[tuple[bytes, bytes], ...] = _PAGE_HEADERS
    else:
        instance = f"urn:bartizan:exchange:{exchange_id}"
        problem = _Problem("about:blank", title, status, detail or msgspec.UNSET, instance)
        data = msgspec.json.encode(problem)
        kind = ((b"content-type", b"application/problem+json"),)
    fields = [*kind, *_COMMON, (b"x-request-id", exchange_id.encode("ascii")), *headers]
    return Response(status, Headers(fields), Body.of(data), len(data))


def prefers_html(accept: bytes | None) -> bool:
    """Tell whether an Accept header (RFC 9110 section 12.5.1) ranks HTML above JSON, as browsers do.

    Of the ranges that a form matches the most specific one counts. With equal weights the form that is asked for more
    specifically goes first, and JSON where that is equal too. What is malformed is passed over.
    """
    text = b"" if accept is None else accept[:_MAX_ACCEPT].lower()
    if b"html" not in text:
        return False
    page, data = _NOT_ASKED_FOR, _NOT_ASKED_FOR
    for item in text.decode("latin-1").split(","):
        kind, *parameters = (part.strip(" \t") for part in item.split(";"))
        weight = _weight(parameters)
        if weight is None:
            continue
        if kind in _PAGE_RANGES:
            page = max(page, (_PAGE_RANGES[kind], weight))
        if kind in _DATA_RANGES:
            data = max(data, (_DATA_RANGES[kind], weight))
    return page[1] > 0 and page[::-1] > data[::-1]


def _weight(parameters: list[str]) -> float | None:
    """Return the weight among the parameters of a range, 1 if there is none, or None if it is malformed."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name == "q":
            return float(value) if _QVALUE.fullmatch(value) else None
    return 1.0


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
