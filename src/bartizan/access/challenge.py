"""How somebody is told what is missing: a browser is sent to the page, everybody else gets 401 and what to do.

For step-up the answer is that of RFC 9470: ``insufficient_user_authentication`` with ``acr_values`` and ``max_age``.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from bartizan.http.message import Request
from bartizan.http.problem import prefers_html
from bartizan.pipeline import StepUp

__all__ = ["ACR_VALUES", "Need", "challenge", "is_navigation"]

ACR_VALUES = {
    "any": "urn:bartizan:acr:any",
    "password": "urn:bartizan:acr:password",
    "totp": "urn:bartizan:acr:totp",
    "push": "urn:bartizan:acr:push",
    "webauthn": "phr",
}
"""``phr`` (phishing-resistant) is registered by OpenID Connect Extended Authentication Profile ACR Values 1.0."""
_PAGES = {"login": "/.bartizan/login", "prove": "/.bartizan/prove", "reauth": "/.bartizan/reauth"}
_CODES = {"login": "login_required", "prove": "proof_required", "reauth": "reauth_required"}
_TEXTS = {
    "login": "Log in first.",
    "prove": "The device has to prove its key first.",
    "reauth": "Prove anew who you are first.",
}
_MAX_NEXT = 2048  # characters of a target that a page comes back to


@dataclass(frozen=True, slots=True)
class Need:
    """What is missing: ``page`` is login, prove or reauth; ``max_age`` in seconds."""

    page: str
    because: str
    factor: str = ""
    max_age: float | None = None
    error: str = ""
    """What RFC 6750 section 3.1 calls it: ``invalid_token``; empty where nothing was presented."""
    remedy: str = ""
    """What the operator could change."""


def is_navigation(request: Request) -> bool:
    """Tell whether a person's browser waits for a page: Fetch Metadata says so, or Accept where there is none."""
    mode = request.headers.get(b"sec-fetch-mode")
    if mode is not None:
        return mode == b"navigate" and request.headers.get(b"sec-fetch-dest") in (b"document", None)
    return prefers_html(request.headers.get(b"accept"))


def challenge(request: Request, need: Need, held: str | None = None) -> StepUp:
    """Return the answer; ``held`` is the cookie that gives a waiting POST back."""
    where = _location(request, need, held)
    headers: list[tuple[bytes, bytes]] = [(b"vary", b"cookie, sec-fetch-mode, accept")]
    if held is not None:
        headers.append((b"set-cookie", held.encode("ascii")))
    if is_navigation(request):
        return StepUp(303, need.because, need.remedy, headers=((b"location", where), *headers))
    headers += [(b"www-authenticate", _authenticate(need)), (b"bartizan-location", where)]
    headers.append((b"bartizan-code", _CODES[need.page].encode()))
    return StepUp(401, need.because, need.remedy, _TEXTS[need.page], tuple(headers))


def _location(request: Request, need: Need, held: str | None) -> bytes:
    target = request.path if request.query is None else f"{request.path}?{request.query.decode('latin-1')}"
    if len(target) > _MAX_NEXT or (request.method not in ("GET", "HEAD") and held is None):
        target = "/" if len(target) > _MAX_NEXT else request.path
    where = f"{_PAGES[need.page]}?next={quote(target, safe='/')}"
    if need.factor not in ("", "any"):
        where += f"&factor={need.factor}"
    if need.max_age is not None:
        where += f"&max_age={need.max_age:.0f}"
    if held is not None:
        where += "&held=1"
    return where.encode("ascii")


def _authenticate(need: Need) -> bytes:
    parts = ['algs="ES256"']
    if need.page == "reauth":
        parts += [
            'error="insufficient_user_authentication"',
            f'error_description="{_TEXTS["reauth"]}"',
            f'acr_values="{ACR_VALUES[need.factor or "any"]}"',
        ]
        if need.max_age is not None:
            parts.append(f'max_age="{need.max_age:.0f}"')
    elif need.error:
        parts.append(f'error="{need.error}"')
    return f"DPoP {', '.join(parts)}".encode()
