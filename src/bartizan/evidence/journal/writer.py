"""Writing the journal of one worker: records are buffered, and written together at the latest after an interval.

    append ──▶ buffer ──every half flush_interval, or at 64 KiB──▶ segment ──policy──▶ fsync (in a thread)
                  ▲                                                   │
                  └──────── kept while the disk is full, ◀── STOPPED ─┘ tried again every second
                            up to 4 MiB; what comes then is counted

What is in the buffer when the process is killed is lost, never more; what has been written survives the process, and
what has been synced survives the machine. Files are written on the event loop: 64 KiB into the page cache took 75 µs
(median) and at most 270 µs on the machine where it was measured, while an fsync of the same file was under way, less
than handing it to a thread would cost. fsync itself and all that waits for a disk is done in a thread.
"""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import msgspec

from bartizan.config.model import Journal
from bartizan.evidence.journal.framing import MAX_RECORD, SegmentHeader
from bartizan.evidence.journal.records import Record
from bartizan.evidence.journal.segments import SegmentFile, list_segments, remove_oldest
from bartizan.evidence.journal.shape import signal_record
from bartizan.pipeline import Signal

__all__ = ["JournalWriter", "WriterStats"]

WRITE_AT = 64 * 1024  # bytes in the buffer at which it is written early
MAX_BACKLOG = 4 * 1024 * 1024  # bytes that are kept while nothing can be written
RETRY = 1.0  # seconds between two looks at the disk
FREE_AGAIN = 1.1  # times min_free_bytes, so that a disk at its edge is not full and free by turns
_PACK_FRAME = struct.Struct("!II").pack


@dataclass(slots=True)
class WriterStats:
    """``records`` and ``bytes`` have been written, ``dropped`` counts records that are lost."""

    records: int = 0
    bytes: int = 0
    dropped: int = 0


