"""Bans as one process keeps them: what an exchange is looked up in. Pure data: no state, no clock."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from itertools import islice
from math import inf

import msgspec

from bartizan.perimeter.denylist.lists import parse_network

__all__ = ["Ban", "Replica"]

PURGE = 1000  # bans that are removed at once, at most

_Kind = tuple[int, int]
"""IP version, prefix length."""
_End = tuple[float, _Kind, int]
"""When a ban ends, and its place. Plain tuples, which the garbage collector learns to leave alone."""


class Ban(msgspec.Struct, frozen=True, gc=False):
    """A banned network in CIDR text; times are Unix time in seconds, ``expires`` is None for until it is lifted."""

    network: str
    reason: str
    made_by: str
    made_at: float
    expires: float | None = None


class Replica:
    """Bans by prefix length, at most ``maximum``: past that, those that end soonest are dropped."""

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._tables: dict[_Kind, dict[int, Ban]] = {}
        self._by_version: dict[int, tuple[tuple[int, dict[int, Ban]], ...]] = {}
        self._ends: list[_End] = []
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
        kind, bits = _place(ban.network)
        table = self._tables.get(kind)
        if table is None:
            table = self._tables[kind] = {}
            self._arrange()
        self._count += bits not in table
        table[bits] = ban
        heappush(self._ends, (_end(ban), kind, bits))
        if len(self._ends) > 2 * self._count + PURGE:
            self._ends = [
                (_end(ban), kind, bits) for kind, table in self._tables.items() for bits, ban in table.items()
            ]
            heapify(self._ends)
        while self._count > self._maximum:
            self.dropped += self._drop_first()

    def remove(self, network: str) -> None:
        """Forget a ban; it is no error if there is none. Raises ``ValueError`` if it is no network."""
        self._forget(*_place(network))

    def purge(self, now: float) -> None:
        """Forget bans that have ended, at most ``PURGE`` of them."""
        for _ in range(PURGE):
            if not self._ends or self._ends[0][0] > now:
                return
            self._drop_first()

    def shrink(self) -> bool:
        """Forget some bans, so that a large replica does not go all at once; tells whether there are more."""
        for kind in list(self._tables)[:1]:
            table = self._tables[kind]
            for bits in list(islice(table, PURGE)):
                self._forget(kind, bits)
        del self._ends[-2 * PURGE :]
        return bool(self._tables or self._ends)

    def _drop_first(self) -> bool:
        """Take the first entry off the heap, and forget its ban unless that ends at another time by now."""
        end, kind, bits = heappop(self._ends)
        ban = self._tables.get(kind, {}).get(bits)
        if ban is None or _end(ban) != end:
            return False
        self._forget(kind, bits)
        return True

    def _forget(self, kind: _Kind, bits: int) -> None:
        table = self._tables.get(kind)
        if table is None or table.pop(bits, None) is None:
            return
        self._count -= 1
        if not table:
            del self._tables[kind]
            self._arrange()

    def _arrange(self) -> None:
        """Order tables as they are searched: narrow networks first."""
        for version, width in ((4, 32), (6, 128)):
            lengths = sorted((length for of, length in self._tables if of == version), reverse=True)
            self._by_version[version] = tuple((width - length, self._tables[version, length]) for length in lengths)


def _place(network: str) -> tuple[_Kind, int]:
    """Return IP version with prefix length, and the bits of the prefix."""
    version, first, length = parse_network(network)
    return (version, length), first >> ((32 if version == 4 else 128) - length)


def _end(ban: Ban) -> float:
    return inf if ban.expires is None else ban.expires
