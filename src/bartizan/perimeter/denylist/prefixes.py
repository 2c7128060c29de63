"""Large sets of networks, looked up in about a microsecond. ``columns.py`` tells how."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from bartizan.perimeter.denylist.columns import LOW, Columns, compile_columns
from bartizan.perimeter.denylist.image import map_image
from bartizan.perimeter.denylist.lists import Networks, format_network

__all__ = ["Match", "PrefixSet"]


class Match(NamedTuple):
    """A listed network and where it is listed; ``line`` counts from 1, and is 0 where ``source`` is no file."""

    network: str
    source: str
    line: int


class PrefixSet:
    """An immutable set of IPv4 and IPv6 networks. Its length is the number of networks it was made from."""

    __slots__ = (
        "__weakref__",
        "_columns",
        "_v4_first",
        "_v4_index",
        "_v4_length",
        "_v4_shift",
        "_v6_begin",
        "_v6_group",
        "_v6_length",
        "_v6_low",
    )

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._v4_index = columns.v4_index
        self._v4_shift = 33 - (len(columns.v4_index) - 1).bit_length()
        self._v4_first = columns.v4_first
        self._v4_length = columns.v4_length
        pairs = memoryview(columns.v6_groups)
        self._v6_group, self._v6_begin = pairs[:-2:2], pairs[1::2]
        self._v6_low = columns.v6_low
        self._v6_length = columns.v6_length

    @classmethod
    def of(cls, networks: Iterable[str]) -> PrefixSet:
        """Return the set of addresses and networks in CIDR text; raises ``ValueError`` for anything else."""
        read = Networks.of(networks)
        if read.rejected:
            raise ValueError("; ".join(map(str, read.rejected)))
        return cls(compile_columns(read))

    @classmethod
    def open(cls, file: Path) -> PrefixSet:
        """Map a compiled set; raises ``PrefixSetError`` or ``OSError``."""
        return cls(map_image(file))

    @property
    def key(self) -> bytes:
        """What its file is kept under; empty for a set in memory."""
        return self._columns.key

    def match(self, version: int, number: int) -> bool:
        """Tell whether an address is in the set: ``version`` 4 or 6, ``number`` the address as an integer."""
        return self.row(version, number) >= 0

    def find(self, version: int, number: int) -> Match | None:
        """Return the widest listed network that holds an address, with its place, or None."""
        row = self.row(version, number)
        return None if row < 0 else self.at(version, row)

    def at(self, version: int, row: int) -> Match:
        """Return the network in a row that ``row`` found."""
        columns = self._columns
        if version == 4:
            first, length = columns.v4_first[row], columns.v4_length[row]
            source, line = columns.v4_source[row], columns.v4_line[row]
        else:
            group = bisect_right(self._v6_begin, row << 8 | 0xFF) - 1
            first, length = self._v6_group[group] << 64 | columns.v6_low[row], columns.v6_length[row]
            source, line = columns.v6_source[row], columns.v6_line[row]
        name, is_file = columns.sources[source]
        return Match(format_network(version, first, length), name, line if is_file else 0)

    def __len__(self) -> int:
        return self._columns.size

    def row(self, version: int, number: int) -> int:
        """Return the row of the network that holds an address, or -1: ``match`` for those who then ask ``at``."""
        if version == 4:
            index, firsts = self._v4_index, self._v4_first
            bucket = number >> self._v4_shift
            row = bisect_right(firsts, number, index[bucket], index[bucket + 1]) - 1
            return row if row >= 0 and not (number ^ firsts[row]) >> (32 - self._v4_length[row]) else -1
        if version != 6:
            return -1
        groups, high = self._v6_group, number >> 64
        group = bisect_right(groups, high) - 1
        if group < 0:
            return -1
        begin = self._v6_begin[group]
        row, length = begin >> 8, begin & 0xFF
        if length <= 64:
            return -1 if (high ^ groups[group]) >> (64 - length) else row
        if groups[group] != high:
            return -1
        low, lows = number & LOW, self._v6_low
        at = bisect_right(lows, low, row, self._v6_begin[group + 1] >> 8) - 1
        return at if at >= row and not (low ^ lows[at]) >> (128 - self._v6_length[at]) else -1
