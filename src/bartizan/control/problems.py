"""Error answers: RFC 9457 problem details with a ``code`` for programs, a page for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bartizan.control.contract import EXCHANGE
from bartizan.errors import (
    AccessError,
    FactorError,
    PasswordRefused,
    ProofError,
    RecordConflict,
    RecordNotFound,
    RecordsError,
    RequestError,
    StateError,
    TooManyAttempts,
)
from bartizan.http.problem import prefers_html

__all__ = ["Problem", "Problems", "problem_of", "problem_response"]

_CODES = {404: "not_found", 405: "method_not_allowed"}
_STATUSES: tuple[tuple[type[AccessError], int], ...] = (
    (TooManyAttempts, 429),
    (PasswordRefused, 422),
    (ProofError, 401),
    (FactorError, 401),
)


class Problem(msgspec.Struct, frozen=True):
    """What went wrong. ``detail`` is a sentence for the client, ``code`` a stable word, ``reasons`` more sentences."""

    status: int
    code: str
    detail: str = ""
    reasons: tuple[str, ...] = ()
    headers: Mapping[str, str] = {}
    members: Mapping[str, str | int] = {}
    """More members of the document (RFC 9457 section 3.2)."""


def problem_of(error: Exception) -> Problem:
    """Return what the client may know of an error; nothing but its kind where it is not about the client."""
    if isinstance(error, AccessError):
        status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 403)
        headers = {"Retry-After": str(max(1, round(error.retry_after)))} if isinstance(error, TooManyAttempts) else {}
        reasons = error.reasons if isinstance(error, PasswordRefused) else ()
        return Problem(status, error.code, str(error), reasons, headers)
    if isinstance(error, RequestError):
        return Problem(error.status, error.reason, str(error))
    if isinstance(error, HTTPException):
        return Problem(error.status_code, _CODES.get(error.status_code, "refused"), headers=dict(error.headers or {}))
    if isinstance(error, RecordNotFound):
        return Problem(404, "not_found")
    if isinstance(error, RecordConflict):
        return Problem(409, "conflict", "Somebody has changed this meanwhile, or it exists already.")
    if isinstance(error, RecordsError | StateError):
        return Problem(503, "unavailable", "Try again in a moment.", headers={"Retry-After": "2"})
    return Problem(500, "internal_error")


def problem_response(problem: Problem, *, exchange: str) -> Response:
    """Return the answer for programs; ``exchange`` is the exchange's id, or empty."""
    document = {
        "type": "about:blank",
        "title": _title(problem.status),
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        "instance": f"urn:bartizan:exchange:{exchange}" if exchange else "",
        "reasons": problem.reasons,
        **problem.members,
    }
    data = msgspec.json.encode({name: value for name, value in document.items() if value not in ("", ())})
    return Response(data, problem.status, dict(problem.headers), "application/problem+json")


class Problems:
    """Answers with problems, in the form that a request prefers; ``page`` makes the one for people.

    ``page`` is called with the status, a sentence or nothing, and ``reference``: the id of the exchange, or nothing.
    """

    def __init__(self, page: Callable[..., Response]) -> None:
        self._page = page

    def answer(self, problem: Problem, headers: Mapping[str, str]) -> Response:
        """Return the answer to a request with these header fields."""
        exchange = headers.get(EXCHANGE.decode(), "")
        if not prefers_html(headers.get("accept", "").encode("latin-1", "replace")):
            return problem_response(problem, exchange=exchange)
        response = self._page(problem.status, problem.detail, reference=exchange)
        response.headers.update(problem.headers)
        return response


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
