"""Requests and responses as the guards see them, whatever wire protocol carried them."""

from __future__ import annotations

from bartizan.http.body import Body
from bartizan.http.headers import Headers

__all__ = ["Request", "Response"]


class Request:
    """One request, parsed and normalised.

    ``target`` is what the client sent (origin-form or absolute-form), ``path`` the normalised path that routing,
    guards and the upstream see, ``query`` the raw query without ``?`` (None when there was no ``?``), ``host`` the
    lower-case host name without a port, ``authority`` the Host as sent, ``length`` the body's length in bytes (None
    when only its end will tell).
    """

    __slots__ = (
        "authority",
        "body",
        "headers",
        "host",
        "length",
        "method",
        "path",
        "query",
        "scheme",
        "target",
        "upgrade",
        "version",
    )

    def __init__(
        self,
        method: str,
        target: bytes,
        headers: Headers,
        *,
        path: str = "/",
        query: bytes | None = None,
        scheme: str = "http",
        authority: str = "",
        host: str = "",
        version: str = "1.1",
        body: Body | None = None,
        length: int | None = 0,
        upgrade: bytes | None = None,
    ) -> None:
        self.method = method
        self.target = target
        self.headers = headers
        self.path = path
        self.query = query
        self.scheme = scheme
        self.authority = authority
        self.host = host
        self.version = version
        self.body = Body.of() if body is None else body
        self.length = length
        self.upgrade = upgrade
        """The protocol that the client asks to switch to (``websocket``), or None."""


class Response:
    """One response. ``headers`` hold end-to-end fields only; framing is the wire protocol's own business.

    ``length`` is the body's length in bytes where it is known (it is sent as Content-Length), else None.
    """

    __slots__ = ("body", "headers", "length", "status")

    def __init__(self, status: int, headers: Headers, body: Body | None = None, length: int | None = None) -> None:
        self.status = status
        self.headers = headers
        self.body = Body.of() if body is None else body
        self.length = length