class JournalWriter:
    """Appends records to segments in ``directory``; belongs to one event loop.

    ``on_full`` is called once each time the journal stops, for want of space or because the disk fails. When records
    were lost, a finding ``journal.gap`` in the journal says how many and since when. ``clock`` is Unix time,
    ``monotonic`` what intervals are measured with, both in seconds.
    """

    def __init__(
        self,
        settings: Journal,
        directory: Path,
        worker: str,
        on_full: Callable[[OSError], None],
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.full = False
        """Whether the journal has stopped: nothing can be written now."""
        self.stats = WriterStats()
        self._settings = settings
        self._directory = directory
        self._worker = worker
        self._boot = secrets.token_hex(6)
        self._salt = secrets.randbits(32)
        self._sequence = 0
        self._on_full = on_full
        self._clock = clock
        self._monotonic = monotonic
        self._encode = (msgspec.msgpack if settings.format == "msgpack" else msgspec.json).Encoder().encode
        self._buffer = bytearray()
        self._pending = 0
        self._oldest = 0.0
        self._segment: SegmentFile | None = None
        self._closed: list[SegmentFile] = []
        self._look_at = 0.0
        self._lost = 0
        self._lost_since = 0.0
        self._syncing = asyncio.Lock()
        self._written = asyncio.Event()
        self._rotated = asyncio.Event()

    def append(self, record: Record) -> None:
        """Take a record; it is written at the next flush. Never raises: what cannot be kept is counted."""
        try:
            payload = self._encode(record)
        except (TypeError, ValueError, OverflowError, msgspec.MsgspecError):
            payload = b""
        length = len(payload)
        buffer = self._buffer
        if not 0 < length <= MAX_RECORD or len(buffer) + length > MAX_BACKLOG:
            self._drop()
            return
        if not buffer:
            self._oldest = self._monotonic()
        buffer += _PACK_FRAME(length, crc32(payload, length ^ self._salt))
        buffer += payload
        self._pending += 1
        if len(buffer) >= WRITE_AT and not self.full:
            self.flush()

    def flush(self) -> None:
        """Write what waits to the operating system; never raises. While the journal is stopped, it tries rarely."""
        now = self._monotonic()
        if now >= self._look_at:
            self._look_at = now + RETRY
            error = self._want_of_space()
            if error is not None:
                self._stop(error)
                return
        elif self.full:
            return
        if self._buffer:
            error = self._write()
            if error is not None:
                self._stop(error)
                return
        self.full = False
        if self._lost:
            self._tell_of_gap()

    async def run(self) -> None:
        """Flush and sync as configured until cancelled.

        Half the interval leaves the other half for an event loop that is late.
        """
        async with asyncio.TaskGroup() as tasks:
            if self._settings.fsync != "never":
                tasks.create_task(self._keep_synced())
            while True:
                await asyncio.sleep(self._settings.flush_interval / 2)
                self.flush()

    async def close(self) -> None:
        """Write and sync what is left, and close the segment. A record appended afterwards is lost."""
        self._look_at = 0.0
        self.flush()
        if self._segment is not None:
            self._closed.append(self._segment)
            self._segment = None
        await self._sync()

    def lag(self) -> float:
        """Return the age in seconds of the oldest record that has not been written."""
        return max(0.0, self._monotonic() - self._oldest) if self._buffer else 0.0

    # writing

    def _write(self) -> OSError | None:
        segment = self._segment
        size = len(self._buffer)
        try:
            if segment is None or not segment.usable or segment.size + size > self._settings.segment_bytes:
                segment = self._rotate()
        except OSError as error:
            return error
        result = segment.write(self._buffer, self._pending)
        self.stats.records += result.frames
        self.stats.bytes += result.size
        self._pending -= result.frames
        del self._buffer[: result.size]
        self._written.set()
        return result.error

    def _rotate(self) -> SegmentFile:
        settings = self._settings
        header = SegmentHeader(self._worker, self._boot, self._sequence + 1, self._clock(), self._salt, settings.format)
        new = SegmentFile(self._directory, header)
        self._sequence += 1
        old, self._segment = self._segment, new
        if old is not None and settings.fsync == "never":
            old.close()
        elif old is not None:
            self._closed.append(old)
            self._rotated.set()
        if settings.max_bytes:
            with suppress(OSError):  # what cannot be removed now is tried again at the next rotation
                others = [name for name in list_segments(self._directory, self._worker) if name != new.name]
                remove_oldest(self._directory, others, settings.max_bytes - settings.segment_bytes)
        return new

    # stopping and going on

    def _stop(self, error: OSError) -> None:
        if not self.full:
            self.full = True
            self._on_full(error)

    def _drop(self) -> None:
        if not self._lost:
            self._lost_since = self._clock()
        self._lost += 1
        self.stats.dropped += 1

    def _tell_of_gap(self) -> None:
        gap = Signal(
            "journal.gap",
            severity=80,
            evidence={"records": self._lost, "since": self._lost_since, "worker": self._worker},
        )
        self._lost = 0
        self.append(signal_record(gap, uid=f"{self._boot}-{self.stats.dropped}", time=self._clock()))

    def _want_of_space(self) -> OSError | None:
        need = self._settings.min_free_bytes * (FREE_AGAIN if self.full else 1)
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            stats = os.statvfs(self._directory)
        except OSError as error:
            return error
        if stats.f_bavail * stats.f_frsize >= need:
            return None
        return OSError(errno.ENOSPC, "less space is free than storage.journal.min_free_bytes", str(self._directory))

    # syncing

    async def _keep_synced(self) -> None:
        while True:
            await self._written.wait()
            self._written.clear()
            if self._settings.fsync == "interval":
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._settings.fsync_interval):
                        await self._rotated.wait()
            self._rotated.clear()
            await self._sync()

    async def _sync(self) -> None:
        async with self._syncing:
            current = self._segment
            closed, self._closed = self._closed, []
            wanted = self._settings.fsync != "never"
            error = await asyncio.to_thread(_sync_and_close, current if wanted else None, closed, wanted=wanted)
            if error is not None:
                if current is not None:
                    current.usable = False  # what an fsync failed for may be lost, and the next would not tell
                self._stop(error)


def _sync_and_close(current: SegmentFile | None, closed: list[SegmentFile], *, wanted: bool) -> OSError | None:
    failed = None
    for segment in [*closed, *([] if current is None else [current])]:
        try:
            if wanted and segment.unsynced:
                segment.sync()
        except OSError as error:
            failed = error
        finally:
            if segment is not current:
                segment.close()
    return failed
