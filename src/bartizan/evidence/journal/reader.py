"""Reading journals: one segment, all of them in order, the last records, or those of one exchange."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bartizan.errors import JournalCorrupt, JournalError
from bartizan.evidence.journal.framing import MAX_HEADER, FrameDecoder, SegmentHeader, read_header
from bartizan.evidence.journal.records import DetectionFinding, HttpActivity, Record
from bartizan.evidence.journal.segments import SegmentName, list_segments

__all__ = ["Entry", "JournalReader", "Position", "SegmentReader"]

READ_SIZE = 256 * 1024  # bytes
MAX_FOUND = 1000  # records that one look-up returns
EXCHANGE_LASTS = 3600.0  # seconds; only exchanges that last longer are looked for in every segment


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Where to go on reading: a segment's file name, and the offset in bytes behind the last record read."""

    segment: str
    offset: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A record, the position behind it, and ``payload``: its bytes as they are on disk."""

    position: Position
    payload: bytes
    record: Record


class SegmentReader:
    """Reads one segment, which may still grow, from an offset on (0: from its beginning)."""

    def __init__(self, path: Path, offset: int = 0) -> None:
        self.path = path
        self.offset = offset
        """Where the next ``read`` begins: behind the last record read."""
        self.damaged = 0
        """Places in the file, and records, that could not be read and were passed over."""
        self.pending = 0
        """Bytes behind the last whole record: a write in progress or one that was cut off."""
        self._end = 0

    def read(self, containing: bytes | None = None, last: int | None = None) -> Iterator[Entry]:
        """Yield the records that are there now and have not been read; the next call yields what was added.

        ``containing`` passes over records whose bytes do not contain it, ``last`` over all but so many, without
        decoding them. Raises ``JournalCorrupt`` for a file that is no segment, and ``OSError``.
        """
        with self.path.open("rb") as file:
            header = self._header(file.read(MAX_HEADER + 64))
            if header is None:
                return
            file.seek(self.offset)
            decode = _DECODERS[header.encoding]
            frames: Iterable[tuple[int, bytes]] = self._frames(iter(lambda: file.read(READ_SIZE), b""), header.salt)
            if last is not None:
                frames = deque(frames, maxlen=last)
            for offset, payload in frames:
                self.offset = offset
                if containing is not None and containing not in payload:
                    continue
                try:
                    record = decode(payload)
                except msgspec.MsgspecError:
                    self.damaged += 1
                    continue
                yield Entry(Position(self.path.name, offset), payload, record)
            self.offset = self._end

    def _header(self, data: bytes) -> SegmentHeader | None:
        try:
            read = read_header(data)
            if read is not None and read[0].encoding not in _DECODERS:
                raise JournalCorrupt(f"has records in {read[0].encoding!r}, which is not known here")
        except JournalCorrupt as error:
            raise JournalCorrupt(f"{self.path} {error}") from None
        if read is None:
            return None
        header, begin = read
        self.offset = max(self.offset, begin)
        return header

    def _frames(self, chunks: Iterator[bytes], salt: int) -> Iterator[tuple[int, bytes]]:
        decoder = FrameDecoder(self.offset, salt)
        for chunk in chunks:
            yield from decoder.feed(chunk)
        yield from decoder.finish()
        self.damaged += decoder.damaged
        self.pending = decoder.pending
        self._end = decoder.offset


_DECODERS = {"msgpack": msgspec.msgpack.Decoder(Record).decode, "json": msgspec.json.Decoder(Record).decode}


class JournalReader:
    """The journals of all workers in a directory, also while they are written.

    Records of one worker come in the order in which they were written, which is that in which exchanges ended.
    """

    def __init__(self, directory: Path, worker: str | None = None) -> None:
        self.damaged = 0
        """What has been passed over so far because it could not be read."""
        self.unreadable: list[str] = []
        """Why whole files were passed over."""
        self._directory = directory
        self._worker = worker

    def segments(self) -> list[SegmentName]:
        """Return all segments, those of each worker from old to new. Raises ``JournalError``."""
        try:
            return list_segments(self._directory, self._worker)
        except OSError as error:
            raise JournalError(f"no journal can be read in {self._directory}: {error.strerror}") from None

    def entries(self, since: float = 0.0) -> Iterator[Entry]:
        """Yield the records of exchanges that ended at or after ``since`` (Unix time in seconds).

        Workers are merged by the time at which exchanges ended.
        """
        segments = [name for name in self.segments() if self._written_since(name, since)]
        begin = since * 1000
        for ended, entry in heapq.merge(*self._streams(segments), key=lambda item: item[0]):
            if ended >= begin:
                yield entry

    def last(self, count: int) -> tuple[list[Entry], dict[str, int]]:
        """Return the last ``count`` records, and a checkpoint from which a ``Follower`` goes on."""
        streams: list[Iterator[tuple[float, Entry]]] = []
        checkpoint: dict[str, int] = {}
        for names in _by_worker(self.segments()):
            found: list[Entry] = []
            for name in reversed(names):
                reader = self._segment(name)
                found = [*self._read(reader, last=count - len(found)), *found]
                checkpoint[str(name)] = reader.offset
                if len(found) >= count:
                    break
            checkpoint |= {str(name): self._size(name) for name in names if str(name) not in checkpoint}
            streams.append(_with_end(found))
        merged = heapq.merge(*streams, key=lambda item: item[0])
        return [entry for _, entry in deque(merged, maxlen=count)], checkpoint

    def read_from(self, position: Position) -> Iterator[Entry]:
        """Yield what follows a position: the rest of its segment, then the later segments of the same worker."""
        start = SegmentName.parse(position.segment)
        if start is None:
            raise JournalError(f"{position.segment!r} is not the name of a segment")
        for name in self.segments():
            if name.worker == start.worker and name >= start:
                yield from self._read(self._segment(name, position.offset if name == start else 0))

    def find(self, uid: str) -> list[Record]:
        """Return the record of an exchange and those of its signals; ``uid`` is its id or its X-Request-Id.

        The first 12 hexadecimal digits of an id are the Unix milliseconds at which the exchange began, so that most
        segments need not be read.
        """
        found = self._find(uid)
        exchanges = [record.metadata.uid for record in found if isinstance(record, HttpActivity)]
        if uid in exchanges:
            return found
        return [record for each in exchanges for record in self._find(each)][:MAX_FOUND]

    def _find(self, uid: str) -> list[Record]:
        names = self.segments()
        began = _began(uid)
        if began is None:
            return self._matches(names, uid)
        candidates = [name for name in names if self._written_since(name, began)]
        likely = [name for name in candidates if name.created / 1000 <= began + EXCHANGE_LASTS]
        return self._matches(likely, uid) or self._matches([name for name in candidates if name not in likely], uid)

    def _matches(self, names: list[SegmentName], uid: str) -> list[Record]:
        found: list[Record] = []
        containing = uid.encode() if uid.isascii() and uid.isprintable() and not set(uid) & set('"\\') else None
        for name in names:
            entries = self._read(self._segment(name), containing=containing)
            found += [entry.record for entry in entries if _belongs(entry.record, uid)]
            if len(found) >= MAX_FOUND:
                break
        return found[:MAX_FOUND]

    def _streams(self, segments: list[SegmentName]) -> list[Iterator[tuple[float, Entry]]]:
        def entries(names: list[SegmentName]) -> Iterator[Entry]:
            for name in names:
                yield from self._read(self._segment(name))

        return [_with_end(entries(names)) for names in _by_worker(segments)]

    def _segment(self, name: SegmentName, offset: int = 0) -> SegmentReader:
        return SegmentReader(self._directory / str(name), offset)

    def _read(self, reader: SegmentReader, containing: bytes | None = None, last: int | None = None) -> Iterator[Entry]:
        """Read a segment, and take note of what cannot be read instead of giving up."""
        try:
            yield from reader.read(containing, last)
        except FileNotFoundError:
            return  # removed meanwhile, as the oldest ones are
        except (JournalCorrupt, OSError) as error:
            self.unreadable.append(str(error))
        self.damaged += reader.damaged

    def _written_since(self, name: SegmentName, since: float) -> bool:
        try:
            return (self._directory / str(name)).stat().st_mtime + 1.0 >= since
        except FileNotFoundError:
            return False

    def _size(self, name: SegmentName) -> int:
        try:
            return (self._directory / str(name)).stat().st_size
        except FileNotFoundError:
            return 0


def _by_worker(names: list[SegmentName]) -> list[list[SegmentName]]:
    workers: dict[str, list[SegmentName]] = {}
    for name in names:
        workers.setdefault(name.worker, []).append(name)
    return list(workers.values())


def _with_end(entries: Iterable[Entry]) -> Iterator[tuple[float, Entry]]:
    """Yield each entry with when its exchange ended, in Unix milliseconds, made to never go back within a worker.

    A finding ends with the exchange it was written behind.
    """
    latest = 0.0
    for entry in entries:
        record = entry.record
        latest = max(latest, record.time + (record.duration if isinstance(record, HttpActivity) else 0))
        yield latest, entry


def _belongs(record: Record, uid: str) -> bool:
    if isinstance(record, DetectionFinding):
        return uid in (record.metadata.correlation_uid, record.metadata.uid)
    return uid in (record.metadata.uid, record.http_request.uid)


def _began(uid: str) -> float | None:
    """Return when the exchange of an id began, in Unix seconds; None if it is no exchange's id."""
    if len(uid) != 32 or set(uid) - set("0123456789abcdef"):
        return None
    return int(uid[:12], 16) / 1000
