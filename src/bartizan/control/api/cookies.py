"""The cookies of control: read with bounds, written with all that protects them (RFC 6265bis section 4.1.3.2)."""

from __future__ import annotations

from starlette.requests import Request

from bartizan.access.held import HELD_COOKIE
from bartizan.access.presented import SESSION_COOKIE, cookie_in

__all__ = ["HELD_COOKIE", "LOGIN_COOKIE", "SESSION_COOKIE", "cookie", "drop_cookie", "set_cookie"]

LOGIN_COOKIE = "__Host-bartizan-login"
"""What is under way: a login, a step-up or an enrolment."""
_MAX_VALUE = 256  # characters
_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"


def cookie(request: Request, name: str) -> str | None:
    """Return the value of a cookie; None if there is none, or none of ours could be so long."""
    value = cookie_in(request.headers.raw, name)
    return value if value and len(value) <= _MAX_VALUE else None


def set_cookie(name: str, value: str, max_age: float | None = None) -> str:
    """Return a Set-Cookie; without ``max_age`` in seconds it ends with the browser."""
    lasts = "" if max_age is None else f"; Max-Age={max_age:.0f}"
    return f"{name}={value}; {_ATTRIBUTES}{lasts}"


def drop_cookie(name: str) -> str:
    """Return a Set-Cookie that removes a cookie."""
    return f"{name}=; {_ATTRIBUTES}; Max-Age=0"
