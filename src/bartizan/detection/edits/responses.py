"""Responses whose body is changed: which may be, and what changes with it."""

from __future__ import annotations

from bartizan.http.headers import Headers
from bartizan.http.message import Request, Response

__all__ = ["BOUND_TO_BYTES", "editable", "is_json", "put", "want_whole"]

BOUND_TO_BYTES = frozenset((b"content-md5", b"digest", b"content-digest", b"repr-digest", b"signature"))
"""Header fields that vouch for the bytes of a body."""


def is_json(headers: Headers) -> bool:
    """Tell whether a message says that it is JSON (RFC 8259, RFC 6839 section 3.1)."""
    kind = (headers.get(b"content-type") or b"").partition(b";")[0].strip().lower()
    return kind == b"application/json" or kind.endswith(b"+json")


def want_whole(headers: Headers) -> None:
    """Change the header fields of a request so that its response is whole and without content coding."""
    headers.set(b"accept-encoding", b"identity")
    headers.remove(b"range")  # RFC 9110 section 14.2: it may be passed over
    headers.remove(b"if-range")


def editable(response: Response, limit: int) -> bool:
    """Tell whether a body is plain bytes that nothing vouches for, at most ``limit`` as far as its length is told."""
    if response.length is not None and response.length > limit:
        return False
    return not any(
        name in BOUND_TO_BYTES or (name == b"content-encoding" and value.lower() != b"identity")
        for name, value in response.headers.items
    )


def put(request: Request, response: Response, body: bytes, tag: bytes | None, *, current: bool) -> None:
    """Give a response that waits whole another body; ``tag`` takes the place of the ETag that it has.

    ``current``: the client has that already, and is told so (304, RFC 9110 section 15.4.5).
    """
    headers = response.headers
    if tag is not None:
        headers.items = [(name, tag if name == b"etag" else value) for name, value in headers.items]
    headers.remove(b"accept-ranges")
    if current:
        response.status = 304
        headers.remove(b"content-type")
    response.body.replace(b"" if current or request.method == "HEAD" else body)
    if current:
        response.length = None
    elif response.length is not None:
        response.length = len(body)
