"""Reading journals: all of them in order of time, from a position on, or as they grow."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bartizan.errors import JournalCorrupt
from bartizan.evidence.journal.framing import FrameDecoder, SegmentHeader, read_header
from bartizan.evidence.journal.records import DetectionFinding, HttpActivity, Record

__all__ = ["Entry", "JournalReader", "Position", "Segment"]

READ_SIZE = 256 * 1024
MAX_HEADER = 64 * 1024
_SLACK = 3600.0  # seconds by which an exchange may outlast the segment that its id points to


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Where to go on reading: a segment's file name, and the offset in bytes behind the last record read."""

    segment: str
    offset: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A record with the position behind it."""

    position: Position
    record: Record


class Segment:
    """One segment file, which may still grow. ``read`` returns what is new each time."""

    def __init__(self, path: Path, offset: int = 0) -> None:
        self.path = path
        self._offset = offset
        self._header: SegmentHeader | None = None
        self._decoder: FrameDecoder | None = None
        self._parsers = {"msgpack": msgspec.msgpack.Decoder(Record).decode, "json": msgspec.json.Decoder(Record).decode}
        self.malformed = 0
        """Records whose frame checks out and whose content does not."""

    @property
    def set_aside(self) -> int:
        """Records that could not be read."""
        return self.malformed + (0 if self._decoder is None else self._decoder.set_aside)

    def read(self) -> Iterator[Entry]:
        """Yield the records that are there now; raises ``JournalCorrupt`` for a file that is no segment."""
        with self.path.open("rb") as file:
            if self._decoder is None and not self._begin(file.read(MAX_HEADER)):
                return
            decoder, header = self._decoder, self._header
            if decoder is None or header is None:
                return
            parse = self._parsers[header.encoding]
            file.seek(decoder.offset + decoder.pending)
            while data := file.read(READ_SIZE):
                for offset, payload in decoder.feed(data):
                    try:
                        record = parse(payload)
                    except msgspec.MsgspecError:
                        self.malformed += 1
                        continue
                    yield Entry(Position(self.path.name, offset), record)

    def _begin(self, data: bytes) -> bool:
        try:
            read = read_header(data)
        except JournalCorrupt as error:
            raise JournalCorrupt(f"{self.path} {error}") from None
        if read is None:
            return False
        self._header, start = read
        self._decoder = FrameDecoder(max(self._offset, start))
        return True


class JournalReader:
    """The journals in a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._growing: dict[str, Segment] = {}
        self.set_aside = 0

    def segments(self) -> list[Path]:
        """Return all segments, the oldest of each worker first."""
        return sorted(self._directory.glob("*.bzj"))

    def entries(self, since: float = 0.0) -> Iterator[Entry]:
        """Yield all records from ``since`` (Unix time in seconds) on, merged over workers in order of time."""
        by_worker: dict[str, list[Path]] = {}
        for path in self.segments():
            by_worker.setdefault(path.name.rsplit("-", 3)[0], []).append(path)
        streams = [self._worker(paths, since) for paths in by_worker.values()]
        yield from heapq.merge(*streams, key=lambda entry: entry.record.time)

    def new(self) -> Iterator[Entry]:
        """Yield what has been written since the last call; the first call yields everything."""
        for path in self.segments():
            segment = self._growing.setdefault(path.name, Segment(path))
            try:
                yield from segment.read()
            except FileNotFoundError:
                del self._growing[path.name]

    def skip_to_end(self) -> None:
        """Have ``new`` begin with what is written from now on."""
        for _ in self.new():
            pass

    def from_position(self, position: Position) -> Iterator[Entry]:
        """Yield what follows a position in its own segment."""
        yield from Segment(self._directory / position.segment, position.offset).read()

    def find(self, uid: str) -> list[Record]:
        """Return the record of an exchange and those of its signals; ``uid`` is its id or its X-Request-Id."""
        began = int(uid[:12], 16) / 1000 if len(uid) == 32 and _is_hex(uid) else None
        found: list[Record] = []
        for path in self.segments():
            if began is not None and not self._may_hold(path, began):
                continue
            found += [entry.record for entry in Segment(path).read() if _belongs(entry.record, uid)]
        ids = {record.metadata.uid for record in found if isinstance(record, HttpActivity)}
        return found if uid in ids else found + [r for i in ids if i != uid for r in self.find(i) if r not in found]

    def _worker(self, paths: list[Path], since: float) -> Iterator[Entry]:
        for path in paths:
            segment = Segment(path)
            yield from (entry for entry in segment.read() if entry.record.time >= since * 1000)
            self.set_aside += segment.set_aside

    @staticmethod
    def _may_hold(path: Path, began: float) -> bool:
        """Whether an exchange that began then can be in a segment, by when that was begun and last written."""
        created = int(path.name.rsplit("-", 3)[1]) / 1000
        return created - _SLACK <= began + _SLACK and began <= path.stat().st_mtime + 1.0


def _belongs(record: Record, uid: str) -> bool:
    if isinstance(record, DetectionFinding):
        return record.metadata.correlation_uid == uid
    return uid in (record.metadata.uid, record.http_request.uid)


def _is_hex(text: str) -> bool:
    return all(character in "0123456789abcdef" for character in text)
