"""How a client is told what to do: a page for a person's browser, problem details (RFC 9457) for everybody else."""

from __future__ import annotations

import html
import string
from pathlib import Path

import msgspec

from bartizan.detection.challenge.files import ANSWERS, SCRIPT, STYLE, Files
from bartizan.detection.challenge.tickets import SOLVE_WITHIN, Ticket
from bartizan.http.body import Body
from bartizan.http.headers import Headers
from bartizan.http.message import Response

__all__ = ["RESPONSE_FIELD", "Pages", "problem"]

RESPONSE_FIELD = "Bartizan-Challenge-Response"
"""The header field of an answer."""
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; worker-src 'self'; img-src data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_TEMPLATE = Path(__file__).parent / "static" / "page.html"
_COMMON = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
_PAGE = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode("ascii")),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"x-robots-tag", b"noindex"),
]


class _Task(msgspec.Struct):
    """The work: find ``counter`` so that the hash of salt and counter begins with ``difficulty`` bits of zeros."""

    algorithm: str
    salt: str
    difficulty: int
    token: str
    expires_in: int
    answer_to: str
    answer_in: str


class _Problem(msgspec.Struct, omit_defaults=True):
    """RFC 9457 section 3.1, with two members of its own (section 3.2)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    challenge: _Task | None = None


class Pages:
    """Renders challenges."""

    def __init__(self, files: Files) -> None:
        self._template = string.Template(_TEMPLATE.read_text(encoding="utf-8"))
        self._urls = {"script": files.url(SCRIPT), "style": files.url(STYLE)}

    def page(self, ticket: Ticket, exchange_id: str, *, sent: bool, kept: bool) -> Response:
        """Return the page, to be shown where somebody wanted to go.

        ``sent``: it is in the place of an answer to a form, which has to be sent again. ``kept``: the browser came
        with a pass, so it keeps cookies.
        """
        facts = {
            "token": ticket.token,
            "salt": ticket.salt,
            "bits": str(ticket.bits),
            "sent": "1" if sent else "",
            "kept": "1" if kept else "",
            "answers": ANSWERS,
            "field": RESPONSE_FIELD,
            "reference": exchange_id,
        }
        text = self._template.substitute(self._urls, **{name: html.escape(fact) for name, fact in facts.items()})
        return _response(403, text.encode(), _PAGE, exchange_id)

    @staticmethod
    def problem(ticket: Ticket, exchange_id: str) -> Response:
        """Return the same for an API client."""
        task = _Task("SHA-256", ticket.salt, ticket.bits, ticket.token, round(SOLVE_WITHIN), ANSWERS, RESPONSE_FIELD)
        detail = f"Solve the challenge, send its answer with POST to {ANSWERS}, and come again with the cookie."
        return problem(403, "challenge_required", detail, exchange_id, task)


def problem(status: int, code: str, detail: str, exchange_id: str, task: _Task | None = None) -> Response:
    """Return problem details; ``code`` is a stable word that clients act on, ``detail`` a sentence for people."""
    title = {400: "Bad Request", 403: "Forbidden"}[status]
    instance = f"urn:bartizan:exchange:{exchange_id}"
    data = msgspec.json.encode(_Problem("about:blank", title, status, detail, instance, code, task))
    fields = [(b"content-type", b"application/problem+json"), (b"bartizan-code", code.encode("ascii"))]
    return _response(status, data, fields, exchange_id)


def _response(status: int, data: bytes, fields: list[tuple[bytes, bytes]], exchange_id: str) -> Response:
    all_fields = [
        *fields,
        *_COMMON,
        (b"vary", b"cookie, sec-fetch-mode, accept"),
        (b"x-request-id", exchange_id.encode("ascii")),
    ]
    return Response(status, Headers(all_fields), Body.of(data), len(data))
