"""The ASGI app: the table of paths, within what every request has to fulfil."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp
from structlog.typing import FilteringBoundLogger

from bartizan.control.boundary import Boundary
from bartizan.control.problems import problem_of, problem_response
from bartizan.control.requests import client_of
from bartizan.control.routes import ROUTES, Row
from bartizan.control.security import Security
from bartizan.control.services import Services
from bartizan.control.stats import Stats
from bartizan.errors import BartizanError

__all__ = ["build_app"]


def build_app(services: Services, stats: Stats, log: FilteringBoundLogger, rows: Sequence[Row] = ROUTES) -> ASGIApp:
    """Return the app that answers with ``services``."""
    app = Starlette(
        routes=[_route(row, services) for row in rows],
        exception_handlers={HTTPException: _answer, BartizanError: _answer},
    )
    app.router.redirect_slashes = False
    return Security(Boundary(app, stats, log), services.origin)


def _route(row: Row, services: Services) -> Route:
    async def endpoint(request: Request) -> Response:
        return await row.handler(request, services)

    return Route(row.path, endpoint, methods=[row.method])


async def _answer(request: Request, error: Exception) -> Response:
    problem = problem_of(error)
    return problem_response(problem, exchange=client_of(request).exchange, accept=request.headers.get("accept", ""))
