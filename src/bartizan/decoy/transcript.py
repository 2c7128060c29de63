"""Transcripts: append-only files, two at the most for each actor, all of them within a budget.

    <digest of the actor>-<number>.bzt:  "BZTR" version(1)  salt(4)  frame(actor's key)  frame(entry) ...

Frames are the journal's (``evidence.journal.framing``): what was cut off by the end of the process is found and
removed before more is written. A file gets at most half of an actor's bytes; then the next one begins, and the one
before the last goes. An actor's key is not part of a name, since clients can choose it.
"""

from __future__ import annotations

import os
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

import msgspec

from bartizan.decoy.entry import Entry, decode_brief, decode_entry, encode_entry
from bartizan.errors import DecoyError
from bartizan.evidence.journal.framing import FRAME_OVERHEAD, MAX_RECORD, FrameDecoder, encode_frame

__all__ = ["Transcript", "Transcripts", "read_transcript", "transcripts"]

T = TypeVar("T")

SUFFIX = ".bzt"
MAX_KEY = 512  # bytes of an actor's key
_MAGIC = b"BZTR\x01"
_HEAD = len(_MAGIC) + 4
_FILES = 2
_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Transcript:
    """What there is of one actor; times are Unix seconds."""

    actor: str
    entries: int
    size: int
    first: float
    last: float


@dataclass(slots=True)
class _Actor:
    """The files of one actor: number and size, the older first. ``checked``: the last one ends with a whole frame."""

    files: dict[int, int]
    checked: bool = False

    @property
    def size(self) -> int:
        return sum(self.files.values())


class Transcripts:
    """Writes them; for one thread of one process.

    ``actor_bytes`` (at least 64 KiB), ``total_bytes`` and ``actors`` are upper bounds.
    Raises ``OSError`` if the directory cannot be used.
    """

    def __init__(self, directory: Path, *, actors: int, actor_bytes: int, total_bytes: int) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._directory = directory
        self._actors = actors
        self._file_bytes = actor_bytes // _FILES
        self._entry_bytes = min(MAX_RECORD, self._file_bytes - _HEAD - 2 * MAX_KEY)
        self._total_bytes = total_bytes
        self._known: OrderedDict[str, _Actor] = OrderedDict()
        self._size = 0
        self._load()

    def append(self, entry: Entry) -> None:
        """Write one entry; raises ``OSError`` if it cannot, and the file is then as it was."""
        digest = _digest(entry.actor)
        actor = self._known.pop(digest, None) or _Actor({})
        self._known[digest] = actor
        if not actor.checked:
            self._check(digest, actor)
        payload = encode_entry(entry, self._entry_bytes)
        number = self._file_for(digest, actor, len(payload) + FRAME_OVERHEAD, entry.actor)
        written = _append(self._path(digest, number), payload, actor.files[number])
        self._set_size(actor, number, actor.files[number] + written)
        self._keep_within(digest)

    def _check(self, digest: str, actor: _Actor) -> None:
        """Mend what an earlier process was writing when it ended."""
        if actor.files:
            last = max(actor.files)
            size = _mend(self._path(digest, last))
            if size:
                self._set_size(actor, last, size)
            else:
                self._remove(digest, actor, last)
        actor.checked = True

    def _file_for(self, digest: str, actor: _Actor, size: int, key: str) -> int:
        """Return the number of the file that takes ``size`` more bytes, made if need be."""
        last = max(actor.files, default=0)
        if last and actor.files[last] + size <= self._file_bytes:
            return last
        self._set_size(actor, last + 1, _create(self._path(digest, last + 1), key))
        for number in sorted(actor.files)[:-_FILES]:
            self._remove(digest, actor, number)
        return last + 1

    def _keep_within(self, digest: str) -> None:
        """Remove what was written longest ago, but nothing of the actor that has just written."""
        while (self._size > self._total_bytes or len(self._known) > self._actors) and len(self._known) > 1:
            oldest = next(iter(self._known))
            if oldest == digest:  # pragma: no cover - it was moved to the end
                return
            actor = self._known.pop(oldest)
            for number in tuple(actor.files):
                self._remove(oldest, actor, number)

    def _remove(self, digest: str, actor: _Actor, number: int) -> None:
        self._path(digest, number).unlink(missing_ok=True)
        self._size -= actor.files.pop(number)

    def _set_size(self, actor: _Actor, number: int, size: int) -> None:
        self._size += size - actor.files.get(number, 0)
        actor.files[number] = size

    def _path(self, digest: str, number: int) -> Path:
        return self._directory / f"{digest}-{number:06d}{SUFFIX}"

    def _load(self) -> None:
        """Take in what earlier processes have left, the one that was written last at the end."""
        found: dict[str, tuple[float, _Actor]] = {}
        for digest, number, path in _files(self._directory):
            status = path.stat()
            time, actor = found.get(digest, (0.0, _Actor({})))
            self._set_size(actor, number, status.st_size)
            found[digest] = max(time, status.st_mtime), actor
        for digest, (_, actor) in sorted(found.items(), key=lambda item: item[1][0]):
            self._known[digest] = actor


