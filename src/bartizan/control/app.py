"""The ASGI app: the table of paths, within what every request has to fulfil."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp
from structlog.typing import FilteringBoundLogger

from bartizan.control.boundary import Boundary
from bartizan.control.problems import Problems, problem_of
from bartizan.control.routes import routes
from bartizan.control.security import Security
from bartizan.control.services import Services
from bartizan.control.stats import Stats
from bartizan.errors import BartizanError

__all__ = ["build_app"]


def build_app(services: Services, stats: Stats, log: FilteringBoundLogger) -> ASGIApp:
    """Return the app that answers with ``services``."""
    problems = Problems(services.site.error)

    async def answer(request: Request, error: Exception) -> Response:
        return problems.answer(problem_of(error), request.headers)

    app = Starlette(routes=routes(services), exception_handlers={HTTPException: answer, BartizanError: answer})
    app.router.redirect_slashes = False
    return Security(Boundary(app, problems, stats, log), problems, services.origin)
