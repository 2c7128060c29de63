"""A set of networks as sorted columns of numbers: what look-ups search, and what a compiled file holds.

Networks in CIDR form never overlap in part: one contains the other or they have nothing in common. Without those that
another contains, sorted, they can hold an address only in the last one that begins at or below it. So a look-up is one
binary search and one comparison, and every row still is a network that somebody listed, with the place where.

IPv4: rows of first address and prefix length; an index by the leading bits narrows the search to a few rows.
IPv6: rows are grouped by the upper 64 bits of their first address. Groups are searched by these; a network of /64 or
shorter is alone in its group, longer ones are searched by their lower 64 bits within it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bartizan.perimeter.denylist.lists import Networks

__all__ = ["LOW", "Columns", "compile_columns"]

LOW = (1 << 64) - 1
_MAX_INDEX_BITS = 16
_BUCKET_BITS = 3  # a bucket of the index has about 2**3 rows or more


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns; those of one length are rows. Lines count from 1, sources are numbers in ``sources``."""

    v4_index: Sequence[int]
    """Per bucket of leading bits, the first row that is not below it; one more at the end."""
    v4_first: Sequence[int]
    v4_length: Sequence[int]
    v4_line: Sequence[int]
    v4_source: Sequence[int]
    v6_groups: array[int] | memoryview[int]
    """Two numbers per group, side by side so that one brings the other into the processor's cache: the upper 64 bits of
    its addresses; and its first row, shifted by eight, with the prefix length there. One more pair at the end."""
    v6_low: Sequence[int]
    v6_length: Sequence[int]
    v6_line: Sequence[int]
    v6_source: Sequence[int]
    sources: tuple[tuple[str, bool], ...]
    """Names, and whether they are files."""
    size: int
    """Networks read, with those that another contains."""
    key: bytes = b""
    """What the file is kept under, if there is one."""


def compile_columns(networks: Networks) -> Columns:
    """Return the columns of what was read from lists."""
    v4, v6 = _rows(sorted(networks.v4), 32), _rows(sorted(networks.v6), 128)
    bits = min(max(len(v4.firsts).bit_length() - _BUCKET_BITS, 0), _MAX_INDEX_BITS)
    buckets = range(0, (1 << 32) + 1, 1 << 32 - bits)
    return Columns(
        v4_index=array("I", [bisect_left(v4.firsts, bucket) for bucket in buckets]),
        v4_first=array("I", v4.firsts),
        v4_length=v4.lengths,
        v4_line=v4.lines,
        v4_source=v4.sources,
        v6_groups=_groups(v6),
        v6_low=array("Q", [first & LOW for first in v6.firsts]),
        v6_length=v6.lengths,
        v6_line=v6.lines,
        v6_source=v6.sources,
        sources=tuple((source.name, source.path is not None) for source in networks.sources),
        size=networks.count,
    )


class _Rows(NamedTuple):
    firsts: list[int]
    lengths: bytearray
    lines: array[int]
    sources: array[int]


def _rows(keys: list[int], width: int) -> _Rows:
    """Return the networks that no other contains."""
    firsts: list[int] = []
    lengths, lines, sources = bytearray(), array("I"), array("H")
    hosts = [(1 << width - length) - 1 for length in range(width + 1)]
    last = -1
    for key in keys:
        first = key >> 56
        if first > last:
            length = key >> 48 & 0xFF
            last = first | hosts[length]
            firsts.append(first)
            lengths.append(length)
            lines.append(key & 0xFFFFFFFF)
            sources.append(key >> 32 & 0xFFFF)
    return _Rows(firsts, lengths, lines, sources)


def _groups(rows: _Rows) -> array[int]:
    pairs = array("Q")
    last = -1
    for row, first in enumerate(rows.firsts):
        group = first >> 64
        if group != last:
            pairs.append(group)
            pairs.append(row << 8 | rows.lengths[row])
            last = group
    pairs.append(LOW)
    pairs.append(len(rows.firsts) << 8)
    return pairs
