"""What a client holds of a challenge: the ticket that it has to solve, and the pass that it gets for that.

Both are sealed, so that nobody makes one, chooses its salt, its difficulty or its time, or reads the risk in it. Both
are bound to the client's network and to what stays of its TLS fingerprint: elsewhere they do not open. The gateway
keeps nothing for either.

ask ──▶ ticket {salt, bits, risk, expires} ──solve──▶ answer ``ticket.counter`` ──once──▶ pass {limit, expires}
"""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass
from typing import Literal, TypeVar

import msgspec

from bartizan.detection.challenge.puzzle import bits_for, is_solution
from bartizan.errors import SealError
from bartizan.keys.vault import Vault

__all__ = ["MARGIN", "MAX_ANSWER", "PASS_FOR", "SOLVE_WITHIN", "Pass", "Refused", "Solved", "Ticket", "Tickets"]

SOLVE_WITHIN = 120.0  # seconds from the ticket to its answer
PASS_FOR = 1800.0  # seconds
MARGIN = 15.0
"""How much the risk may rise before a pass is worth nothing."""
MAX_ANSWER = 256  # characters; a ticket has about 110, a counter 16
_MAX_PASS = 128  # characters
_SALT = 16  # bytes
_T = TypeVar("_T")
_TICKET, _PASS = "challenge ticket", "challenge pass"

Refused = Literal["malformed", "unknown", "expired", "wrong", "used"]
"""Why an answer is none: it has no form; its ticket was changed or is somebody else's; late; not solved; once more."""


class _Ticket(msgspec.Struct, frozen=True, array_like=True):
    salt: str
    bits: int
    risk: float
    expires: float


class Pass(msgspec.Struct, frozen=True, array_like=True):
    """What a solved challenge is worth: it holds up to the risk ``limit``, until ``expires`` (Unix time, seconds)."""

    limit: float
    expires: float

    def holds(self, risk: float, now: float) -> bool:
        """Tell whether it spares an actor with ``risk`` from 0 to 100 the next challenge."""
        return risk <= self.limit and now < self.expires


@dataclass(frozen=True, slots=True)
class Ticket:
    """A puzzle as its client is told: find a counter for ``salt`` and ``bits`` and send it back with ``token``."""

    token: str
    salt: str
    bits: int


@dataclass(frozen=True, slots=True)
class Solved:
    """A right answer: ``salt`` names it, so that it is taken once; ``risk`` is that at which it was asked for."""

    salt: str
    risk: float
    expires: float


class Tickets:
    """Issues and checks them. ``binding`` is what a client keeps over all its connections; times are Unix, seconds."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._tickets = msgspec.msgpack.Decoder(_Ticket)
        self._passes = msgspec.msgpack.Decoder(Pass)

    def issue(self, binding: bytes, risk: float, now: float) -> Ticket:
        """Return a new ticket for a client whose actor has ``risk``, from 0 to 100."""
        salt, bits = _text(secrets.token_bytes(_SALT)), bits_for(risk)
        sealed = _Ticket(salt, bits, float(risk), now + SOLVE_WITHIN)
        return Ticket(_text(self._vault.seal(_TICKET, msgspec.msgpack.encode(sealed), binding)), salt, bits)

    def check(self, answer: str, binding: bytes, now: float) -> Solved | Refused:
        """Judge an answer. Whoever takes it sees to it that it is taken once."""
        token, _, counter = answer.partition(".")
        if len(answer) > MAX_ANSWER or not token or not counter:
            return "malformed"
        ticket = self._open(_TICKET, token, binding, self._tickets)
        if ticket is None:
            return "unknown"
        if now >= ticket.expires:
            return "expired"
        if not is_solution(ticket.salt, counter, ticket.bits):
            return "wrong"
        return Solved(ticket.salt, ticket.risk, ticket.expires)

    def grant(self, binding: bytes, risk: float, now: float) -> str:
        """Return a pass for having solved a challenge that was asked for at ``risk``."""
        plain = msgspec.msgpack.encode(Pass(risk + MARGIN, now + PASS_FOR))
        return _text(self._vault.seal(_PASS, plain, binding))

    def read_pass(self, text: str, binding: bytes) -> Pass | None:
        """Return the pass in a cookie; None if it was not granted here, or to another client."""
        return None if len(text) > _MAX_PASS else self._open(_PASS, text, binding, self._passes)

    def _open(self, purpose: str, text: str, binding: bytes, decoder: msgspec.msgpack.Decoder[_T]) -> _T | None:
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            return decoder.decode(self._vault.open_sealed(purpose, sealed, binding))
        except (SealError, ValueError, binascii.Error):
            return None


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
