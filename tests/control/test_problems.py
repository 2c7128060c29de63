from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from bartizan.control.problems import Problem, Problems, problem_of, problem_response
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

ID = "0190f3c2a1b2c3d4e5f607180000002a"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (AccessError("reauth_required", "Prove it."), 403, "reauth_required"),
        (ProofError("use_dpop_nonce", "A nonce, please."), 401, "use_dpop_nonce"),
        (FactorError("wrong_code", "The code is wrong."), 401, "wrong_code"),
        (PasswordRefused(("It is too short.",)), 422, "password_refused"),
        (TooManyAttempts(12.4), 429, "too_many_attempts"),
        (RequestError(413, "body_too_large", "Too large."), 413, "body_too_large"),
        (HTTPException(405), 405, "method_not_allowed"),
        (HTTPException(404), 404, "not_found"),
        (RecordNotFound("no such person ann"), 404, "not_found"),
        (RecordConflict("the name ann is taken"), 409, "conflict"),
        (RecordsError("postgresql://user:hunter2@db is gone"), 503, "unavailable"),
        (StateError("valkey is gone"), 503, "unavailable"),
        (ValueError("hunter2"), 500, "internal_error"),
    ],
)
def test_each_error_has_its_status_and_code(error: Exception, status: int, code: str) -> None:
    problem = problem_of(error)
    assert (problem.status, problem.code) == (status, code)
    assert "hunter2" not in f"{problem}"


def test_what_was_tried_too_often_says_when_to_come_again() -> None:
    assert problem_of(TooManyAttempts(12.4)).headers["Retry-After"] == "12"
    assert problem_of(TooManyAttempts(0.1)).headers["Retry-After"] == "1"


def test_a_refused_password_says_every_reason() -> None:
    answer = json.loads(
        problem_response(problem_of(PasswordRefused(("It is short.", "It is known."))), exchange=ID).body
    )
    assert answer["reasons"] == ["It is short.", "It is known."]


def test_the_document_is_that_of_rfc_9457() -> None:
    answer = problem_response(Problem(403, "cross_site", "From elsewhere.", members={"factor": "totp"}), exchange=ID)
    assert answer.media_type == "application/problem+json"
    assert json.loads(answer.body) == {
        "type": "about:blank",
        "title": "Forbidden",
        "status": 403,
        "code": "cross_site",
        "detail": "From elsewhere.",
        "instance": f"urn:bartizan:exchange:{ID}",
        "factor": "totp",
    }


def test_people_get_a_page() -> None:
    asked: list[Any] = []

    def page(status: int, detail: str, *, reference: str) -> Response:
        asked.append((status, detail, reference))
        return HTMLResponse("<p>", status)

    problem = Problem(429, "too_many_attempts", "Later.", headers={"Retry-After": "9"})
    answer = Problems(page).answer(problem, {"accept": "text/html,*/*;q=0.8", "bartizan-exchange": ID})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "9")
    assert asked == [(429, "Later.", ID)]


def test_programs_get_a_document() -> None:
    answer = Problems(lambda *_, **__: HTMLResponse("")).answer(Problem(404, "not_found"), {"accept": "*/*"})
    assert answer.media_type == "application/problem+json"
