"""Bans made at run time: kept in the shared state, with a replica in every edge process that needs no I/O.

A ban is one entry under its network, and one message in the feed ``bans``. A replica is filled by a scan, then by what
the feed has had since before the scan, and then follows the feed: a ban made anywhere is in force everywhere within
``POLL`` seconds and what the state needs for it, and ends by its own time. Messages are applied in their order, and the
last one about a network wins, so that reading some twice does no harm. A full scan now and then makes up for messages
that were missed; it is done in pieces, beside the replica in force, which goes on following the feed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import msgspec
from structlog.typing import FilteringBoundLogger

from bartizan.errors import StateError
from bartizan.perimeter.denylist.lists import Network, parse_network
from bartizan.perimeter.denylist.replica import Ban, Replica
from bartizan.pipeline import Client
from bartizan.storage.state.interface import State

__all__ = ["BanList", "Bans"]

POLL = 0.2  # seconds between two looks at the feed
RESCAN = 60.0  # seconds between two full scans
FEED_KEEP = 600.0  # seconds that a message can be read
MAX_BANS = 100_000
MAX_REASON = 500  # characters
MAX_NAME = 100  # characters
_PIECE = 100  # entries or messages that are taken in without giving way to exchanges
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
        self._state = state
        self._log = log
        self._maximum = maximum
        self._clock = clock
        self._replica = Replica(maximum)
        self._cursor: bytes | None = None
        self._decode_ban = msgspec.msgpack.Decoder(Ban).decode
        self._decode_change = msgspec.msgpack.Decoder(_Change).decode

    def __len__(self) -> int:
        return len(self._replica)

    def match(self, client: Client, now: float) -> Ban | None:
        """Return the ban that a client is under at ``now`` (Unix time in seconds), or None."""
        return self._replica.match(client.version, client.number, now)

    async def load(self) -> None:
        """Fill a new replica from the shared state and put it in force; raises ``StateError``."""
        fresh, cursor = Replica(self._maximum), self._cursor
        poll_at = time.monotonic() + POLL
        taken = 0
        async for entry in self._state.scan(_PREFIX):
            self._take(entry.value, fresh)
            taken += 1
            if taken % _PIECE == 0:
                await asyncio.sleep(0)
                if time.monotonic() > poll_at:
                    await self.catch_up()
                    poll_at = time.monotonic() + POLL
        cursor = await self._replay(fresh, cursor)
        old, self._replica, self._cursor = self._replica, fresh, cursor
        self._tell(fresh)
        while old.shrink():  # noqa: ASYNC110 - it is no waiting: what is large goes in pieces
            await asyncio.sleep(0)

    async def catch_up(self) -> None:
        """Take in what the feed has had since the last time, and forget what has ended; raises ``StateError``."""
        replica = self._replica
        self._cursor = await self._replay(replica, self._cursor)
        replica.purge(self._clock())
        self._tell(replica)

    async def follow(self) -> None:
        """Keep the replica up to date until cancelled; what it knows stays in force while the state is unreachable."""
        failing = False
        rescan_at = time.monotonic() + RESCAN
        while True:
            await asyncio.sleep(POLL)
            try:
                if time.monotonic() > rescan_at or failing:
                    await self.load()
                    rescan_at = time.monotonic() + RESCAN
                await self.catch_up()
                failing = False
            except Exception as error:  # noqa: BLE001 - bans have to be followed on, whatever an engine raises
                if not failing:
                    expected = isinstance(error, StateError)
                    self._log.error("bans cannot be read, those known stay in force", error=str(error),
                                    exc_info=not expected)  # fmt: skip
                failing = True

    async def _replay(self, replica: Replica, cursor: bytes | None) -> bytes | None:
        """Apply all messages after ``cursor``; returns the last one's."""
        while messages := await self._state.read(_TOPIC, cursor, _PIECE):
            for message in messages:
                self._apply(message.payload, replica)
            cursor = messages[-1].cursor
            await asyncio.sleep(0)
        return cursor

    def _tell(self, replica: Replica) -> None:
        if replica.dropped:
            self._log.error(
                "more bans than are kept, those that end soonest have no effect here",
                limit=self._maximum,
                dropped=replica.dropped,
            )
            replica.dropped = 0

    def _take(self, value: bytes, replica: Replica) -> None:
        try:
            replica.put(self._decode_ban(value))
        except (msgspec.MsgspecError, ValueError) as error:
            self._log.error("a ban in the shared state cannot be read, it has no effect", error=str(error))

    def _apply(self, payload: bytes, replica: Replica) -> None:
        try:
            change = self._decode_change(payload)
            if change.ban is None:
                replica.remove(change.network)
            else:
                replica.put(change.ban)
        except (msgspec.MsgspecError, ValueError) as error:
            self._log.error("a message about bans cannot be read, it has no effect", error=str(error))


def _key(network: Network) -> bytes:
    version, first, length = network
    return _PREFIX + b"%d/%d/%x" % (version, length, first >> ((32 if version == 4 else 128) - length))
