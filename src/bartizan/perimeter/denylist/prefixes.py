"""Large sets of networks, looked up in about a microsecond and shared by all processes.

Networks are merged into sorted, disjoint ranges. A look-up is one binary search for the last range that begins at or
below the address. On disk, a set is the arrays themselves: every process maps the same file and copies nothing. IPv6
ranges keep their upper and lower 64 bits in arrays of their own; ranges are searched by upper half, and among those
that share it by lower half.
"""

from __future__ import annotations

import mmap
import os
import struct
import sys
import tempfile
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from operator import itemgetter
from pathlib import Path
from zlib import crc32

from bartizan.errors import BartizanError

__all__ = ["PrefixSet", "PrefixSetError", "Range", "merge"]

Range = tuple[int, int]
"""First and last address, as integers."""

_HEADER = struct.Struct("<8sIIQQQ")  # magic, byte order mark, checksum, IPv4 ranges, IPv6 ranges, networks
_MAGIC = b"BZPFX\0\0\x01"
_ORDER = 0x01020304 if sys.byteorder == "little" else 0x04030201
_LOW = (1 << 64) - 1


class PrefixSetError(BartizanError):
    """A compiled set is damaged or from another machine."""


def merge(ranges: Iterable[Range]) -> list[Range]:
    """Return sorted, disjoint ranges that cover the same addresses; neighbours become one."""
    merged: list[Range] = []
    first, last = -1, -2
    for low, high in sorted(ranges, key=itemgetter(0)):
        if low <= last + 1 and first >= 0:
            last = max(last, high)
            continue
        if first >= 0:
            merged.append((first, last))
        first, last = low, high
    if first >= 0:
        merged.append((first, last))
    return merged


class PrefixSet:
    """An immutable set of IPv4 and IPv6 addresses. ``size`` is the number of networks it was made from."""

    __slots__ = (
        "_map",
        "_v4_first",
        "_v4_last",
        "_v6_first_high",
        "_v6_first_low",
        "_v6_last_high",
        "_v6_last_low",
        "size",
    )

    def __init__(self, v4: Sequence[Range], v6: Sequence[Range], size: int) -> None:
        self._map: mmap.mmap | None = None
        self.size = size
        self._v4_first: Sequence[int] = array("I", [low for low, _ in v4])
        self._v4_last: Sequence[int] = array("I", [high for _, high in v4])
        self._v6_first_high: Sequence[int] = array("Q", [low >> 64 for low, _ in v6])
        self._v6_first_low: Sequence[int] = array("Q", [low & _LOW for low, _ in v6])
        self._v6_last_high: Sequence[int] = array("Q", [high >> 64 for _, high in v6])
        self._v6_last_low: Sequence[int] = array("Q", [high & _LOW for _, high in v6])

    def match(self, version: int, number: int) -> bool:
        """Tell whether an address is in the set: ``version`` 4 or 6, ``number`` the address as an integer."""
        if version == 4:
            at = bisect_right(self._v4_first, number) - 1
            return at >= 0 and number <= self._v4_last[at]
        if version != 6:
            return False
        high, low = number >> 64, number & _LOW
        at = bisect_right(self._v6_first_high, high) - 1
        if at < 0:
            return False
        if self._v6_first_high[at] == high:
            begin = bisect_left(self._v6_first_high, high, 0, at + 1)
            at = bisect_right(self._v6_first_low, low, begin, at + 1) - 1
            if at < 0:
                return False
        last_high = self._v6_last_high[at]
        return high < last_high or (high == last_high and low <= self._v6_last_low[at])

    def __len__(self) -> int:
        return self.size

    def save(self, target: Path) -> None:
        """Write the set to a file that ``open`` maps; the file appears whole or not at all."""
        body = b"".join(bytes(memoryview(part).cast("B")) for part in self._parts() if len(part))  # type: ignore[arg-type]
        header = _HEADER.pack(_MAGIC, _ORDER, crc32(body), len(self._v4_first), len(self._v6_first_high), self.size)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
            try:
                file.write(header + body)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).replace(target)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise

    @classmethod
    def open(cls, source: Path) -> PrefixSet:
        """Map a file that ``save`` wrote; raises ``PrefixSetError`` or ``OSError``."""
        with source.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        view = memoryview(mapped)
        if len(view) < _HEADER.size:
            raise PrefixSetError(f"{source} is not a compiled prefix set: it is too short")
        magic, order, checksum, v4, v6, size = _HEADER.unpack_from(view)
        expected = _HEADER.size + v4 * 8 + v6 * 32
        if magic != _MAGIC or order != _ORDER or len(view) != expected or crc32(view[_HEADER.size :]) != checksum:
            raise PrefixSetError(f"{source} is damaged or from another machine; delete it, it is compiled anew")
        opened = cls((), (), size)
        opened._map = mapped
        at = _HEADER.size
        opened._v4_first = view[at : at + v4 * 4].cast("I")
        opened._v4_last = view[at + v4 * 4 : at + v4 * 8].cast("I")
        at += v4 * 8
        names = ("_v6_first_high", "_v6_first_low", "_v6_last_high", "_v6_last_low")
        for number, name in enumerate(names):
            setattr(opened, name, view[at + number * v6 * 8 : at + (number + 1) * v6 * 8].cast("Q"))
        return opened

    def _parts(self) -> tuple[Sequence[int], ...]:
        return (
            self._v4_first,
            self._v4_last,
            self._v6_first_high,
            self._v6_first_low,
            self._v6_last_high,
            self._v6_last_low,
        )
