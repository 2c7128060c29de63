"""The bytes that a stage puts on the wire: exactly those of the runner that its file was written for.

V3 (``ftw`` 1.x, ``ftw/ruleset.py`` and ``ftw/http.py``): names of header fields are compared as they are written.
Unless ``stop_magic`` is set, data without a Content-Type becomes a form, a form that has nothing percent-encoded in it
is encoded anew pair by pair (pairs without a value are lost), and Content-Length is added.

V4 (``go-ftw``, ``ftwhttp/request.go`` and ``ftwhttp/header.go``): header fields are sorted by name. Unless
``autocomplete_headers`` is false, data without a Content-Type becomes a form, a form without ``%`` and ``+`` is
percent-encoded part by part, and Connection and Content-Length are added at the end. In multipart bodies every LF
becomes CR LF.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, quote_plus, unquote, urlencode

from bartizan.perimeter.waf.testing.model import Generation, Request

__all__ = ["request_bytes"]

FORM = "application/x-www-form-urlencoded"
_Headers = list[tuple[str, str]]


def request_bytes(request: Request, generation: Generation, cookies: str = "") -> bytes:
    """Return what is sent for ``request``. ``cookies`` were saved by stages before, as ``a=1; b=2``."""
    if request.raw is not None:
        return request.raw
    headers, body = (_ftw if generation is Generation.V3 else _go_ftw)(request)
    if cookies and not any(name.lower() == "cookie" for name, _ in headers):
        headers.append(("cookie", cookies))
    lines = [f"{request.method} {request.uri} {request.version}\r\n"]
    lines += [f"{name}: {value}\r\n" for name, value in headers]
    return _utf8("".join(lines)) + b"\r\n" + body


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _ftw(request: Request) -> tuple[_Headers, bytes]:
    headers, body = dict(request.headers), request.data
    if not body or not request.complete:
        return list(headers.items()), body
    headers.setdefault("Content-Type", FORM)
    if headers["Content-Type"] == FORM:
        text = body.decode("utf-8", "surrogatepass")
        pairs = parse_qsl(text) if unquote(text) == text else []
        body = urlencode(pairs).encode() if pairs else body
    headers.setdefault("Content-Length", str(len(body)))
    return list(headers.items()), body


def _go_ftw(request: Request) -> tuple[_Headers, bytes]:
    headers, body = sorted(request.headers), request.data
    if body and request.complete:
        if not _values(headers, "content-type"):
            headers.append(("Content-Type", FORM))
        if any(value.lower() == FORM for value in _values(headers, "content-type")):
            body = _form(body)
    if any("multipart/form-data;" in value.lower() for value in _values(headers, "content-type")):
        body = body.replace(b"\n", b"\r\n")
    if request.complete:
        if not _values(headers, "connection"):
            headers.append(("Connection", "close"))
        if not _values(headers, "content-length") and (body or _may_have_body(request.method)):
            headers.append(("Content-Length", str(len(body))))
    return headers, body


def _values(headers: _Headers, name: str) -> list[str]:
    return [value for other, value in headers if other.lower() == name]


def _may_have_body(method: str) -> bool:
    """Tell whether go-ftw has a method send a length: its pattern is ``^POST|PUT|PATCH|DELETE$``."""
    return method.startswith("POST") or "PUT" in method or "PATCH" in method or method.endswith("DELETE")


def _form(body: bytes) -> bytes:
    if b"%" in body or b"+" in body:
        return body
    parts = body.split(b"&")
    if not parts[-1]:
        parts.pop()
    return "&".join("=".join(quote_plus(side) for side in part.split(b"=", 1)) for part in parts).encode()
