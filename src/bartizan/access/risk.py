"""What the guard ``access`` asks about risk: an interface, since those who know of it know of access too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from bartizan.access.sessions.model import Found
from bartizan.pipeline import Exchange

__all__ = ["Demand", "Measure", "Risk"]

Measure = Literal["step_up", "revoke_session", "quarantine_device", "cut"]
"""``cut``: what is open ends; the session stays."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What has to happen to a session because an actor, a key such as ``session:abc``, has a ``risk`` of 0 to 100.

    ``because`` is a sentence for the journal, ``remedy`` what an operator does if the actor is harmless.
    """

    what: Measure
    actor: str
    risk: float
    because: str
    remedy: str


class Risk(Protocol):
    """Knows the risk of whom an exchange is about; with the settings of a route, what follows from it."""

    def of(self, exchange: Exchange) -> int:
        """Return the risk, 0 to 100: the highest of all actors that are known of an exchange."""
        ...

    def demand(self, exchange: Exchange) -> Demand | None:
        """Return what has to happen to the session of a request, or None. Quick, without I/O."""
        ...

    def overdue(self, exchange: Exchange) -> Demand | None:
        """Return why what is open has to end, with its session or without, or None. Quick, without I/O."""
        ...

    def told(self, exchange: Exchange, demand: Demand) -> None:
        """Leave a signal about what happened in an exchange."""
        ...

    async def carry_out(self, exchange: Exchange, found: Found, demand: Demand) -> None:
        """End the session, and quarantine its device if that is demanded; raises ``StateError``."""
        ...
