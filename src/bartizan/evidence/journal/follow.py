"""Following journals as they grow, with a checkpoint to go on from: every record once, across rotation and restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

from bartizan.errors import JournalCorrupt, JournalError
from bartizan.evidence.journal.reader import Entry, SegmentReader
from bartizan.evidence.journal.segments import list_segments

__all__ = ["Follower"]


class Follower:
    """Yields what is written to any segment in a directory behind a checkpoint.

    A checkpoint is the offset of each segment up to which it has been read. Whoever stores it together with what was
    made of the records gets each of them exactly once, whatever dies in between.
    """

    def __init__(self, directory: Path, checkpoint: Mapping[str, int] | None = None) -> None:
        self.checkpoint: dict[str, int] = dict(checkpoint or {})
        """Up to which offset each segment has been yielded, by its file name; names of removed segments go."""
        self.damaged = 0
        """What has been passed over because it could not be read."""
        self.unreadable: dict[str, str] = {}
        """Why whole files are passed over, by name."""
        self._directory = directory

    def poll(self) -> Iterator[Entry]:
        """Yield the records that are new, segment by segment; the checkpoint is behind each one as it is yielded.

        Raises ``JournalError`` if the directory cannot be read.
        """
        try:
            names = [str(name) for name in list_segments(self._directory)]
        except FileNotFoundError:
            names = []  # nothing has been journaled yet
        except OSError as error:
            raise JournalError(f"no journal can be read in {self._directory}: {error.strerror}") from None
        for gone in self.checkpoint.keys() - names:
            del self.checkpoint[gone]
        for name in names:
            if name not in self.unreadable:
                yield from self._segment(name)

    async def follow(self, interval: float) -> AsyncIterator[Entry]:
        """Yield records for ever, looking for new ones every ``interval`` seconds."""
        while True:
            for entry in self.poll():
                yield entry
            await asyncio.sleep(interval)

    def _segment(self, name: str) -> Iterator[Entry]:
        path = self._directory / name
        offset = self.checkpoint.get(name, 0)
        try:
            if path.stat().st_size <= offset:
                return
            reader = SegmentReader(path, offset)
            for entry in reader.read():
                self.checkpoint[name] = entry.position.offset
                yield entry
        except FileNotFoundError:
            return
        except (JournalCorrupt, OSError) as error:
            self.unreadable[name] = str(error)
            return
        self.checkpoint[name] = max(self.checkpoint.get(name, 0), reader.offset)
        self.damaged += reader.damaged
