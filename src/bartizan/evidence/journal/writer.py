"""Writing the journal of one worker: records are buffered, and written together at the latest after an interval.

    append ──▶ buffer ──every flush_interval, or when it is full──▶ write ──policy──▶ fsync (in a thread)
                                                                    └──no space──▶ FULL: records are counted, not kept

What is in the buffer when the process is killed is lost, never more; what has been written survives the process, and
what has been synced survives the machine.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bartizan.config.model import Journal
from bartizan.evidence.journal.framing import SegmentHeader, encode_frame, encode_header
from bartizan.evidence.journal.records import Record

__all__ = ["JournalWriter", "WriterStats"]

MAX_BUFFER = 256 * 1024  # bytes that are buffered before they are written early
SPACE_CHECK = 1.0  # seconds between two looks for free space


@dataclass(slots=True)
class WriterStats:
    """``dropped`` counts records lost to a full disk; ``oldest`` is when the oldest buffered one was appended."""

    records: int = 0
    bytes: int = 0
    dropped: int = 0
    oldest: float | None = None


class JournalWriter:
    """Appends records to segments in ``directory``. ``on_full`` is called once each time the disk becomes full."""

    def __init__(
        self,
        settings: Journal,
        directory: Path,
        worker: str,
        on_full: Callable[[OSError], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.full = False
        """Whether records are dropped for want of space."""
        self.stats = WriterStats()
        self._settings = settings
        self._directory = directory
        self._worker = worker
        self._boot = secrets.token_hex(4)
        self._sequence = 0
        self._on_full = on_full
        self._clock = clock
        encoder: msgspec.msgpack.Encoder | msgspec.json.Encoder = (
            msgspec.msgpack.Encoder() if settings.format == "msgpack" else msgspec.json.Encoder()
        )
        self._encode = encoder.encode
        self._buffer = bytearray()
        self._pending = 0
        self._fd: int | None = None
        self._size = 0
        self._unsynced = False
        self._look_again = 0.0

    def append(self, record: Record) -> None:
        """Take a record; it is written at the next flush."""
        if self.full:
            self.stats.dropped += 1
            return
        if not self._pending:
            self.stats.oldest = self._clock()
        self._buffer += encode_frame(self._encode(record))
        self._pending += 1
        if len(self._buffer) >= MAX_BUFFER:
            self.flush()

    def flush(self) -> None:
        """Write what is buffered to the operating system; never raises."""
        if self.full and not self._space_is_back():
            return
        if not self._buffer:
            return
        try:
            self._write()
        except OSError as error:
            self._give_up(error)

    async def run(self) -> None:
        """Flush and sync as configured until cancelled."""
        settings = self._settings
        synced = self._clock()
        while True:
            await asyncio.sleep(settings.flush_interval)
            self.flush()
            now = self._clock()
            due = settings.fsync == "always" or (
                settings.fsync == "interval" and now - synced >= settings.fsync_interval
            )
            if due and self._unsynced:
                synced = now
                await self._sync()

    async def close(self) -> None:
        """Write and sync what is left."""
        self.flush()
        if self._unsynced and self._settings.fsync != "never":
            await self._sync()
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def lag(self) -> float:
        """Return the age in seconds of the oldest record that has not been written."""
        return 0.0 if self.stats.oldest is None else max(0.0, self._clock() - self.stats.oldest)

    def _write(self) -> None:
        if self._fd is None or self._size >= self._settings.segment_bytes:
            self._rotate()
        fd = self._fd
        if fd is None:
            return
        view = memoryview(self._buffer)
        written = 0
        try:
            while written < len(view):
                written += os.write(fd, view[written:])
        except OSError:
            os.ftruncate(fd, self._size)  # only whole records stay
            os.lseek(fd, self._size, os.SEEK_SET)
            raise
        finally:
            view.release()
        self._size += written
        self.stats.records += self._pending
        self.stats.bytes += written
        self._unsynced = True
        self._forget()

    def _rotate(self) -> None:
        if self._free_bytes() < self._settings.min_free_bytes:
            raise OSError(28, "less space is free than storage.journal.min_free_bytes")
        old = self._fd
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        header = SegmentHeader(self._worker, self._boot, self._sequence + 1, self._clock(), self._settings.format)
        name = f"{self._worker}-{int(header.created * 1000):013d}-{self._boot}-{header.sequence:06d}.bzj"
        fd = os.open(self._directory / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            self._size = os.write(fd, encode_header(header))
        except OSError:
            os.close(fd)
            (self._directory / name).unlink(missing_ok=True)
            raise
        self._sequence += 1
        self._fd = fd
        if old is not None:
            os.fsync(old)
            os.close(old)
        self._retain(keep=name)

    def _retain(self, keep: str) -> None:
        """Remove the oldest segments of this worker beyond ``max_bytes``."""
        if not self._settings.max_bytes:
            return
        segments = sorted(self._directory.glob(f"{self._worker}-*.bzj"), reverse=True)
        total = 0
        for segment in segments:
            total += segment.stat().st_size
            if total > self._settings.max_bytes and segment.name != keep:
                segment.unlink(missing_ok=True)

    async def _sync(self) -> None:
        if self._fd is None:
            return
        self._unsynced = False
        copy = os.dup(self._fd)
        try:
            await asyncio.to_thread(os.fsync, copy)
        except OSError as error:
            self._give_up(error)
        finally:
            os.close(copy)

    def _give_up(self, error: OSError) -> None:
        self.stats.dropped += self._pending
        self._forget()
        if not self.full:
            self.full = True
            self._on_full(error)
        self._look_again = self._clock() + SPACE_CHECK

    def _space_is_back(self) -> bool:
        if self._clock() < self._look_again:
            return False
        self._look_again = self._clock() + SPACE_CHECK
        try:
            self.full = self._free_bytes() < self._settings.min_free_bytes
        except OSError:
            return False
        return not self.full

    def _free_bytes(self) -> int:
        existing = self._directory if self._directory.exists() else self._directory.parent
        stats = os.statvfs(existing)
        return stats.f_bavail * stats.f_frsize

    def _forget(self) -> None:
        self._buffer.clear()
        self._pending = 0
        self.stats.oldest = None
