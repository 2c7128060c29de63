"""The guard ``obstacles``: throttle, challenge, divert, deny. It is twice in the series, for two groups of actors."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from math import ceil
from typing import Protocol

from bartizan.config.model import Obstacles as Settings
from bartizan.detection.obstacles.ladder import Ladder, RungName
from bartizan.detection.obstacles.told import Teller, cause, remedy
from bartizan.detection.standing import Standing, Standings
from bartizan.pipeline import Challenge, Client, Deny, Divert, Exchange, Throttle, Verdict
from bartizan.storage.state.interface import GcraLimit, State

__all__ = ["Challenges", "Means", "Obstacles"]

_PREFIX = b"obstacle/throttle/"
_OWN = frozenset(("throttle", "challenge", "divert", "deny"))


class Challenges(Protocol):
    """What asks for work (``detection/challenge``)."""

    def take(self, exchange: Exchange) -> None:
        """Note the pass that an exchange presents, before the guard ``access`` hides it."""
        ...

    def passed(self, exchange: Exchange, risk: float) -> bool:
        """Tell whether an exchange presents a pass that holds for an actor with ``risk``."""
        ...

    def ask(self, exchange: Exchange, risk: float, *, because: str = "", remedy: str = "") -> Challenge:
        """Return the verdict for an actor with ``risk``, from 0 to 100."""
        ...


@dataclass(frozen=True, slots=True)
class Means:
    """What obstacles are made of: without a challenger nobody is challenged, without ``decoy`` nobody is diverted.

    ``decoy`` is the name of the upstream that takes who is diverted; ``clock`` is Unix time in seconds.
    """

    state: State
    standings: Standings
    teller: Teller
    clock: Callable[[], float]
    challenger: Challenges | None = None
    decoy: str | None = None

    @property
    def rungs(self) -> tuple[RungName, ...]:
        """What can be put in the way of any actor."""
        challenge: tuple[RungName, ...] = () if self.challenger is None else ("challenge",)
        divert: tuple[RungName, ...] = () if self.decoy is None else ("divert",)
        return "throttle", *challenge, *divert, "deny"


class Obstacles:
    """Put in the way of risky actors what the ladder says for their risk; the riskiest of an exchange decides.

    A rung that is met, a challenge that is solved, gives way to the milder ones below it. Verdicts: throttle 429,
    challenge, divert, deny 403. Signals, all with severity 0: ``obstacle.throttle`` and so on for what happened,
    ``obstacle.shadow`` for what would have. ``keys`` gives the actors, and ``rungs`` are all that they can meet, here
    or in the guard ``access``; clients for which ``spares`` says so meet nothing.
    """

    name = "obstacles"

    __slots__ = ("_keys", "_ladder", "_lowest", "_means", "_rate", "_spares", "_standings")

    def __init__(
        self,
        settings: Settings,
        keys: Callable[[Exchange], tuple[str, ...]],
        means: Means,
        rungs: Collection[RungName],
        spares: Callable[[Client], bool] | None = None,
    ) -> None:
        usable = [rung for rung in rungs if rung in means.rungs or rung not in _OWN]
        self._ladder = Ladder.of(settings, usable)
        self._lowest = self._ladder.lowest
        self._keys = keys
        self._means = means
        self._standings = means.standings
        self._rate = settings.throttle.rate
        self._spares = spares

    @property
    def puts_any(self) -> bool:
        """Whether there is anything that it may put in the way."""
        return any(name in _OWN for _, name in (*self._ladder.enforced, *self._ladder.shadow))

    async def on_request(self, exchange: Exchange) -> Verdict | None:
        """Look the actors up; see the class."""
        if self._means.challenger is not None:
            self._means.challenger.take(exchange)  # first: upstreams must not see it
        if not len(self._standings):
            return None
        now = self._means.clock()
        standing = self._standings.highest(self._keys(exchange), now)
        if standing is None:
            return None
        risk = standing.now(now)
        if risk < self._lowest or (self._spares is not None and self._spares(exchange.client)):
            return None
        because, means = cause(standing, risk), self._means
        hidden = self._ladder.hidden(risk)
        if hidden in _OWN:
            means.teller.tell_shadow(exchange, hidden, standing.actor, risk, because)
        for rung in self._ladder.reached(risk):
            if rung not in _OWN:
                continue
            if exchange.diverted is not None and rung != "deny":
                return None  # who is diverted must not meet what is milder
            verdict = await self._verdict(rung, exchange, standing, risk)
            if verdict is not None:
                means.teller.tell(exchange, rung, standing.actor, risk, because)
                return verdict
        return None

    async def _verdict(self, rung: RungName, exchange: Exchange, standing: Standing, risk: float) -> Verdict | None:
        actor, means = standing.actor, self._means
        because, what_to_do = cause(standing, risk), remedy(standing)
        if rung == "deny":
            return Deny(403, because=because, remedy=what_to_do)
        if rung == "divert" and means.decoy is not None:
            return Divert(means.decoy, because, what_to_do, actor, risk)
        if rung == "challenge" and means.challenger is not None:
            if means.challenger.passed(exchange, risk):
                return None
            return means.challenger.ask(exchange, risk, because=because, remedy=what_to_do)
        rate, period = self._rate
        (result,) = await means.state.gcra([GcraLimit(_PREFIX + actor.encode("utf-8", "replace"), rate, period, rate)])
        if result.allowed:
            return None
        detail = f"Too many requests. Try again in {max(1, ceil(result.retry_after))} s."
        return Throttle(result.retry_after, because, what_to_do, detail)
