"""The journals' end: what is new in them, how much is left to read, and what was removed before it was read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from bartizan.evidence.journal import Entry, Follower
from bartizan.sentry.reading import Reading

__all__ = ["Tail"]


class Tail:
    """Reads for ``reading``, from its checkpoint on; ``directory`` has the segments."""

    def __init__(self, follower: Follower, directory: Path, reading: Reading, log: FilteringBoundLogger) -> None:
        self._follower = follower
        self._directory = directory
        self._reading = reading
        self._log = log
        self._sizes: dict[str, int] = {}
        self._told: set[str] = set()
        self.lost = 0
        """Segments that were removed before they were read whole."""

    @property
    def damaged(self) -> int:
        """Records and places in files that could not be read."""
        return self._follower.damaged + len(self._follower.unreadable)

    def entries(self) -> Iterator[Entry]:
        """Yield what is new; raises ``JournalError`` if the directory cannot be read."""
        self._look()
        yield from self._follower.poll()
        for name, reason in self._follower.unreadable.items():
            if name not in self._told:
                self._told.add(name)
                self._log.error("a journal segment cannot be read, it is passed over", segment=name, reason=reason)

    def behind(self) -> int:
        """Return how many bytes of the journals have not been read."""
        self._look()
        read = self._follower.checkpoint
        return sum(max(0, size - read.get(name, 0)) for name, size in self._sizes.items() if name not in self._told)

    def _look(self) -> None:
        """Take note of the segments there are, and of those that have gone."""
        sizes = {}
        try:
            for path in self._directory.iterdir():
                if path.suffix == ".bzj":
                    sizes[path.name] = path.stat().st_size
        except FileNotFoundError:
            pass  # nothing was journaled yet, or a segment has gone this moment
        except OSError:
            return
        gone = [name for name in self._sizes if name not in sizes and not (self._directory / name).exists()]
        for name in gone:
            if self._follower.checkpoint.get(name, 0) < self._sizes[name]:
                self.lost += 1
                remedy = "raise storage.journal.max_bytes, or find out why the sentry was away for so long"
                self._log.error("a journal segment was removed before it was read", segment=name, remedy=remedy)
        if gone:
            self._reading.settle()
            self._reading.forget(gone)
        self._sizes = sizes
