"""Where answers are taken: a route of the gateway's own, served by the edge, whatever else is there or not."""

from __future__ import annotations

from bartizan.detection.challenge.challenger import Challenger
from bartizan.detection.challenge.files import ANSWERS, SCRIPT, STYLE
from bartizan.detection.challenge.page import RESPONSE_FIELD, problem
from bartizan.detection.challenge.tickets import MAX_ANSWER, Refused
from bartizan.http.headers import Headers
from bartizan.http.message import Response
from bartizan.pipeline import Challenge, Deny, Exchange, Verdict

__all__ = ["PATHS", "Desk"]

PATHS = (ANSWERS, SCRIPT, STYLE)
_FIELD = RESPONSE_FIELD.lower().encode("ascii")
_REFUSALS: dict[Refused, tuple[int, str]] = {
    "malformed": (400, f"Send the answer as TOKEN.COUNTER in {RESPONSE_FIELD}."),
    "unknown": (403, "This challenge is not known, or it was somebody else's. Ask for what you wanted again."),
    "expired": (403, "This challenge is too old. Ask for what you wanted again."),
    "wrong": (403, "The answer is wrong."),
    "used": (403, "This answer was taken already. Ask for what you wanted again."),
}


class Desk:
    """The last guard of the route: it answers everything itself, so nothing of it needs an upstream.

    What it gives is no refusal and is not counted as one, except for answers that are none. No signal: whoever fails
    is challenged because of a risk that is known.
    """

    name = "challenge"

    def __init__(self, challenger: Challenger) -> None:
        self._challenger = challenger

    async def on_request(self, exchange: Exchange) -> Verdict:
        """Give out script and style, take answers."""
        request = exchange.request
        file = self._challenger.files.response(request.path, request.query)
        if file is not None:
            return _given(exchange, file) if request.method in ("GET", "HEAD") else _not_allowed(b"GET, HEAD")
        return await self._answer(exchange) if request.method == "POST" else _not_allowed(b"POST")

    async def _answer(self, exchange: Exchange) -> Verdict:
        values = exchange.request.headers.get_all(_FIELD)
        answer = values[0].decode("latin-1") if len(values) == 1 and len(values[0]) <= MAX_ANSWER else ""
        outcome = await self._challenger.redeem(exchange, answer)
        if isinstance(outcome, bytes):
            fields = [(b"cache-control", b"no-store"), (b"set-cookie", outcome)]
            return _given(exchange, Response(204, Headers(fields)))
        status, detail = _REFUSALS[outcome]
        response = problem(status, f"challenge_{outcome}", detail, exchange.id)
        return Challenge(response, because=f"the answer to a challenge is {outcome}")


def _given(exchange: Exchange, response: Response) -> Verdict:
    exchange.at_end(_no_refusal)
    return Challenge(response)


def _no_refusal(exchange: Exchange) -> None:
    exchange.verdict = exchange.decided_by = None


def _not_allowed(methods: bytes) -> Verdict:
    return Deny(405, because="only answers to challenges are taken here", headers=((b"allow", methods),))
