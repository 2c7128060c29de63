"""What a request presents to be let in, and taking it away before the upstream sees it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bartizan.http.headers import Headers
from bartizan.http.message import Request

__all__ = ["SESSION_COOKIE", "Presented", "cookie_in", "crosses_sites", "hide", "hide_set_cookies", "presented_by"]

SESSION_COOKIE = "__Host-bartizan-session"
_OURS = b"__Host-bartizan-"
_MAX_TOKEN = 512  # bytes
_SAFE = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))


@dataclass(frozen=True, slots=True)
class Presented:
    """A token, and the proof that came with it. ``proof`` is None for a cookie."""

    token: str
    proof: list[bytes] | None


def presented_by(headers: Headers) -> Presented | None:
    """Return what a request presents: an access token with the scheme DPoP (RFC 9449 section 7.1), or our cookie."""
    for name, value in headers.items:
        if name == b"authorization" and value[:5].lower() == b"dpop ":
            return Presented(_text(value[5:].strip()), headers.get_all(b"dpop"))
    token = cookie_in(headers.items, SESSION_COOKIE)
    return None if token is None else Presented(token, None)


def cookie_in(fields: Iterable[tuple[bytes, bytes]], name: str) -> str | None:
    """Return the value of a cookie of ours, given header fields with names in lower case.

    None if it is not there, or there more than once with different values: edge and control must not take different
    ones for the session.
    """
    wanted, found = name.encode("ascii"), None
    for field, value in fields:
        if field != b"cookie" or wanted not in value:
            continue
        for pair in value.split(b";"):
            key, _, content = pair.strip().partition(b"=")
            if key == wanted:
                if found is not None and found != content:
                    return None
                found = content
    return None if found is None else _text(found)


def hide(headers: Headers) -> None:
    """Take our cookies and DPoP tokens out of a request: an upstream that had them could use them."""
    fields = []
    changed = False
    for name, value in headers.items:
        if name == b"cookie" and _OURS in value:
            changed = True
            kept = b"; ".join(pair for each in value.split(b";") if not (pair := each.strip()).startswith(_OURS))
            if kept:
                fields.append((name, kept))
        elif name == b"dpop" or (name == b"authorization" and value[:5].lower() == b"dpop "):
            changed = True
        else:
            fields.append((name, value))
    if changed:
        headers.items = fields


def hide_set_cookies(headers: Headers) -> None:
    """Take cookies that look like ours out of a response: an upstream could fix somebody's session."""
    if any(name == b"set-cookie" and _is_ours(value) for name, value in headers.items):
        headers.items = [item for item in headers.items if item[0] != b"set-cookie" or not _is_ours(item[1])]


def crosses_sites(request: Request, origin: str) -> bool:
    """Tell whether another site had a browser send this, where that could change something.

    Looked at are requests that are not safe (RFC 9110 section 9.2.1) and WebSocket handshakes, which browsers send to
    anywhere with cookies (RFC 6455 section 10.2): Fetch Metadata where there is any, Origin otherwise.
    """
    if request.method in _SAFE and request.upgrade is None:
        return False
    sent_from = request.headers.get(b"origin")
    if sent_from is not None:
        return sent_from.decode("latin-1").lower() != origin.lower()
    site = request.headers.get(b"sec-fetch-site")
    return site is not None and site not in (b"same-origin", b"none")


def _text(value: bytes) -> str:
    return value[:_MAX_TOKEN].decode("latin-1")


def _is_ours(set_cookie: bytes) -> bool:
    """Judge a Set-Cookie; a cookie without a name is sent as its value alone, so that may be a pair of ours."""
    return set_cookie.lstrip(b" \t=").startswith(_OURS)
