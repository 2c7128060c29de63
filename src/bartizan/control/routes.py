"""All paths that control answers for, in one table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bartizan.control.services import Services
from bartizan.errors import RequestError

__all__ = ["ROUTES", "Handler", "Row"]

Handler = Callable[[Request, Services], Awaitable[Response]]
"""Answers a request. What it raises becomes an answer: ``control.problems``."""

_FOR_EVER = {"cache-control": "public, max-age=31536000, immutable"}


class Row(NamedTuple):
    """A path (as Starlette writes them) and a method, and what answers. GET answers HEAD too."""

    method: str
    path: str
    handler: Handler


async def _home(request: Request, services: Services) -> Response:  # noqa: ARG001 - one signature for all
    return RedirectResponse("/.bartizan/account", 303)


async def _asset(request: Request, services: Services) -> Response:
    asset = services.assets.get(request.path_params["digest"], request.path_params["name"])
    if asset is None:
        raise RequestError(404, "not_found", "")
    return Response(asset.data, headers=_FOR_EVER, media_type=asset.content_type)


async def _worker(request: Request, services: Services) -> Response:  # noqa: ARG001
    """Serve the service worker under a path of its own: its scope is what is below that path."""
    asset = services.assets.named("sw.js")
    if asset is None:
        raise RequestError(404, "not_found", "")
    return Response(asset.data, headers={"cache-control": "no-cache"}, media_type=asset.content_type)


ROUTES: tuple[Row, ...] = (
    Row("GET", "/.bartizan", _home),
    Row("GET", "/.bartizan/", _home),
    Row("GET", "/.bartizan/sw.js", _worker),
    Row("GET", "/.bartizan/static/{digest}/{name:path}", _asset),
)
