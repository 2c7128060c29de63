"""The shared state in one memory-mapped LMDB file: all processes of a machine, no server.

Two tables. ``values`` holds every entry with its expiry before it; ``expiry`` holds one entry per expiring key, ordered
by time, so that a sweep finds what is due without looking at the rest. An update that moves a key's expiry does not
touch the second table: the sweep finds the key still alive and moves its entry then. That keeps the hot path at one
read and one write.

A process that is killed loses nothing: LMDB commits are atomic, its lock is released by the kernel (robust mutex), and
its reader slot is cleared by ``sweep``. Commits are not synced one by one; ``sweep`` syncs. So a crash of the machine
can lose the last seconds of counters and bans, and nothing else.
"""

from __future__ import annotations

import hashlib
import struct
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import lmdb
import msgspec

from bartizan.errors import StateError
from bartizan.storage.state.gcra import decide, inspect
from bartizan.storage.state.interface import Entry, FeedItem, GcraLimit, GcraResult

__all__ = ["LmdbState"]

T = TypeVar("T")
_DOUBLE = struct.Struct("<d")
_TIME = struct.Struct("!Q")  # microseconds, ordered as bytes are
_SEQUENCE = struct.Struct("!Q")
_PAIR = struct.Struct("<dd")
_NEVER = 0.0
_VALUE, _FEED, _COUNTER, _SLOTS = b"v", b"f", b"q", b"s"
_MAX_KEY = 400  # bytes; longer keys end in a digest
_SCAN_PIECE = 500
_SLOT_DECODER = msgspec.msgpack.Decoder(dict[bytes, float])


