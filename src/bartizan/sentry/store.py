"""What the sentry keeps: an LMDB file of its own, in which each write is whole or not at all.

How far the journals were read stands in the same transaction as what was made of the records: after whatever end, each
record has been counted once. Only the sentry writes; commands read while it does.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

import lmdb
import msgspec

from bartizan.errors import SentryError

__all__ = ["FORMAT", "Kept", "Store"]

FORMAT = 1
_LONGEST_KEY = 500  # bytes; LMDB takes 511
_META = b"m/"
_ITEM = struct.Struct(">H")

Changes = Mapping[str, Mapping[str, bytes]]
"""By part of the store (``actors``, ``cases``): items by key, empty bytes for what has gone."""


class Kept(msgspec.Struct):
    """What is kept once: ``source`` names this sentry, ``counts`` are since the beginning, cursors those of feeds."""

    format: int = FORMAT
    source: str = ""
    checkpoint: dict[str, int] = {}
    pardons: bytes | None = None
    decisions: bytes | None = None
    counts: dict[str, int] = {}
    latest: float = 0.0


class Store:
    """Opens the file in ``directory``; raises ``SentryError``. ``map_size`` is its upper bound in bytes."""

    def __init__(self, directory: Path, map_size: int = 2**30, *, read_only: bool = False) -> None:
        path = directory / "sentry"
        try:
            if not read_only:
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._env = lmdb.open(
                str(path), map_size=map_size, readonly=read_only, metasync=False, mode=0o600, max_readers=64
            )
        except (lmdb.Error, OSError) as error:
            raise SentryError(f"{path} cannot be opened: {error}") from None

    def kept(self) -> Kept:
        """Return what is kept once; raises ``SentryError`` for what a later version wrote."""
        with self._env.begin() as transaction:
            data = transaction.get(_META)
        if data is None:
            return Kept()
        try:
            kept = msgspec.msgpack.decode(data, type=Kept)
        except msgspec.MsgspecError as error:
            raise SentryError(f"the sentry's file cannot be read: {error}") from None
        if kept.format != FORMAT:
            raise SentryError(f"the sentry's file has format {kept.format}, this version reads {FORMAT}")
        return kept

    def items(self, part: str) -> Iterator[tuple[str, bytes]]:
        """Yield all items of a part."""
        prefix = _prefix(part)
        with self._env.begin() as transaction, transaction.cursor() as cursor:
            found = cursor.set_range(prefix)
            while found and cursor.key().startswith(prefix):
                yield _unpacked(cursor.value())
                found = cursor.next()

    def get(self, part: str, key: str) -> bytes | None:
        """Return one item, or None."""
        with self._env.begin() as transaction:
            data = transaction.get(_key(part, key))
        return None if data is None else _unpacked(data)[1]

    def write(self, kept: Kept, changes: Changes) -> None:
        """Write all of it, or nothing; raises ``SentryError`` where there is no space."""
        try:
            with self._env.begin(write=True) as transaction:
                for part, items in changes.items():
                    for key, data in items.items():
                        if data:
                            transaction.put(_key(part, key), _packed(key, data))
                        else:
                            transaction.delete(_key(part, key))
                transaction.put(_META, msgspec.msgpack.encode(kept))
        except (lmdb.Error, OSError) as error:
            raise SentryError(f"the sentry's file cannot be written: {error}") from None

    def close(self) -> None:
        """Give the file back."""
        self._env.close()


def _prefix(part: str) -> bytes:
    return part.encode() + b"/"


def _key(part: str, key: str) -> bytes:
    name = _prefix(part) + key.encode("utf-8", "surrogatepass")
    return name if len(name) <= _LONGEST_KEY else _prefix(part) + b"#" + hashlib.sha256(name).digest()


def _packed(key: str, data: bytes) -> bytes:
    name = key.encode("utf-8", "surrogatepass")
    return _ITEM.pack(len(name)) + name + data


def _unpacked(data: bytes) -> tuple[str, bytes]:
    (length,) = _ITEM.unpack_from(data)
    begin = _ITEM.size
    return data[begin : begin + length].decode("utf-8", "surrogatepass"), data[begin + length :]
