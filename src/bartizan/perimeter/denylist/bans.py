"""Bans made at run time: kept in the shared state, with a replica in every edge process that needs no I/O.

A ban is one entry under its network, and one message in the feed ``bans``. A replica is filled by a scan and then
follows the feed, so that a ban made anywhere is in force everywhere within ``POLL`` seconds and what the state needs
for it; it ends by its own time. A full scan now and then makes up for messages that were missed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

import msgspec
from structlog.typing import FilteringBoundLogger

from bartizan.errors import StateError
from bartizan.perimeter.denylist.lists import parse_network
from bartizan.pipeline import Client
from bartizan.storage.state.interface import State

__all__ = ["Ban", "BanList", "Bans", "Target", "parse_target"]

POLL = 0.2  # seconds between two looks at the feed
RESCAN = 60.0  # seconds between two full scans
FEED_KEEP = 600.0  # seconds that a message can be read
MAX_BANS = 1_000_000
_PREFIX = b"ban/"
_TOPIC = b"bans"


class Target(NamedTuple):
    """A network: IP version, prefix length in bits, and the network's bits as an integer."""

    version: int
    length: int
    bits: int

    @property
    def key(self) -> bytes:
        """Where its ban is kept."""
        return _PREFIX + b"%d/%d/%x" % self


class Ban(msgspec.Struct, frozen=True):
    """A banned network in CIDR text; ``expires`` is Unix time in seconds, or None for until it is lifted."""

    network: str
    reason: str
    made_by: str
    made_at: float
    expires: float | None = None


class _Change(msgspec.Struct):
    """A message of the feed: a ban, or its end."""

    network: str
    ban: Ban | None = None


def parse_target(text: str) -> tuple[Target, str]:
    """Return the target and its canonical text; raises ``ValueError``."""
    version, (first, last) = parse_network(text)
    bits = 32 if version == 4 else 128
    length = bits - (last - first).bit_length()
    address, _, _ = text.partition("/")
    if version == 4 and ":" in address:
        address = address.rpartition(":")[2]
    return Target(version, length, first >> (bits - length)), f"{address}/{length}"


class BanList:
    """Makes, lifts and lists bans in the shared state."""

    def __init__(self, state: State, clock: Callable[[], float] = time.time) -> None:
        self._state = state
        self._clock = clock

    async def ban(self, network: str, *, reason: str, made_by: str, duration: float | None) -> Ban:
        """Ban a network for ``duration`` seconds, or until it is lifted; replaces a ban of the same network."""
        target, text = parse_target(network)
        now = self._clock()
        ban = Ban(text, reason[:500], made_by[:100], now, None if duration is None else now + duration)
        await self._state.put(target.key, msgspec.msgpack.encode(ban), duration)
        await self._state.publish(_TOPIC, msgspec.msgpack.encode(_Change(text, ban)), FEED_KEEP)
        return ban

    async def unban(self, network: str) -> bool:
        """Lift the ban of exactly this network; tells whether there was one."""
        target, text = parse_target(network)
        lifted = await self._state.delete(target.key)
        if lifted:
            await self._state.publish(_TOPIC, msgspec.msgpack.encode(_Change(text)), FEED_KEEP)
        return lifted

    async def all(self) -> list[Ban]:
        """Return every ban in force, the newest last."""
        bans = [msgspec.msgpack.decode(entry.value, type=Ban) async for entry in self._state.scan(_PREFIX)]
        return sorted(bans, key=lambda ban: ban.made_at)


class Bans:
    """The replica of one edge process. ``match`` is for the path of an exchange."""

    def __init__(self, state: State, log: FilteringBoundLogger) -> None:
        self._state = state
        self._list = BanList(state)
        self._log = log
        self._tables: dict[tuple[int, int], dict[int, Ban]] = {}
        self._cursor: bytes | None = None

    def match(self, client: Client, now: float) -> Ban | None:
        """Return the ban that an address is under at ``now`` (Unix time in seconds), or None."""
        if not self._tables:
            return None
        bits = 32 if client.version == 4 else 128
        for (version, length), table in self._tables.items():
            if version == client.version:
                ban = table.get(client.number >> (bits - length))
                if ban is not None and (ban.expires is None or ban.expires > now):
                    return ban
        return None

    async def load(self) -> None:
        """Fill the replica from the shared state; raises ``StateError``."""
        messages = await self._state.read(_TOPIC, None, 100_000)
        cursor = messages[-1].cursor if messages else None
        tables: dict[tuple[int, int], dict[int, Ban]] = {}
        count = 0
        async for entry in self._state.scan(_PREFIX):
            ban = msgspec.msgpack.decode(entry.value, type=Ban)
            count += 1
            if count > MAX_BANS:
                self._log.error("more bans than are kept in memory, the rest has no effect", limit=MAX_BANS)
                break
            _put(tables, ban)
        self._tables, self._cursor = tables, cursor

    async def follow(self) -> None:
        """Keep the replica up to date until cancelled; what it knows stays in force while the state is unreachable."""
        failing = False
        rescan_at = time.monotonic() + RESCAN
        while True:
            await asyncio.sleep(POLL)
            try:
                if time.monotonic() > rescan_at:
                    await self.load()
                    rescan_at = time.monotonic() + RESCAN
                await self._catch_up()
                failing = False
            except StateError as error:
                if not failing:
                    self._log.error("bans cannot be read, those known stay in force", error=str(error))
                failing = True

    async def _catch_up(self) -> None:
        while messages := await self._state.read(_TOPIC, self._cursor, 1000):
            for message in messages:
                self._apply(msgspec.msgpack.decode(message.payload, type=_Change))
            self._cursor = messages[-1].cursor

    def _apply(self, change: _Change) -> None:
        if change.ban is not None:
            _put(self._tables, change.ban)
            return
        target, _ = parse_target(change.network)
        table = self._tables.get(target[:2])
        if table is not None:
            table.pop(target.bits, None)
            if not table:
                del self._tables[target[:2]]


def _put(tables: dict[tuple[int, int], dict[int, Ban]], ban: Ban) -> None:
    target, _ = parse_target(ban.network)
    tables.setdefault(target[:2], {})[target.bits] = ban