class LmdbState:
    """Implements ``State``. No operation suspends; each is one transaction."""

    def __init__(self, directory: Path, map_size: int, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._map_size = map_size
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._env = lmdb.open(
                str(directory), map_size=map_size, max_dbs=2, max_readers=1024, sync=False, metasync=False, mode=0o600
            )
            self._values = self._env.open_db(b"values")
            self._expiry = self._env.open_db(b"expiry")
            self._env.reader_check()
        except (lmdb.Error, OSError) as error:
            raise StateError(f"the state in {directory} cannot be opened: {error}") from error

    async def get(self, key: bytes) -> bytes | None:
        """See ``State``."""
        with self._reading() as txn:
            stored = txn.get(_key(_VALUE, key))
        return None if stored is None else self._live(stored, self._clock())

    async def put(self, key: bytes, value: bytes, ttl: float | None = None) -> None:
        """See ``State``."""
        now = self._clock()
        self._write(lambda txn: self._store(txn, _key(_VALUE, key), value, ttl, now))

    async def add(self, key: bytes, value: bytes, ttl: float | None = None) -> bool:
        """See ``State``."""
        now, full = self._clock(), _key(_VALUE, key)

        def work(txn: Any) -> bool:
            stored = txn.get(full)
            if stored is not None and self._live(stored, now) is not None:
                return False
            self._store(txn, full, value, ttl, now)
            return True

        return self._write(work)

    async def compare_and_set(self, key: bytes, expected: bytes, value: bytes, ttl: float | None = None) -> bool:
        """See ``State``."""
        now, full = self._clock(), _key(_VALUE, key)

        def work(txn: Any) -> bool:
            stored = txn.get(full)
            if stored is None or self._live(stored, now) != expected:
                return False
            self._store(txn, full, value, ttl, now)
            return True

        return self._write(work)

    async def delete(self, key: bytes) -> bool:
        """See ``State``."""
        now, full = self._clock(), _key(_VALUE, key)

        def work(txn: Any) -> bool:
            stored = txn.get(full)
            if stored is None:
                return False
            txn.delete(full)
            return self._live(stored, now) is not None

        return self._write(work)

    async def increment(self, key: bytes, by: int = 1, ttl: float | None = None) -> int:
        """See ``State``."""
        now, full = self._clock(), _key(_VALUE, key)

        def work(txn: Any) -> int:
            stored = txn.get(full)
            value = None if stored is None else self._live(stored, now)
            if stored is None or value is None:
                self._store(txn, full, b"%d" % by, ttl, now)
                return by
            count = int(value) + by
            txn.put(full, stored[:8] + b"%d" % count)
            return count

        return self._write(work)

    async def scan(self, prefix: bytes) -> AsyncIterator[Entry]:
        """See ``State``."""
        start: bytes | None = _VALUE + prefix
        while start is not None:
            piece, start = self._piece(start, _VALUE + prefix)
            for entry in piece:
                yield entry

    async def gcra(self, limits: Sequence[GcraLimit], now: float | None = None) -> list[GcraResult]:
        """See ``State``."""
        at = self._clock() if now is None else now
        try:
            with self._env.begin(self._values, write=True) as txn:
                return self._gcra(txn, limits, at)
        except lmdb.MapFullError:
            return self._write(lambda txn: self._gcra(txn, limits, at))
        except lmdb.Error as error:
            raise StateError(f"the state cannot be written: {error}") from error

    async def acquire(self, key: bytes, holder: bytes, limit: int, lease: float) -> bool:
        """See ``State``."""
        now, full = self._clock(), _key(_SLOTS, key)

        def work(txn: Any) -> bool:
            held = _held(txn.get(full), now)
            if len(held) >= limit and holder not in held:
                return False
            held[holder] = now + lease
            self._store(txn, full, msgspec.msgpack.encode(held), lease, now)
            return True

        return self._write(work)

    async def release(self, key: bytes, holder: bytes) -> None:
        """See ``State``."""
        now, full = self._clock(), _key(_SLOTS, key)

        def work(txn: Any) -> None:
            held = _held(txn.get(full), now)
            if held.pop(holder, None) is not None:
                self._store(txn, full, msgspec.msgpack.encode(held), max((*held.values(), now)) - now + 1, now)

        self._write(work)

    async def publish(self, topic: bytes, payload: bytes, keep: float) -> None:
        """See ``State``."""
        now, counter = self._clock(), _key(_COUNTER, topic)

        def work(txn: Any) -> None:
            number = _SEQUENCE.unpack(txn.get(counter) or bytes(8))[0] + 1
            txn.put(counter, _SEQUENCE.pack(number))
            self._store(txn, _key(_FEED, topic) + b"\0" + _SEQUENCE.pack(number), payload, keep, now)

        self._write(work)

    async def read(self, topic: bytes, after: bytes | None, limit: int = 1000) -> list[FeedItem]:
        """See ``State``."""
        prefix = _key(_FEED, topic) + b"\0"
        begin = prefix if after is None else prefix + _SEQUENCE.pack(_SEQUENCE.unpack(after)[0] + 1)
        found: list[FeedItem] = []
        with self._reading() as txn, txn.cursor() as cursor:
            more = cursor.set_range(begin)
            while more and len(found) < limit and cursor.key().startswith(prefix):
                found.append(FeedItem(cursor.key()[-8:], cursor.value()[8:]))
                more = cursor.next()
        return found

    async def sweep(self, limit: int = 1000) -> int:
        """See ``State``; also clears the reader slots of dead processes and syncs to disk."""
        self._env.reader_check()
        removed = self._write(lambda txn: self._sweep(txn, limit))
        self._env.sync()
        return removed

    async def close(self) -> None:
        """See ``State``."""
        self._env.close()

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        try:
            with self._env.begin(self._values) as txn:
                yield txn
        except lmdb.Error as error:
            raise StateError(f"the state cannot be read: {error}; is the disk in order?") from error

    def _write(self, work: Callable[[Any], T]) -> T:
        """Run one write transaction; where the file is full, make room once and try again."""
        for last in (False, True):
            try:
                with self._env.begin(self._values, write=True) as txn:
                    return work(txn)
            except lmdb.MapFullError:
                if last or not self._make_room():
                    break
            except lmdb.Error as error:
                raise StateError(f"the state cannot be written: {error}") from error
        raise StateError(f"the state is full at {self._map_size} bytes: raise storage.state.map_size")

    def _make_room(self) -> bool:
        try:
            with self._env.begin(self._values, write=True) as txn:
                return self._sweep(txn, 10_000) > 0
        except lmdb.Error:
            return False

    def _store(self, txn: Any, full: bytes, value: bytes, ttl: float | None, now: float) -> None:
        expires = _NEVER if ttl is None else now + ttl
        if expires and not self._is_listed(txn, full):
            txn.put(_TIME.pack(int(expires * 1e6)) + full, b"", db=self._expiry)
        txn.put(full, _DOUBLE.pack(expires) + value)

    @staticmethod
    def _is_listed(txn: Any, full: bytes) -> bool:
        """Whether ``expiry`` has an entry for this key already."""
        stored = txn.get(full)
        return stored is not None and _DOUBLE.unpack_from(stored)[0] != _NEVER

    def _gcra(self, txn: Any, limits: Sequence[GcraLimit], now: float) -> list[GcraResult]:
        states = []
        refused = False
        for limit in limits:
            full = _key(_VALUE, limit.key)
            stored = txn.get(full)
            tat = None if stored is None else _PAIR.unpack(stored)[1]
            new, allowed, wait = decide(limit, tat, now)
            refused = refused or not allowed
            states.append((limit, full, stored is not None, tat, new, allowed, wait))
        results = []
        for limit, full, known, tat, new, allowed, wait in states:
            if refused:
                current = now if tat is None else tat
                results.append(inspect(limit, current, now, allowed=allowed, retry_after=wait))
                continue
            if not known:
                txn.put(_TIME.pack(int((new + limit.period) * 1e6)) + full, b"", db=self._expiry)
            txn.put(full, _PAIR.pack(new + limit.period, new))
            results.append(inspect(limit, new, now, allowed=True, retry_after=0.0))
        return results

    def _sweep(self, txn: Any, limit: int) -> int:
        due = _TIME.pack(int(self._clock() * 1e6))
        removed = looked = 0
        with txn.cursor(db=self._expiry) as cursor:
            more = cursor.first()
            moved: list[bytes] = []
            while more and looked < limit and (entry := cursor.key())[:8] < due:
                looked += 1
                full = entry[8:]
                stored = txn.get(full)
                expires = _NEVER if stored is None else _DOUBLE.unpack_from(stored)[0]
                if stored is not None and expires and _TIME.pack(int(expires * 1e6)) < due:
                    txn.delete(full)
                    removed += 1
                elif expires:
                    moved.append(_TIME.pack(int(expires * 1e6)) + full)
                more = cursor.delete()
        for entry in moved:
            txn.put(entry, b"", db=self._expiry)
        return removed

    def _piece(self, start: bytes, prefix: bytes) -> tuple[list[Entry], bytes | None]:
        now = self._clock()
        found: list[Entry] = []
        with self._reading() as txn, txn.cursor() as cursor:
            more = cursor.set_range(start)
            for _ in range(_SCAN_PIECE):
                if not more or not cursor.key().startswith(prefix):
                    return found, None
                stored = cursor.value()
                value = self._live(stored, now)
                if value is not None:
                    expires = _DOUBLE.unpack_from(stored)[0]
                    found.append(Entry(cursor.key()[1:], value, expires or None))
                more = cursor.next()
            return found, cursor.key() if more else None

    @staticmethod
    def _live(stored: bytes, now: float) -> bytes | None:
        expires = _DOUBLE.unpack_from(stored)[0]
        return stored[8:] if expires == _NEVER or expires > now else None


def _key(kind: bytes, key: bytes) -> bytes:
    if len(key) > _MAX_KEY:
        key = key[: _MAX_KEY - 32] + hashlib.sha256(key).digest()
    return kind + key


def _held(stored: bytes | None, now: float) -> dict[bytes, float]:
    if stored is None:
        return {}
    return {holder: until for holder, until in _SLOT_DECODER.decode(stored[8:]).items() if until > now}
