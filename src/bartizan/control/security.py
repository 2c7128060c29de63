"""What every request to control has to fulfil, and every answer carries. ASGI middleware without state.

Pages, scripts and API share an origin with whatever is behind the gateway, so a request has to show that it comes from
our pages: by Fetch Metadata (W3C) and Origin, where browsers send them, and by a media type that no form can send.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bartizan.control.problems import Problem, Problems

__all__ = ["CONTENT_SECURITY_POLICY", "Security", "kind_of", "refusal"]

Kind = Literal["page", "api", "static", "public"]

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; worker-src 'self'; manifest-src 'self'; "
    "require-trusted-types-for 'script'; trusted-types bartizan"  # for the one URL of the service worker
)
_ALWAYS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": (
        "publickey-credentials-create=(self), publickey-credentials-get=(self), accelerometer=(), camera=(), "
        "display-capture=(), fullscreen=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), magnetometer=(), "
        "microphone=(), midi=(), payment=(), serial=(), usb=(), xr-spatial-tracking=()"
    ),
    "referrer-policy": "same-origin",
    "strict-transport-security": "max-age=63072000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",  # for browsers without frame-ancestors
}
_SCRIPTS = frozenset(("/.bartizan/sw.js", "/.bartizan/session.js"))
_SAFE = frozenset(("GET", "HEAD"))
_MEDIA_TYPES = frozenset(("application/json", "application/scim+json"))


@dataclass(frozen=True, slots=True)
class _Origin:
    """The one origin that control answers for."""

    text: str
    hosts: frozenset[str]

    @classmethod
    def of(cls, origin: str) -> _Origin:
        text = origin.lower()
        parts = urlsplit(text)
        host = parts.hostname or ""
        port = parts.port or 443
        return cls(text.removesuffix(":443"), frozenset((f"{host}:{port}", *((host,) if port == 443 else ()))))


class Security:
    """Refuses what does not fulfil ``refusal``, and adds header fields to every answer."""

    def __init__(self, app: ASGIApp, problems: Problems, origin: str) -> None:
        self._app = app
        self._problems = problems
        self._origin = _Origin.of(origin)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        kind = kind_of(scope["path"])

        async def send_with_fields(message: Message) -> None:
            if message["type"] == "http.response.start":
                _complete(MutableHeaders(scope=message), kind)
            await send(message)

        headers = Headers(scope=scope)
        if kind == "page" and scope["method"] in _SAFE and _is_plain(headers) and self._is_ours(headers):
            await RedirectResponse(self._elsewhere(scope), 308)(scope, receive, send_with_fields)
            return
        problem = refusal(scope["method"], kind, headers, self._origin.text, self._origin.hosts)
        if problem is None:
            await self._app(scope, receive, send_with_fields)
        else:
            await self._problems.answer(problem, headers)(scope, receive, send_with_fields)

    def _is_ours(self, headers: Headers) -> bool:
        host = headers.get("host", "").lower()
        return host.partition(":")[0] in {own.partition(":")[0] for own in self._origin.hosts}

    def _elsewhere(self, scope: Scope) -> str:
        """Return the URL of the same page where it is encrypted."""
        path, query = str(scope["raw_path"], "ascii", "replace"), str(scope["query_string"], "ascii", "replace")
        return self._origin.text + path + (f"?{query}" if query else "")


def kind_of(path: str) -> Kind:
    """Return what a path is for."""
    if path.startswith(("/.bartizan/api/", "/.bartizan/scim/")):
        return "api"
    if path.startswith("/.bartizan/static/") or path in _SCRIPTS:
        return "static"
    return "public" if path.startswith("/.well-known/") else "page"


def refusal(
    method: str, kind: Kind, headers: Headers | Mapping[str, str], origin: str, hosts: frozenset[str]
) -> Problem | None:
    """Return why a request is refused, or None. ``origin`` is ours in lower case, ``hosts`` how Host may write it."""
    if headers.get("host", "").lower() not in hosts:
        return Problem(421, "misdirected", "This server does not answer for that host.")
    if kind in ("page", "api") and _is_plain(headers):
        return Problem(421, "misdirected", "This server answers over https alone.")
    if kind == "public":
        return None
    if not _comes_from_us(kind, headers):
        return Problem(403, "cross_site", "This request came from another site.")
    if method in _SAFE:
        return None
    sender = headers.get("origin")
    if sender is not None and sender.lower() != origin:
        return Problem(403, "cross_site", "This request came from another site.")
    if kind == "api" and not _is_json(headers) and not (method == "DELETE" and _has_no_body(headers)):
        return Problem(415, "media_type", "Send application/json.")
    return None


def _is_plain(headers: Headers | Mapping[str, str]) -> bool:
    """Tell whether the client came without TLS: the edge says so, or a trusted proxy before it."""
    return headers.get("x-forwarded-proto") == "http"


def _comes_from_us(kind: Kind, headers: Headers | Mapping[str, str]) -> bool:
    """Judge Fetch Metadata; clients that are no browser send none.

    People come to pages from anywhere: a link in a mail leads to one, and so does a redirect from an application that
    another site linked to. It has to be a navigation of a whole window, which can read nothing and send nothing else.
    """
    site = headers.get("sec-fetch-site")
    if site is None or site == "same-origin":
        return True
    if kind == "api":
        return False
    if site == "none":
        return True
    mode, destination = headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")
    return kind == "page" and mode == "navigate" and destination == "document"


def _is_json(headers: Headers | Mapping[str, str]) -> bool:
    media_type, _, parameter = headers.get("content-type", "").lower().partition(";")
    return media_type.strip() in _MEDIA_TYPES and parameter.strip() in ("", "charset=utf-8")


def _has_no_body(headers: Headers | Mapping[str, str]) -> bool:
    return "transfer-encoding" not in headers and headers.get("content-length", "0") == "0"


def _complete(headers: MutableHeaders, kind: Kind) -> None:
    for name, value in _ALWAYS.items():
        headers[name] = value
    if kind == "public":
        headers["cross-origin-resource-policy"] = "cross-origin"
    headers.setdefault("cache-control", "no-store")