def transcripts(directory: Path) -> list[Transcript]:
    """Return what there is, the actor seen last first. Raises ``DecoyError`` if the directory cannot be read."""
    found: dict[str, list[Path]] = {}
    try:
        for digest, _, path in sorted(_files(directory)):
            found.setdefault(digest, []).append(path)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DecoyError(f"transcripts in {directory} cannot be read: {error.strerror}") from error
    told = [told for paths in found.values() if (told := _about(paths)) is not None]
    return sorted(told, key=lambda transcript: transcript.last, reverse=True)


def read_transcript(directory: Path, actor: str) -> Iterator[Entry]:
    """Yield an actor's entries, the oldest first; none if there is no transcript. Raises ``DecoyError``."""
    digest = _digest(actor)
    try:
        paths = sorted(path for found, _, path in _files(directory) if found == digest)
    except FileNotFoundError:
        return
    except OSError as error:
        raise DecoyError(f"transcripts in {directory} cannot be read: {error.strerror}") from error
    for path in paths:
        yield from _entries(path, decode_entry)


def _digest(actor: str) -> str:
    return blake2b(actor.encode("utf-8"), digest_size=16).hexdigest()


def _files(directory: Path) -> Iterator[tuple[str, int, Path]]:
    for entry in os.scandir(directory):
        digest, dash, number = entry.name.removesuffix(SUFFIX).partition("-")
        if entry.name.endswith(SUFFIX) and dash and len(digest) == 32 and number.isdecimal():
            yield digest, int(number), directory / entry.name


def _create(path: Path, key: str) -> int:
    """Begin a file; returns its size."""
    salt = secrets.token_bytes(4)
    data = _MAGIC + salt + encode_frame(key.encode("utf-8")[:MAX_KEY] or b"-", _number(salt))
    fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        if os.write(fd, data) != len(data):
            path.unlink()
            raise OSError("the head of a transcript could not be written whole")
    except OSError:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(fd)
    return len(data)


def _append(path: Path, payload: bytes, size: int) -> int:
    """Append a frame to a file of ``size`` bytes; returns how many that were."""
    fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        frame = encode_frame(payload, _number(os.pread(fd, 4, len(_MAGIC))))
        try:
            written = os.write(fd, frame)
            if written != len(frame):
                raise OSError("a transcript could not be written whole")
        except OSError:
            os.ftruncate(fd, size)
            raise
        return written
    finally:
        os.close(fd)


def _mend(path: Path) -> int:
    """Cut off what is no whole frame at the end of a file; returns its size then, 0 for one that has no head."""
    decoder = _Decoder(path)
    for _ in decoder.payloads():
        pass
    if path.stat().st_size > decoder.offset:
        os.truncate(path, decoder.offset)
    return decoder.offset


class _Decoder:
    """Reads one file; ``offset`` is behind the last whole frame."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.offset = 0

    def payloads(self) -> Iterator[bytes]:
        """Yield the payloads of its frames, the actor's key first."""
        with self._path.open("rb") as file:
            head = file.read(_HEAD)
            if len(head) < _HEAD or not head.startswith(_MAGIC):
                return
            frames = FrameDecoder(_HEAD, _number(head[-4:]))
            while data := file.read(_CHUNK):
                for _, payload in frames.feed(data):
                    yield payload
            for _, payload in frames.finish():
                yield payload
            self.offset = frames.offset if frames.offset > _HEAD else 0


def _entries(path: Path, decode: Callable[[bytes], T]) -> Iterator[T]:
    try:
        payloads = _Decoder(path).payloads()
        next(payloads, None)
        for payload in payloads:
            yield decode(payload)
    except FileNotFoundError:  # it has gone to make room
        return
    except (OSError, msgspec.MsgspecError) as error:
        raise DecoyError(f"the transcript {path} cannot be read: {error}") from error


def _about(paths: list[Path]) -> Transcript | None:
    times: list[float] = []
    actor = ""
    for path in paths:
        for entry in _entries(path, decode_brief):
            actor = entry.actor
            times.append(entry.time)
    if not times:
        return None
    size = sum(path.stat().st_size for path in paths if path.exists())
    return Transcript(actor, len(times), size, min(times), max(times))


def _number(salt: bytes) -> int:
    return int.from_bytes(salt, "big")
