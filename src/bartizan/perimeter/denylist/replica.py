"""Bans as one process keeps them: what an exchange is looked up in. Pure data: no state, no clock."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from math import inf
from typing import NamedTuple

import msgspec

from bartizan.perimeter.denylist.lists import Network, parse_network

__all__ = ["Ban", "Replica", "Target", "parse_target"]

PURGE = 1000  # expired bans that one look for them removes at most


class Target(NamedTuple):
    """A network: IP version, prefix length in bits, and the network's bits as an integer."""

    version: int
    length: int
    bits: int

    @classmethod
    def of(cls, network: Network) -> Target:
        """Return a network as a target."""
        width = 32 if network.version == 4 else 128
        return cls(network.version, network.length, network.first >> (width - network.length))


class Ban(msgspec.Struct, frozen=True, gc=False):
    """A banned network in CIDR text; times are Unix time in seconds, ``expires`` is None for until it is lifted."""

    network: str
    reason: str
    made_by: str
    made_at: float
    expires: float | None = None


def parse_target(text: str) -> tuple[Target, str]:
    """Return the target and its canonical text; raises ``ValueError``."""
    network = parse_network(text)
    return Target.of(network), str(network)


class Replica:
    """Bans by prefix length, at most ``maximum``: past that, those that end soonest are dropped."""

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._tables: dict[tuple[int, int], dict[int, Ban]] = {}
        self._by_version: dict[int, tuple[tuple[int, dict[int, Ban]], ...]] = {}
        self._ends: list[tuple[float, Target]] = []
        """A heap; what has been lifted or replaced since is passed over."""
        self._count = 0
        self.dropped = 0
        """How many bans did not fit."""

    def __len__(self) -> int:
        return self._count

    def match(self, version: int, number: int, now: float) -> Ban | None:
        """Return the ban that an address is under at ``now``, of the narrowest network, or None."""
        for shift, table in self._by_version.get(version, ()):
            ban = table.get(number >> shift)
            if ban is not None and (ban.expires is None or ban.expires > now):
                return ban
        return None

    def put(self, ban: Ban) -> None:
        """Add a ban, or replace the one of the same network. Raises ``ValueError`` if it names no network."""
        target, _ = parse_target(ban.network)
        table = self._tables.get(target[:2])
        if table is None:
            table = self._tables[target[:2]] = {}
            self._arrange()
        self._count += target.bits not in table
        table[target.bits] = ban
        heappush(self._ends, (_end(ban), target))
        if len(self._ends) > 2 * self._count + PURGE:
            self._ends = [(_end(ban), target) for target, ban in self._all()]
            heapify(self._ends)
        while self._count > self._maximum:
            self.dropped += self._drop_first()

    def remove(self, network: str) -> None:
        """Forget a ban; it is no error if there is none. Raises ``ValueError`` if it is no network."""
        self._forget(parse_target(network)[0])

    def purge(self, now: float) -> None:
        """Forget bans that have ended, at most ``PURGE`` of them."""
        for _ in range(PURGE):
            if not self._ends or self._ends[0][0] > now:
                return
            self._drop_first()

    def _drop_first(self) -> bool:
        """Take the first entry off the heap, and forget its ban unless that ends at another time by now."""
        end, target = heappop(self._ends)
        ban = self._tables.get(target[:2], {}).get(target.bits)
        if ban is None or _end(ban) != end:
            return False
        self._forget(target)
        return True

    def _forget(self, target: Target) -> None:
        table = self._tables.get(target[:2])
        if table is None or table.pop(target.bits, None) is None:
            return
        self._count -= 1
        if not table:
            del self._tables[target[:2]]
            self._arrange()

    def _arrange(self) -> None:
        """Order tables as they are searched: narrow networks first."""
        for version, width in ((4, 32), (6, 128)):
            lengths = sorted((length for of, length in self._tables if of == version), reverse=True)
            self._by_version[version] = tuple((width - length, self._tables[version, length]) for length in lengths)

    def _all(self) -> list[tuple[Target, Ban]]:
        return [(Target(*kind, bits), ban) for kind, table in self._tables.items() for bits, ban in table.items()]


def _end(ban: Ban) -> float:
    return inf if ban.expires is None else ban.expires
