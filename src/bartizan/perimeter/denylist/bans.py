"""Bans made at run time: kept in the shared state, with a replica in every edge process that needs no I/O.

A ban is one entry under its network, and one message in the feed ``bans``, of which the last one about a network wins.
The replica follows (``storage/state/following.py``): a ban made anywhere is in force everywhere within ``POLL`` seconds
and what the state needs for it, and ends by its own time.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
from structlog.typing import FilteringBoundLogger

from bartizan.perimeter.denylist.lists import Network, parse_network
from bartizan.perimeter.denylist.replica import Ban, Replica
from bartizan.pipeline import Client
from bartizan.storage.state.following import POLL, Followed, Following
from bartizan.storage.state.interface import State

__all__ = ["BanList", "Bans"]

FEED_KEEP = 600.0  # seconds that a message can be read
MAX_BANS = 100_000
MAX_REASON = 500  # characters
MAX_NAME = 100  # characters
_PREFIX = b"ban/"
_TOPIC = b"bans"


class _Change(msgspec.Struct):
    """A message of the feed: a ban, or its end."""

    network: str
    ban: Ban | None = None


class BanList:
    """Makes, lifts and lists bans in the shared state; ``clock`` is Unix time in seconds."""

    def __init__(self, state: State, clock: Callable[[], float] = time.time) -> None:
        self._state = state
        self._clock = clock

    async def ban(self, network: str, *, reason: str, made_by: str, duration: float | None) -> Ban:
        """Ban a network for ``duration`` seconds, or until it is lifted; replaces a ban of the same network.

        Raises ``ValueError`` for what is no network or no duration, ``StateError`` if the state cannot be written.
        """
        target = parse_network(network)
        text = str(target)
        if duration is not None and not duration > 0:
            raise ValueError(f"a ban lasts longer than 0 seconds, not {duration:g}")
        now = self._clock()
        ban = Ban(text, reason[:MAX_REASON], made_by[:MAX_NAME], now, None if duration is None else now + duration)
        await self._state.put(_key(target), msgspec.msgpack.encode(ban), duration)
        await self._state.publish(_TOPIC, msgspec.msgpack.encode(_Change(text, ban)), FEED_KEEP)
        return ban

    async def unban(self, network: str) -> bool:
        """Lift the ban of exactly this network; tells whether there was one. Raises as ``ban`` does."""
        target = parse_network(network)
        lifted = await self._state.delete(_key(target))
        if lifted:
            await self._state.publish(_TOPIC, msgspec.msgpack.encode(_Change(str(target))), FEED_KEEP)
        return lifted

    async def all(self) -> list[Ban]:
        """Return every ban in force, the newest last. Raises ``StateError``."""
        bans = [msgspec.msgpack.decode(entry.value, type=Ban) async for entry in self._state.scan(_PREFIX)]
        return sorted(bans, key=lambda ban: ban.made_at)


class Bans:
    """The bans of one edge process, at most ``maximum``. ``match`` is for the path of an exchange.

    ``clock`` is Unix time in seconds.
    """

    def __init__(
        self,
        state: State,
        log: FilteringBoundLogger,
        *,
        maximum: int = MAX_BANS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._log = log
        self._maximum = maximum
        self._clock = clock
        self._decode_ban = msgspec.msgpack.Decoder(Ban).decode
        self._decode_change = msgspec.msgpack.Decoder(_Change).decode
        followed = Followed(
            "bans", _PREFIX, _TOPIC, self._fresh, self._take, self._apply, self._settled, Replica.shrink, POLL
        )
        self._following = Following(state, log, followed)

    def __len__(self) -> int:
        return len(self._following.held)

    def match(self, client: Client, now: float) -> Ban | None:
        """Return the ban that a client is under at ``now`` (Unix time in seconds), or None."""
        return self._following.held.match(client.version, client.number, now)

    async def load(self) -> None:
        """Fill a new replica from the shared state and put it in force; raises ``StateError``."""
        await self._following.load()

    async def catch_up(self) -> None:
        """Take in what the feed has had since the last time, and forget what has ended; raises ``StateError``."""
        await self._following.catch_up()

    async def follow(self) -> None:
        """Keep the replica up to date until cancelled; what it knows stays in force while the state is unreachable."""
        await self._following.follow()

    def _fresh(self) -> Replica:
        return Replica(self._maximum)

    def _take(self, replica: Replica, value: bytes) -> None:
        replica.put(self._decode_ban(value))

    def _apply(self, replica: Replica, payload: bytes) -> None:
        change = self._decode_change(payload)
        if change.ban is None:
            replica.remove(change.network)
        else:
            replica.put(change.ban)

    def _settled(self, replica: Replica) -> None:
        """Forget what has ended, and tell of what did not fit."""
        replica.purge(self._clock())
        if replica.dropped:
            self._log.error(
                "more bans than are kept, those that end soonest have no effect here",
                limit=self._maximum,
                dropped=replica.dropped,
            )
            replica.dropped = 0


def _key(network: Network) -> bytes:
    version, first, length = network
    return _PREFIX + b"%d/%d/%x" % (version, length, first >> ((32 if version == 4 else 128) - length))
