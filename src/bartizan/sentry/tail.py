"""The journals' end: what is new in them, how much is left to read, and what was removed before it was read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from bartizan.evidence.journal import Entry, Follower
from bartizan.evidence.journal.segments import SegmentName, list_segments
from bartizan.sentry.reading import Reading

__all__ = ["Tail", "segment_sizes"]

Series = tuple[str, str]
"""A worker and one incarnation of it: the numbers of its segments have no gaps."""


class Tail:
    """Reads for ``reading``, from its checkpoint on; ``directory`` has the segments."""

    def __init__(self, follower: Follower, directory: Path, reading: Reading, log: FilteringBoundLogger) -> None:
        self._follower = follower
        self._directory = directory
        self._reading = reading
        self._log = log
        self._sizes = dict(reading.checkpoint)
        self._last = {series: max(numbers) for series, numbers in _numbers(reading.checkpoint).items()}
        """The highest number that was seen of each incarnation of a worker: there are no gaps before it."""
        self._is_first = True
        self._is_new = not reading.checkpoint
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

    def behind(self) -> tuple[int, float | None]:
        """Return how many bytes of the journals were not read, and since when some are waiting, in Unix seconds."""
        self._look()
        total, since = 0, None
        for name, size in self._sizes.items():
            unread = size - self._follower.checkpoint.get(name, 0)
            parts = SegmentName.parse(name)
            if unread > 0 and name not in self._told and parts is not None:
                total += unread
                waiting = max(parts.created / 1000, self._reading.read_until.get(parts.worker, 0.0))
                since = waiting if since is None else min(since, waiting)
        return total, since

    def _look(self) -> None:
        """Take note of the segments there are, and of those that have gone."""
        try:
            sizes = segment_sizes(self._directory)
        except OSError:
            return
        gone, numbers = [name for name in self._sizes if name not in sizes], _numbers(sizes)
        for name in gone:
            if self._read(name) < self._sizes[name] or (self._is_first and self._was_written_on(name, numbers)):
                self._lose(name)
        for series, present in numbers.items():
            before = self._last.get(series, min(present) - 1 if self._is_new else 0)
            for number in set(range(before + 1, max(present))) - present:
                self._lose(f"{series[0]}-*-{series[1]}-{number:06d}")
            self._last[series] = max(present)
        self._is_first = self._is_new = False
        if gone:
            self._reading.settle()
            self._reading.forget(gone)
            self._last = {series: self._last[series] for series in numbers}
        self._sizes = sizes

    def _read(self, name: str) -> int:
        """Return up to where a segment was read."""
        return self._follower.checkpoint.get(name, self._reading.checkpoint.get(name, 0))

    def _was_written_on(self, name: str, numbers: Mapping[Series, AbstractSet[int]]) -> bool:
        """Tell whether a segment was its worker's last one when it was last looked at, and is not any more."""
        ((series, found),) = _numbers([name]).items()
        return self._last[series] in found and max(numbers.get(series, (0,))) > self._last[series]

    def _lose(self, name: str) -> None:
        self.lost += 1
        remedy = "raise storage.journal.max_bytes, or find out why the sentry was away for so long"
        self._log.error("a journal segment was removed before it was read", segment=name, remedy=remedy)


def segment_sizes(directory: Path) -> dict[str, int]:
    """Return the size in bytes of each segment in a directory; raises ``OSError`` if it cannot be read."""
    sizes = {}
    try:
        for name in map(str, list_segments(directory)):
            with suppress(FileNotFoundError):  # it has gone this moment
                sizes[name] = (directory / name).stat().st_size
    except FileNotFoundError:
        pass  # nothing was journaled yet
    return sizes


def _numbers(names: Iterable[str]) -> dict[Series, set[int]]:
    """Return the numbers of segments by worker and incarnation."""
    found: dict[Series, set[int]] = {}
    for name in names:
        parts = SegmentName.parse(name)
        if parts is not None:
            found.setdefault((parts.worker, parts.boot), set()).add(parts.sequence)
    return found
