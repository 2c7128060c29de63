"""All paths that control answers for, in one place: pages, their files, the API, and keys for everybody."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bartizan.control import pages
from bartizan.control.assets import Asset, Assets
from bartizan.control.services import Services
from bartizan.errors import RequestError

__all__ = ["routes"]

_FOR_EVER = "public, max-age=31536000, immutable"


def routes(services: Services) -> list[BaseRoute]:
    """Return the routes. What an endpoint raises becomes an answer: ``control.problems``."""
    files = _Files(services.assets)
    return [
        *pages.routes(services.site),
        Route("/.bartizan", _start, methods=["GET"]),
        Route("/.bartizan/sw.js", files.worker, methods=["GET"]),
        Route("/.bartizan/static/{digest}/{name:path}", files.file, methods=["GET"]),
    ]


async def _start(_: Request) -> Response:
    return RedirectResponse("/.bartizan/", 303)


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
