"""Tells edge processes of risks: when one differs from what they work out themselves, and only then."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable

from bartizan.detection.risk import Engine
from bartizan.detection.standing import GONE, Standing, publish, published
from bartizan.storage.state.interface import State

__all__ = ["Publisher"]

LEAST = 5.0  # points: less is told to nobody
STEP = 1.0  # points by which it has to differ
LONGEST = 30 * 86400.0  # seconds: a half-life is told as no more than that
PIECE = 100  # actors that are looked at before others have their turn
LOOKS = 2000  # standings that are looked at again in a second


class Publisher:
    """``source`` names this sentry. What the state does not take is told later."""

    def __init__(self, state: State, engine: Engine, source: str) -> None:
        self._state = state
        self._engine = engine
        self._source = source
        self._told: OrderedDict[str, Standing] = OrderedDict()
        self._waiting: set[str] = set()
        self._recalled = False
        self._again: set[str] = set()
        """Who is told whether anything is new or not."""
        self._mark = b"sentry/" + source.encode()
        """In the state while it has what was told: one that comes back empty has not."""

    def __len__(self) -> int:
        return len(self._told)

    async def tell(self, actors: Iterable[str], now: float) -> int:
        """Tell of these actors what is new; returns of how many. Raises ``StateError``: they are told next time."""
        self._waiting.update(actors)
        if not self._recalled:
            await self._recall()
        count, waiting = 0, list(self._waiting)
        for first in range(0, len(waiting), PIECE):
            piece = waiting[first : first + PIECE]
            news = [each for key in piece if (each := self._news(key, now)) is not None]
            if news:
                await publish(self._state, news)
            self._waiting.difference_update(piece)
            self._again.difference_update(piece)
            self._note(news)
            count += len(news)
            await asyncio.sleep(0)
        return count

    async def look_again(self, now: float) -> int:
        """Tell of actors whose risk has come to differ by time alone: some of those that were told, in turn.

        All are told again where the state has lost them.
        """
        if await self._state.add(self._mark, b"") and self._recalled:
            self._waiting.update(self._told)
            self._again = set(self._told)
        keys = []
        for _ in range(min(LOOKS, len(self._told))):
            key, standing = self._told.popitem(last=False)
            self._told[key] = standing
            keys.append(key)
        return await self.tell(keys, now)

    async def _recall(self) -> None:
        """Read what edges were told before this process: it may be more than there is now."""
        async for standing in published(self._state):
            if standing.source == self._source:
                self._told[standing.actor] = standing
        self._recalled = True

    def _note(self, news: Iterable[Standing]) -> None:
        for standing in news:
            if standing.score < GONE:
                self._told.pop(standing.actor, None)
            else:
                self._told[standing.actor] = standing

    def _news(self, key: str, now: float) -> Standing | None:
        score, told = self._engine.score(key, now), self._told.get(key)
        if told is None:
            if score < LEAST:
                return None
        elif score >= GONE and abs(score - told.now(now)) < STEP and key not in self._again:
            return None
        if score < GONE:
            return Standing.withdrawn(key, self._source, now)
        half_life = min(LONGEST, self._engine.half_life(key, now))
        return Standing(key, score, now, half_life, self._source, self._engine.explain(key, now).brief(200))
