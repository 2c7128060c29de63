"""Whether a configuration's files have changed: cheap enough to ask every second, and true for replaced files too."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

__all__ = ["Fingerprint", "fingerprint"]

Fingerprint = tuple[tuple[str, int, int, int, int], ...]


def fingerprint(files: Iterable[Path]) -> Fingerprint:
    """Return what changes when a file is written, replaced by renaming, made or removed.

    Symbolic links are followed, so that a Kubernetes ConfigMap or Secret counts as changed when its ``..data`` link is
    pointed elsewhere. Only metadata is read: path, device, inode, size in bytes and modification time in nanoseconds.
    """
    return tuple(sorted(_one(file) for file in files))


def _one(file: Path) -> tuple[str, int, int, int, int]:
    try:
        status = file.stat()
    except OSError:
        return str(file), 0, 0, 0, 0
    return str(file), status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
