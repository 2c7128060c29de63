"""Columns on disk: a header, then the columns as they are in memory. All processes map one file and copy nothing."""

from __future__ import annotations

import json
import mmap
import os
import struct
import sys
import tempfile
from pathlib import Path
from zlib import crc32

from bartizan.errors import BartizanError
from bartizan.perimeter.denylist.columns import Columns

__all__ = ["PrefixSetError", "map_image", "write_image"]

_HEADER = struct.Struct("<8sII16s6Q")
"""Magic with version, byte order mark, checksum of counts and body, key, and the counts: buckets of the IPv4 index,
IPv4 rows, numbers about IPv6 groups, IPv6 rows, networks read, bytes of the source table."""
_COUNTS = struct.Struct("<6Q")
_MAGIC = b"BZPFX\0\0\x03"
_ORDER = 0x01020304 if sys.byteorder == "little" else 0x04030201
_COLUMNS = (
    ("v6_groups", "Q"),
    ("v6_low", "Q"),
    ("v4_index", "I"),
    ("v4_first", "I"),
    ("v4_line", "I"),
    ("v6_line", "I"),
    ("v4_source", "H"),
    ("v6_source", "H"),
    ("v4_length", "B"),
    ("v6_length", "B"),
)
"""In the order of the file: wide ones first, so that all are aligned."""


class PrefixSetError(BartizanError):
    """A compiled set is damaged or from another machine."""


def write_image(columns: Columns, target: Path, key: bytes) -> int:
    """Write a file that ``map_image`` maps, whole or not at all; returns its bytes. ``key`` are 16 bytes."""
    sources = json.dumps(columns.sources).encode()
    body = b"".join([*(bytes(memoryview(getattr(columns, name))) for name, _ in _COLUMNS), sources])
    counts = (
        len(columns.v4_index) - 1,
        len(columns.v4_first),
        len(columns.v6_groups),
        len(columns.v6_low),
        columns.size,
        len(sources),
    )
    data = _HEADER.pack(_MAGIC, _ORDER, _checksum(counts, body), key, *counts) + body
    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".tmp", delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(target)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    return len(data)


def map_image(file: Path) -> Columns:
    """Map a file that ``write_image`` wrote; it stays mapped as long as its columns.

    Raises ``PrefixSetError`` or ``OSError``.
    """
    with file.open("rb") as opened:
        if os.fstat(opened.fileno()).st_size < _HEADER.size:
            raise PrefixSetError(f"{file} is no compiled list: it is too short")
        mapped = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
    view = memoryview(mapped)
    magic, order, checksum, key, *found = _HEADER.unpack_from(view)
    counts = (found[0], found[1], found[2], found[3], found[4], found[5])
    body, sizes = view[_HEADER.size :], _sizes(*counts[:4])
    whole = (magic, order, len(body)) == (_MAGIC, _ORDER, sum(sizes) + counts[5])
    if not whole or checksum != _checksum(counts, body):
        raise PrefixSetError(f"{file} is damaged, or of another version or machine")
    columns, at = {}, 0
    for (name, code), size in zip(_COLUMNS, sizes, strict=True):
        columns[name] = body[at : at + size].cast(code)  # type: ignore[call-overload]
        at += size
    sources = tuple((name, is_file) for name, is_file in json.loads(bytes(body[at:])))
    mapped.madvise(mmap.MADV_DONTNEED)  # the checksum has touched every page; only those that are used shall count
    return Columns(**columns, sources=sources, size=counts[4], key=key)


def _sizes(buckets: int, v4: int, groups: int, v6: int) -> tuple[int, ...]:
    """Return the bytes of each column, in the order of the file."""
    rows = (groups, v6, buckets + 1, v4, v4, v6, v4, v6, v4, v6)
    return tuple(count * struct.calcsize(code) for count, (_, code) in zip(rows, _COLUMNS, strict=True))


def _checksum(counts: tuple[int, int, int, int, int, int], body: bytes | memoryview) -> int:
    return crc32(body, crc32(_COUNTS.pack(*counts)))
