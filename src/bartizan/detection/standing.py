"""How risky actors are, as the sentry publishes it: kept in the shared state, with a replica in every edge process.

A standing is one entry per source and actor, and one item of a message in the feed ``risk``. It decays by itself, so a
replica (``storage/state/following.py``) needs to hear of an actor again only when there is something new. What it
knows stays in force while the state or the sentry is away.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from itertools import islice

import msgspec
from structlog.typing import FilteringBoundLogger

from bartizan.detection.actors import MAX_KEY
from bartizan.storage.state.following import Followed, Following
from bartizan.storage.state.interface import State

__all__ = ["GONE", "Standing", "Standings", "publish", "published"]

POLL = 0.1  # seconds between two looks at the feed
FEED_KEEP = 600.0  # seconds that a message can be read
MAX_ACTORS = 250_000
MAX_BECAUSE = 200  # characters
GONE = 1.0
"""A score below this is none."""
_BATCH = 64  # standings in a message
_PIECE = 16  # messages that are taken in without giving way to exchanges
_ENTRIES = 100  # the same of entries
_LOOKED_AT = 16  # actors of whom the weakest goes when there are too many
_PREFIX = b"risk/"
_TOPIC = b"risk"


class Standing(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The risk of an actor as a source (a sentry) sees it.

    ``actor`` is its key (``address:192.0.2.7``), ``score`` from 0 to 100 at ``at`` (Unix seconds), halved with every
    ``half_life`` (seconds) since; ``because`` says what contributed most, in at most 200 characters.
    """

    actor: str
    score: float
    at: float
    half_life: float
    source: str
    because: str

    @classmethod
    def withdrawn(cls, actor: str, source: str, now: float = 0.0) -> Standing:
        """Return what has edge processes forget what a source has published of an actor."""
        return cls(actor, 0.0, now, 1.0, source, "")

    def now(self, time: float) -> float:
        """Return the score at a time, in Unix seconds; no more than it was published with."""
        gone = time - self.at
        return self.score * 0.5 ** (gone / self.half_life) if gone > 0.0 else self.score


async def publish(state: State, standings: Sequence[Standing], keep: float = FEED_KEEP) -> None:
    """Make standings known to every edge process; messages can be read for ``keep`` seconds. Raises ``StateError``."""
    for first in range(0, len(standings), _BATCH):
        batch = standings[first : first + _BATCH]
        for standing in batch:
            key = _key(standing.source, standing.actor)
            if standing.score < GONE:
                await state.delete(key)
            else:
                lasts = standing.half_life * math.log2(standing.score / GONE)
                await state.put(key, msgspec.msgpack.encode(standing), max(1.0, lasts))
        await state.publish(_TOPIC, msgspec.msgpack.encode(batch), keep)


async def published(state: State) -> AsyncIterator[Standing]:
    """Yield all that is published and was not withdrawn; what makes no sense is left out. Raises ``StateError``."""
    decode = msgspec.msgpack.Decoder(Standing).decode
    async for entry in state.scan(_PREFIX):
        try:
            standing = decode(entry.value)
            _check(standing)
        except (msgspec.MsgspecError, ValueError):
            continue
        yield standing


class Standings:
    """The standings of all actors in one edge process, at most ``maximum`` actors. Lookups do no I/O.

    ``clock`` is Unix time in seconds.
    """

    def __init__(
        self,
        state: State,
        log: FilteringBoundLogger,
        clock: Callable[[], float] = time.time,
        *,
        maximum: int = MAX_ACTORS,
    ) -> None:
        self._log = log
        self._clock = clock
        self._maximum = maximum
        self._dropped = 0
        self._decode = msgspec.msgpack.Decoder(Standing).decode
        self._decode_batch = msgspec.msgpack.Decoder(list[Standing]).decode
        followed: Followed[_Held] = Followed(
            "risks", _PREFIX, _TOPIC, OrderedDict, self._take, self._apply, self._tell, _shrink, POLL, _PIECE
        )
        self._following = Following(state, log, followed)

    def __len__(self) -> int:
        return len(self._following.held)

    def score(self, key: str, now: float) -> float:
        """Return the risk of an actor at ``now``, 0 to 100: the highest that any source sees."""
        held = self._following.held.get(key)
        return 0.0 if held is None else max(standing.now(now) for standing in held)

    def highest(self, keys: Iterable[str], now: float) -> Standing | None:
        """Return the standing of whichever of these actors is the riskiest at ``now``, or None if none has a risk."""
        best, most, held = None, 0.0, self._following.held
        for key in keys:
            for standing in held.get(key, ()):
                score = standing.now(now)
                if score > most:
                    best, most = standing, score
        return best

    async def load(self) -> None:
        """Fill a new replica from the shared state and put it in force; raises ``StateError``."""
        await self._following.load()

    async def catch_up(self) -> None:
        """Take in what the feed has had since the last time; raises ``StateError``."""
        await self._following.catch_up()

    async def follow(self) -> None:
        """Keep the replica up to date until cancelled; what it knows stays in force while the state is away."""
        await self._following.follow()

    def _take(self, held: _Held, value: bytes) -> None:
        self._put(self._decode(value), held)

    def _apply(self, held: _Held, payload: bytes) -> None:
        """Take in a message; what of it makes no sense keeps nothing else of it out."""
        refused = None
        for standing in self._decode_batch(payload):
            try:
                self._put(standing, held)
            except ValueError as error:
                refused = error
        if refused is not None:
            raise refused

    def _put(self, standing: Standing, held: _Held) -> None:
        _check(standing)
        actor = standing.actor
        known = held.get(actor, ())
        others = tuple(each for each in known if each.source != standing.source)
        if standing.score >= GONE:
            if known or len(held) < self._maximum or self._make_room(standing, held):
                held[actor] = (standing, *others)
        elif others:
            held[actor] = others
        elif known:
            del held[actor]

    def _make_room(self, standing: Standing, held: _Held) -> bool:
        """Drop the weakest of a few, or tell that the new one is weaker; next time others are looked at."""
        now = self._clock()
        looked_at = list(islice(held, _LOOKED_AT))
        for actor in looked_at:
            held.move_to_end(actor)
        weakest = min(looked_at, key=lambda actor: max(each.now(now) for each in held[actor]))
        self._dropped += 1
        if standing.now(now) <= max(each.now(now) for each in held[weakest]):
            return False
        del held[weakest]
        return True

    def _tell(self, _: _Held) -> None:
        if self._dropped:
            self._log.error(
                "more actors have a risk than are kept, the least risky have none here",
                limit=self._maximum,
                dropped=self._dropped,
            )
            self._dropped = 0


_Held = OrderedDict[str, tuple[Standing, ...]]


def _shrink(held: _Held) -> bool:
    for _ in range(min(len(held), _ENTRIES)):
        held.popitem()
    return bool(held)


def _check(standing: Standing) -> None:
    """Raise ``ValueError`` for what cannot be a standing."""
    if not (
        0.0 <= standing.score <= 100.0
        and 0.0 < standing.half_life < math.inf
        and math.isfinite(standing.at)
        and 0 < len(standing.actor) <= MAX_KEY
        and len(standing.source) <= MAX_BECAUSE
        and len(standing.because) <= MAX_BECAUSE
    ):
        raise ValueError(f"not a risk: {str(standing)[:200]}")


def _key(source: str, actor: str) -> bytes:
    return _PREFIX + f"{source}/{actor}".encode("utf-8", "surrogatepass")
