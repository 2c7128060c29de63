"""Who has to do some work, who has done it, and taking their answers."""

from __future__ import annotations

from collections.abc import Callable

from bartizan.access.challenge import is_navigation
from bartizan.access.presented import cookie_in
from bartizan.access.sessions.facts import facts_of
from bartizan.detection.challenge.files import Files
from bartizan.detection.challenge.page import Pages
from bartizan.detection.challenge.tickets import PASS_FOR, Refused, Tickets
from bartizan.http.headers import Headers
from bartizan.keys.vault import Vault
from bartizan.pipeline import Challenge, Exchange
from bartizan.storage.state.interface import State

__all__ = ["PASS_COOKIE", "Challenger"]

PASS_COOKIE = "__Host-bartizan-pass"  # noqa: S105 - a name
_NAME = PASS_COOKIE.encode("ascii")
_USED = b"challenge/"


class Challenger:
    """Asks for work, and lets by whoever has done it; one for all guards and exchanges of an edge process.

    ``clock`` is Unix time in seconds. What costs something is done for exchanges that are to be challenged alone.
    """

    def __init__(self, vault: Vault, state: State, clock: Callable[[], float]) -> None:
        self._tickets = Tickets(vault)
        self._state = state
        self._clock = clock
        self.files = Files.load()
        self._pages = Pages(self.files)

    def take(self, exchange: Exchange) -> None:
        """Note the pass that an exchange presents and take it away, so that upstreams do not see it.

        Guards call it before they ask for anything else, and before access hides all cookies of ours.
        """
        for name, value in exchange.request.headers.items:
            if name == b"cookie" and _NAME in value:
                exchange.notes[PASS_COOKIE] = cookie_in(exchange.request.headers.items, PASS_COOKIE)
                _hide(exchange.request.headers)
                return

    def passed(self, exchange: Exchange, risk: float) -> bool:
        """Tell whether the pass that was taken from an exchange holds for an actor with ``risk``, from 0 to 100."""
        text = exchange.notes.get(PASS_COOKIE)
        if not isinstance(text, str):
            return False
        found = self._tickets.read_pass(text, _binding(exchange))
        return found is not None and found.holds(risk, self._clock())

    def ask(self, exchange: Exchange, risk: float, *, because: str = "", remedy: str = "") -> Challenge:
        """Return the verdict for an actor with ``risk``, from 0 to 100; a higher one has more work to do."""
        ticket = self._tickets.issue(_binding(exchange), risk, self._clock())
        request = exchange.request
        if is_navigation(request):
            sent, kept = request.method not in ("GET", "HEAD"), exchange.notes.get(PASS_COOKIE) is not None
            response = self._pages.page(ticket, exchange.id, sent=sent, kept=kept)
        else:
            response = self._pages.problem(ticket, exchange.id)
        return Challenge(response, because, remedy)

    async def redeem(self, exchange: Exchange, answer: str) -> bytes | Refused:
        """Take an answer, once; returns the Set-Cookie of the pass, or why there is none. Raises ``StateError``."""
        now, binding = self._clock(), _binding(exchange)
        solved = self._tickets.check(answer, binding, now)
        if isinstance(solved, str):
            return solved
        if not await self._state.add(_USED + solved.salt.encode("ascii"), b"", solved.expires - now):
            return "used"
        value = self._tickets.grant(binding, solved.risk, now)
        return f"{PASS_COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={PASS_FOR:.0f}".encode("ascii")


def _hide(headers: Headers) -> None:
    fields = []
    for name, value in headers.items:
        if name == b"cookie" and _NAME in value:
            pairs = (pair.strip() for pair in value.split(b";"))
            kept = b"; ".join(pair for pair in pairs if pair.partition(b"=")[0] != _NAME)
            if kept:
                fields.append((name, kept))
        else:
            fields.append((name, value))
    headers.items = fields


def _binding(exchange: Exchange) -> bytes:
    """Return what tickets and passes of an exchange's client are bound to."""
    facts = facts_of(exchange)
    return f"{facts.network} {facts.tls}".encode()
