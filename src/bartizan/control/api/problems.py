"""Error answers of the API: which status a code has, and how somebody is told what to do about it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
from starlette.responses import Response

from bartizan.access.challenge import ACR_VALUES
from bartizan.access.flows.challenge import Challenge
from bartizan.control.problems import problem_of
from bartizan.errors import AccessError, BartizanError

__all__ = ["STATUSES", "WrongNumber", "answer_problem"]

STATUSES = {
    "use_dpop_nonce": 401,
    "login_required": 401,
    "login_expired": 401,
    "reauth_required": 401,
    "login_refused": 401,
    "factor_refused": 401,
    "webauthn_refused": 401,
    "factor_not_accepted": 422,
    "enrolment_incomplete": 422,
    "wrong_number": 422,
    "wrong_step": 409,
    "device_not_accepted": 409,
    "too_many": 409,
    "approval_gone": 410,
    "approval_not_found": 404,
    "approval_gesture": 422,
    "approval_verdict": 422,
    "push_subscription": 422,
    "held_gone": 410,
    "invitation_invalid": 410,
    "busy": 503,
    "bad_name": 422,
    "bad_email": 422,
    "bad_text": 422,
    "bad_reason": 422,
}
"""Those that are not what their kind of error has (``control.problems``)."""


class WrongNumber(AccessError):
    """Another number is shown where somebody asks; ``left`` is how many tries there still are."""

    def __init__(self, left: int) -> None:
        self.left = left
        told = "The request was refused." if left == 0 else "Look at the device that asks, and enter its number."
        super().__init__("wrong_number", f"This is not the number. {told}")


def answer_problem(error: BartizanError, exchange: str) -> Response:
    """Return the answer to an error: a problem document (RFC 9457) with ``code``.

    ``exchange`` is the id of the exchange. A challenge to prove anew also has ``factor`` and ``max_age``.
    """
    problem = problem_of(error)
    status = STATUSES.get(problem.code, problem.status) if isinstance(error, AccessError) else problem.status
    headers = dict(problem.headers)
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": problem.code,
    }
    if problem.detail:
        document["detail"] = problem.detail
    if problem.reasons:
        document["reasons"] = problem.reasons
    if exchange:
        document["instance"] = f"urn:bartizan:exchange:{exchange}"
    if isinstance(error, Challenge):
        headers["WWW-Authenticate"] = _authenticate(error)
        if error.code == "reauth_required":
            document["factor"] = error.factor
        if error.max_age is not None:
            document["max_age"] = int(error.max_age)
    elif isinstance(error, WrongNumber):
        document["left"] = error.left
    elif problem.code == "use_dpop_nonce":
        headers["WWW-Authenticate"] = 'DPoP error="use_dpop_nonce", algs="ES256"'
    return Response(msgspec.json.encode(document), status, headers, "application/problem+json")


def _authenticate(challenge: Challenge) -> str:
    """Return WWW-Authenticate (RFC 9449 section 7.1, RFC 9470 section 3)."""
    parts = ['algs="ES256"']
    if challenge.code == "reauth_required":
        parts.append('error="insufficient_user_authentication"')
        parts.append(f'acr_values="{ACR_VALUES[challenge.factor]}"')
        if challenge.max_age is not None:
            parts.append(f'max_age="{challenge.max_age:.0f}"')
    else:
        parts.append('error="invalid_token"')
    return f"DPoP {', '.join(parts)}"
