"""Whether somebody holds the lock of a file (flock(2)), which ends with its process, however that ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

__all__ = ["is_locked"]


def is_locked(path: Path) -> bool:
    """Tell whether somebody holds a file's lock for themselves. Raises ``OSError`` for a file that cannot be opened."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False
