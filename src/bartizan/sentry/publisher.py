"""Tells edge processes of risks: when one differs from what they work out themselves, and only then."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from bartizan.detection.risk import Engine
from bartizan.detection.standing import GONE, Standing, publish
from bartizan.storage.state.interface import State

__all__ = ["Publisher"]

LEAST = 5.0  # points: less is told to nobody
STEP = 1.0  # points by which it has to differ
LONGEST = 30 * 86400.0  # seconds: a half-life is told as no more than that
LOOKS = 2000  # standings that are looked at again in a second


class Publisher:
    """``source`` names this sentry. What the state does not take is told later."""

    def __init__(self, state: State, engine: Engine, source: str) -> None:
        self._state = state
        self._engine = engine
        self._source = source
        self._told: OrderedDict[str, Standing] = OrderedDict()
        self._waiting: set[str] = set()

    def __len__(self) -> int:
        return len(self._told)

    async def tell(self, actors: Iterable[str], now: float) -> int:
        """Tell of these actors what is new; returns of how many. Raises ``StateError``: they are told next time."""
        self._waiting.update(actors)
        news = [each for key in self._waiting if (each := self._news(key, now)) is not None]
        if news:
            await publish(self._state, news)
        self._waiting.clear()
        for standing in news:
            if standing.score < GONE:
                self._told.pop(standing.actor, None)
            else:
                self._told[standing.actor] = standing
        return len(news)

    async def look_again(self, now: float) -> int:
        """Tell of actors whose risk has come to differ by time alone: some of those that were told, in turn."""
        keys = []
        for _ in range(min(LOOKS, len(self._told))):
            key, standing = self._told.popitem(last=False)
            self._told[key] = standing
            keys.append(key)
        return await self.tell(keys, now)

    def _news(self, key: str, now: float) -> Standing | None:
        score, told = self._engine.score(key, now), self._told.get(key)
        if told is None:
            if score < LEAST:
                return None
        elif score >= GONE and abs(score - told.now(now)) < STEP:
            return None
        if score < GONE:
            return Standing(key, 0.0, now, 1.0, self._source, "")
        half_life = min(LONGEST, self._engine.half_life(key, now))
        return Standing(key, score, now, half_life, self._source, self._engine.explain(key, now).brief(200))
