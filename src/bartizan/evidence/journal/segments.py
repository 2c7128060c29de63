"""Segment files: their names, their order, and one that is being written.

A segment's name is ``<worker>-<created>-<boot>-<sequence>.bzj``: the worker's slot, Unix milliseconds, the incarnation
of the worker, and a number that counts the segments of that incarnation. An incarnation never appends to a segment of
another. While a segment is written, its writer holds a lock on the file (``flock``), which ends with the process.
"""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bartizan.evidence.journal.framing import SegmentHeader, encode_header, whole_frames
from bartizan.process.locked import is_locked

__all__ = ["SegmentFile", "SegmentName", "Written", "list_segments", "remove_oldest"]

SUFFIX = ".bzj"


@dataclass(frozen=True, slots=True, order=True)
class SegmentName:
    """The parts of a name, in the order in which segments of one worker follow each other."""

    worker: str
    created: int
    boot: str
    sequence: int

    def __str__(self) -> str:
        return f"{self.worker}-{self.created:013d}-{self.boot}-{self.sequence:06d}{SUFFIX}"

    @classmethod
    def parse(cls, name: str) -> SegmentName | None:
        """Read a file's name; None if it is not a segment's."""
        parts = name.removesuffix(SUFFIX).rsplit("-", 3)
        if not name.endswith(SUFFIX) or len(parts) != 4 or not (parts[1].isdecimal() and parts[3].isdecimal()):
            return None
        return cls(parts[0], int(parts[1]), parts[2], int(parts[3]))


def list_segments(directory: Path, worker: str | None = None) -> list[SegmentName]:
    """Return the segments in a directory, of one worker if given, those of each worker from old to new.

    Raises ``OSError`` if the directory cannot be read.
    """
    names = (SegmentName.parse(entry.name) for entry in os.scandir(directory))
    return sorted(name for name in names if name is not None and worker in (None, name.worker))


def remove_oldest(directory: Path, segments: Iterable[SegmentName], budget: int) -> None:
    """Remove segments, the oldest first, until the rest have at most ``budget`` bytes; none that is being written."""
    left = budget
    for name in sorted(segments, reverse=True):
        path = directory / str(name)
        with suppress(FileNotFoundError):
            left -= path.stat().st_size
            if left < 0 and not is_locked(path):
                path.unlink()


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a write: ``frames`` and ``size`` in bytes are in the file, ``error`` kept the rest out."""

    frames: int
    size: int
    error: OSError | None = None


class SegmentFile:
    """A segment that is being written. It always ends with a whole frame, unless the machine fails under it."""

    def __init__(self, directory: Path, header: SegmentHeader) -> None:
        """Create the file; raises ``OSError``, and leaves none behind then."""
        self.name = SegmentName(header.worker, int(header.created * 1000), header.boot, header.sequence)
        self.usable = True
        """False when frames could not be kept whole: nothing may be added."""
        self.unsynced = True
        """Whether there is what the disk may not have yet, the name of the file included."""
        self._directory = directory
        self._named = False
        self._lock = threading.Lock()
        path = directory / str(self.name)
        self._fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            data = encode_header(header)
            self.size = os.write(self._fd, data)
            if self.size != len(data):
                raise OSError("the header of a segment could not be written whole")
        except OSError:
            os.close(self._fd)
            path.unlink()
            raise

    def write(self, frames: bytearray, count: int) -> Written:
        """Append ``count`` frames, or as many of the first as there is space for."""
        written = 0
        try:
            with memoryview(frames) as view:
                while written < len(view):
                    taken = os.write(self._fd, view[written:])
                    if not taken:
                        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                    written += taken
        except OSError as error:
            count, written = whole_frames(frames, written)
            self._cut(self.size + written)
            result = Written(count, written, error)
        else:
            result = Written(count, written)
        self.size += written
        self.unsynced = self.unsynced or written > 0
        return result

    def sync(self) -> None:
        """Have the disk take what has been written; it may take long, and belongs into a thread. Raises ``OSError``.

        What is written while it runs needs another ``sync``. After ``close`` it does nothing.
        """
        with self._lock:
            if self._fd < 0:
                return
            self.unsynced = False
            os.fsync(self._fd)
            if not self._named:
                self._sync_name()
                self._named = True

    def close(self) -> None:
        """Give the file back, once a ``sync`` under way is done; others may remove it from now on."""
        with self._lock:
            fd, self._fd = self._fd, -1
            if fd >= 0:
                os.close(fd)

    def _sync_name(self) -> None:
        directory = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def _cut(self, size: int) -> None:
        try:
            os.ftruncate(self._fd, size)
        except OSError:
            self.usable = False
