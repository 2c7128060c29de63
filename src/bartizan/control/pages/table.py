"""All pages, in one table, and the routes to them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bartizan.control.pages import (
    account,
    approvals,
    device,
    enrol,
    factor,
    logged_out,
    login,
    logout,
    password,
    prove,
    reauth,
    recover,
)
from bartizan.control.pages.site import BASE, Site

__all__ = ["PAGES", "routes"]

PAGES = (
    login.PAGE,
    factor.PAGE,
    device.PAGE,
    enrol.PAGE,
    recover.PAGE,
    approvals.PAGE,
    reauth.PAGE,
    prove.PAGE,
    password.PAGE,
    account.PAGE,
    logout.PAGE,
    logged_out.PAGE,
)


def routes(site: Site) -> list[Route]:
    """Return the routes, all GET and HEAD, below ``BASE``."""
    return [
        *(Route(BASE + page.path, site.view(page), methods=["GET"]) for page in PAGES),
        Route(f"{BASE}/", _start, methods=["GET"]),
        Route(f"{BASE}/session.js", site.session_module, methods=["GET"]),
    ]


async def _start(_: Request) -> Response:
    return RedirectResponse(f"{BASE}/account", 303, {"cache-control": "no-store"})
