"""All paths that control answers for, in one place: pages, their files, the API, and keys for everybody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bartizan.control import pages
from bartizan.control.api import dbsc, scim
from bartizan.control.api.endpoint import Endpoint
from bartizan.control.api.table import API, BASE
from bartizan.control.assets import Asset, Assets
from bartizan.control.services import Services
from bartizan.errors import RequestError
from bartizan.keys.ring import KeyRing

__all__ = ["routes"]

_FOR_EVER = "public, max-age=31536000, immutable"
_FOR_MINUTES = "public, max-age=300"


def routes(services: Services) -> list[BaseRoute]:
    """Return the routes. What an endpoint raises becomes an answer: ``control.problems``."""
    files = _Files(services.assets)
    return [
        *pages.routes(services.site),
        *(Route(BASE + endpoint.path, _api(endpoint, services), methods=["POST"]) for endpoint in API),
        *scim.routes(services),
        *dbsc.routes(services),
        Route("/.bartizan", _start, methods=["GET"]),
        Route("/.bartizan/sw.js", files.worker, methods=["GET"]),
        Route("/.bartizan/static/{digest}/{name:path}", files.file, methods=["GET"]),
        Route("/.well-known/bartizan/jwks.json", _Keys(services.ring).public, methods=["GET"]),
    ]


def _api(endpoint: Endpoint[Any], services: Services) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return await endpoint.answer(request, services)

    return answer


async def _start(_: Request) -> Response:
    return RedirectResponse("/.bartizan/", 303)


class _Keys:
    """Shows upstreams the keys to verify assertions with (RFC 7517 section 5)."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    async def public(self, _: Request) -> Response:
        """Answer with the set; what does not know a `kid` asks again."""
        data = msgspec.json.encode(self._ring.jwks())
        return Response(data, headers={"cache-control": _FOR_MINUTES}, media_type="application/jwk-set+json")


class _Files:
    """Serves the files of pages."""

    def __init__(self, assets: Assets) -> None:
        self._assets = assets

    async def file(self, request: Request) -> Response:
        """Answer with a file under the digest of them all, which may be kept for ever."""
        asset = self._assets.get(request.path_params["digest"], request.path_params["name"])
        return _answer(asset, _FOR_EVER)

    async def worker(self, _: Request) -> Response:
        """Answer with the service worker, under a path of its own: what is below that path is its scope."""
        return _answer(self._assets.named("sw.js"), "no-cache")


def _answer(asset: Asset | None, cache: str) -> Response:
    if asset is None:
        raise RequestError(404, "not_found", "")
    return Response(asset.data, headers={"cache-control": cache}, media_type=asset.content_type)
