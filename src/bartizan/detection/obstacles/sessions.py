"""The rungs that need a session: what the guard ``access`` is told, and how a session is revoked."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from bartizan.access.notices import Notice, notify
from bartizan.access.risk import Demand, Measure
from bartizan.access.sessions.model import Found
from bartizan.access.sessions.store import SessionStore
from bartizan.config.model import Obstacles as Settings
from bartizan.detection.decisions import Decision, note_decision
from bartizan.detection.obstacles.guard import Means
from bartizan.detection.obstacles.keys import behind, people_of, places_of
from bartizan.detection.obstacles.ladder import Ladder, RungName
from bartizan.detection.obstacles.told import cause, remedy
from bartizan.detection.standing import Standing
from bartizan.pipeline import Client, Exchange

__all__ = ["SessionRisk"]

_ENDS: tuple[RungName, ...] = ("revoke_session", "quarantine_device")
_MEASURES: dict[RungName | None, Measure] = {
    "step_up": "step_up",
    "revoke_session": "revoke_session",
    "quarantine_device": "quarantine_device",
    "deny": "cut",
}
"""What rungs mean for a session; a request that is denied is refused by the guard ``obstacles``."""


class SessionRisk:
    """Implements ``access.risk.Risk`` for a route.

    The risk of session, device or principal ends a session; that of a principal alone quarantines no device, since
    whoever knows a name can raise its risk. Anybody's risk can ask for a step-up: of where a person comes from, too,
    except where ``spares`` says that the client is never in the way of anything.
    """

    def __init__(
        self,
        settings: Settings,
        means: Means,
        sessions: SessionStore,
        spares: Callable[[Client], bool] | None = None,
    ) -> None:
        self._people = Ladder.of(settings, (*means.rungs, "step_up", *_ENDS))
        self._places = Ladder.of(settings, (*means.rungs, "step_up"))
        self._lowest = self._people.lowest
        self._means = means
        self._standings = means.standings
        self._sessions = sessions
        self._spares = spares

    def of(self, exchange: Exchange) -> int:
        """See ``Risk``."""
        if not len(self._standings):
            return 0
        now = self._means.clock()
        standing = self._standings.highest((*behind(exchange), *places_of(exchange)), now)
        return 0 if standing is None else round(standing.now(now))

    def demand(self, exchange: Exchange) -> Demand | None:
        """See ``Risk``. What would be demanded but for shadow mode becomes a signal."""
        if not len(self._standings):
            return None
        now = self._means.clock()
        standing = self._standings.highest(people_of(exchange), now)
        if standing is not None:
            risk = standing.now(now)
            gravest = self._gravest(exchange, standing, now)
            if gravest in _MEASURES and not (gravest == "step_up" and exchange.diverted is not None):
                return _demand(_MEASURES[gravest], standing, risk)
            if gravest == "divert":
                return None
        return None if exchange.diverted is not None else self._demand_of_places(exchange, now)

    def overdue(self, exchange: Exchange) -> Demand | None:
        """See ``Risk``. Only the risk of people counts: it is asked for again and again, of all that is open."""
        if not len(self._standings):
            return None
        now = self._means.clock()
        standing = self._standings.highest(people_of(exchange), now)
        if standing is None or (risk := standing.now(now)) < self._lowest:
            return None
        gravest = self._gravest(exchange, standing, now)
        if gravest not in _MEASURES or gravest == "step_up":
            return None
        return _demand(_MEASURES[gravest], standing, risk)

    def told(self, exchange: Exchange, demand: Demand) -> None:
        """See ``Risk``."""
        self._means.teller.tell(exchange, demand.what, demand.actor, demand.risk, demand.because)

    async def carry_out(self, exchange: Exchange, found: Found, demand: Demand) -> None:
        """See ``Risk``. Of several exchanges that come to this at once, one takes the decision."""
        if demand.what not in _ENDS:
            return
        session, state = found.session, self._means.state
        quarantine = demand.what == "quarantine_device"
        if not await self._sessions.revoke(found.digest, "risk_quarantine" if quarantine else "risk"):
            return
        now = self._means.clock()
        if quarantine:
            await notify(state, Notice("quarantine", session.device, session.id, demand.because, at=now))
        people = (f"session:{session.id}", f"device:{session.device}", f"principal:{session.name}")
        decision = Decision(
            id=secrets.token_hex(8),
            at=now,
            what="quarantine_device" if quarantine else "revoke_session",
            session=session.id,
            digest=found.digest,
            device=session.device,
            principal=session.name,
            actors=tuple(dict.fromkeys((demand.actor, *people))),
            risk=demand.risk,
            because=demand.because,
        )
        await note_decision(state, decision)
        self.told(exchange, demand)

    def _gravest(self, exchange: Exchange, standing: Standing, now: float) -> RungName | None:
        """Return the gravest rung for the riskiest of the people; to quarantine takes the risk of session or device."""
        risk = standing.now(now)
        self._tell_hidden(exchange, self._people, standing, risk)
        for rung in self._people.reached(risk):
            if rung != "quarantine_device" or not standing.actor.startswith("principal:"):
                return rung
            others = self._standings.highest(people_of(exchange)[:2], now)
            if others is not None and rung in self._people.reached(others.now(now)):
                return rung
        return None

    def _demand_of_places(self, exchange: Exchange, now: float) -> Demand | None:
        standing = self._standings.highest(places_of(exchange), now)
        if standing is None or (self._spares is not None and self._spares(exchange.client)):
            return None
        risk = standing.now(now)
        self._tell_hidden(exchange, self._places, standing, risk)
        if self._places.reached(risk)[:1] != ("step_up",):
            return None
        return _demand("step_up", standing, risk)

    def _tell_hidden(self, exchange: Exchange, ladder: Ladder, standing: Standing, risk: float) -> None:
        hidden = ladder.hidden(risk)
        if hidden == "step_up" or hidden in _ENDS:
            self._means.teller.tell_shadow(exchange, hidden, standing.actor, risk, cause(standing, risk))


def _demand(what: Measure, standing: Standing, risk: float) -> Demand:
    return Demand(what, standing.actor, risk, cause(standing, risk), remedy(standing))
