"""Answers of the gateway's own: RFC 9457 problem details for API clients, a plain page for browsers.

They say what the client may know and an id that an operator can look up; never which guard, rule, node or version.
"""

from __future__ import annotations

import html
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
_COMMON = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
_PAGE_HEADERS = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
)


class _Problem(msgspec.Struct, omit_defaults=True):
    """The members of RFC 9457 section 3.1; ``instance`` names this occurrence."""

    title: str
    status: int
    type: str = "about:blank"
    detail: str = ""
    instance: str = ""


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
        problem = _Problem(title=title, status=status, detail=detail, instance=f"urn:bartizan:exchange:{exchange_id}")
        data = msgspec.json.encode(problem)
        kind = ((b"content-type", b"application/problem+json"),)
    fields = [*kind, *_COMMON, (b"x-request-id", exchange_id.encode("ascii")), *headers]
    return Response(status, Headers(fields), Body.of(data), len(data))


def prefers_html(accept: bytes | None) -> bool:
    """Tell whether an Accept header (RFC 9110 section 12.5.1) ranks HTML above JSON, as browsers do."""
    if not accept or b"html" not in accept[:_MAX_ACCEPT]:
        return False
    page, data = 0.0, 0.0
    for item in accept[:_MAX_ACCEPT].decode("latin-1").lower().split(","):
        kind, *parameters = (part.strip() for part in item.split(";"))
        quality = _quality(parameters)
        if kind in ("text/html", "application/xhtml+xml"):
            page = max(page, quality)
        elif kind == "application/json" or kind.endswith("+json"):
            data = max(data, quality)
    return page > data


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
