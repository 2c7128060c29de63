"""Files that hold secrets: for their owner alone, written as a whole, made once whoever comes first."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bartizan.errors import SealError

__all__ = ["locked", "read_secret", "write_secret"]


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold the lock of a directory, which is made if it is not there and closed to others; raises ``SealError``."""
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if directory.stat().st_mode & 0o077:  # whoever may write here could put another key in place of ours
            directory.chmod(0o700)
        handle = os.open(directory / ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SealError(f"keys cannot be kept in {directory}: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def write_secret(file: Path, data: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all; raises ``SealError``."""
    new = file.with_name(f".{file.name}.new")
    try:
        new.unlink(missing_ok=True)
        handle = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as opened:
            opened.write(data)
            opened.flush()
            os.fsync(opened.fileno())
        new.replace(file)
        _sync(file.parent)
    except OSError as error:
        raise SealError(f"{file} cannot be written: {error.strerror}; is the disk full?") from error


def _sync(directory: Path) -> None:
    """Have the names in a directory outlast a loss of power, as the contents do."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_secret(file: Path, limit: int = 65536) -> bytes | None:
    """Return a file's content, None if there is none; raises ``SealError`` if others may read it, or it cannot be."""
    try:
        with file.open("rb") as opened:
            if os.fstat(opened.fileno()).st_mode & 0o077:
                raise SealError(f"{file} may be read by others: chmod 600 it, and make a new one if they did")
            return opened.read(limit)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SealError(f"{file} cannot be read: {error.strerror}") from error
