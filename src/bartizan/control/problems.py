"""Error answers: RFC 9457 problem details with a ``code`` for programs, a page for people."""

from __future__ import annotations

import html
from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

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

__all__ = ["Problem", "problem_of", "problem_response"]

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title></head>
<body>
<main>
<h1>{title}</h1>
<p>{detail}</p>
<p>Reference: <code>{reference}</code></p>
</main>
</body>
</html>
"""
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


class _Document(msgspec.Struct, omit_defaults=True):
    """The members of RFC 9457 section 3.1, and ours."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    instance: str = ""
    reasons: tuple[str, ...] = ()


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


def problem_response(problem: Problem, *, exchange: str, accept: str = "") -> Response:
    """Return the answer in the form that ``accept`` prefers; ``exchange`` is the exchange's id, or empty."""
    title = _title(problem.status)
    headers = dict(problem.headers)
    if prefers_html(accept.encode("latin-1", "replace")):
        page = _PAGE.format(
            title=html.escape(title), detail=html.escape(problem.detail), reference=html.escape(exchange)
        )
        return Response(page, problem.status, headers, "text/html")
    instance = f"urn:bartizan:exchange:{exchange}" if exchange else ""
    document = _Document("about:blank", title, problem.status, problem.code, problem.detail, instance, problem.reasons)
    return Response(msgspec.json.encode(document), problem.status, headers, "application/problem+json")


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
