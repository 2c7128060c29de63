"""Risks that are really published, and what obstacles need beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog

from bartizan.access.sessions.store import SessionStore
from bartizan.config.model import Obstacles as Settings
from bartizan.detection.obstacles import Means, SessionRisk, Teller
from bartizan.detection.standing import Standing, Standings, publish
from bartizan.storage.state.interface import State

__all__ = ["HALF_LIFE", "Risks", "standing"]

HALF_LIFE = 3600.0  # seconds


def standing(actor: str, score: float, at: float, because: str = "decoy /.env touched") -> Standing:
    """Return what a sentry would publish."""
    return Standing(actor, score, at, HALF_LIFE, "sentry", because)


class Risks:
    """The risks that an edge process knows."""

    def __init__(self, state: State, clock: Callable[[], float]) -> None:
        self.state = state
        self.clock = clock
        self.standings = Standings(state, structlog.get_logger(), clock)
        self.means = Means(state, self.standings, Teller(clock), clock)

    async def rise(self, actor: str, score: float) -> None:
        """Publish a risk, as a sentry does, and take it in."""
        await publish(self.state, [standing(actor, score, self.clock())])
        await self.standings.catch_up()

    async def fall(self, actor: str) -> None:
        """Withdraw a risk."""
        await publish(self.state, [Standing.withdrawn(actor, "sentry")])
        await self.standings.catch_up()

    def of_sessions(self, settings: dict[str, Any] | None = None) -> SessionRisk:
        """Return what the guard ``access`` asks, with the rungs of ``settings``."""
        sessions = SessionStore(self.state, self.clock)
        return SessionRisk(Settings.model_validate(settings or {}), self.means, sessions)
