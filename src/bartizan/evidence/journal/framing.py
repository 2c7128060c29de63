"""How records lie in a segment file, without I/O.

    header:  "BZJL" version(1) encoding(1) length(2)  then that many bytes of msgpack: who wrote it and when
    frame:   length(4) crc32(4) payload               the checksum covers length and payload

A reader that finds a frame which does not check out at the end of the file takes it for a write that was cut off
(torn) and stops before it; in the middle of a file, it sets the frame aside, counts it, and goes on behind it if its
length leads to a frame that does check out, else stops: nothing behind it can be told apart from noise.
"""

from __future__ import annotations

import struct
from zlib import crc32

import msgspec

from bartizan.errors import JournalCorrupt

__all__ = [
    "FRAME_OVERHEAD",
    "MAX_RECORD",
    "FrameDecoder",
    "SegmentHeader",
    "encode_frame",
    "encode_header",
    "read_header",
]

MAX_RECORD = 1024 * 1024  # bytes
_MAGIC = b"BZJL"
_VERSION = 1
_HEADER = struct.Struct("!4sBBH")
_FRAME = struct.Struct("!II")
_LENGTH = struct.Struct("!I")
FRAME_OVERHEAD = _FRAME.size
_ENCODINGS = ("msgpack", "json")


class SegmentHeader(msgspec.Struct, frozen=True):
    """``worker`` names the slot, ``boot`` the incarnation, ``sequence`` the segment; ``created`` is Unix seconds."""

    worker: str
    boot: str
    sequence: int
    created: float
    encoding: str = "msgpack"


def encode_header(header: SegmentHeader) -> bytes:
    """Return the first bytes of a segment."""
    data = msgspec.msgpack.encode(header)
    return _HEADER.pack(_MAGIC, _VERSION, _ENCODINGS.index(header.encoding), len(data)) + data


def read_header(data: bytes) -> tuple[SegmentHeader, int] | None:
    """Return the header and where the frames begin; None if it is not whole yet. Raises ``JournalCorrupt``."""
    if len(data) < _HEADER.size:
        return None
    magic, version, encoding, length = _HEADER.unpack_from(data)
    if magic != _MAGIC or version != _VERSION or encoding >= len(_ENCODINGS):
        raise JournalCorrupt("is not a journal segment of a version that is known here")
    if len(data) < _HEADER.size + length:
        return None
    try:
        header = msgspec.msgpack.decode(data[_HEADER.size : _HEADER.size + length], type=SegmentHeader)
    except msgspec.MsgspecError as error:
        raise JournalCorrupt(f"has a malformed header: {error}") from None
    return header, _HEADER.size + length


def encode_frame(payload: bytes) -> bytes:
    """Return the frame of a record; raises ``ValueError`` for one that is too large."""
    length = len(payload)
    if length > MAX_RECORD:
        raise ValueError(f"a record of {length} bytes is larger than {MAX_RECORD}")
    return _FRAME.pack(length, crc32(payload, crc32(_LENGTH.pack(length)))) + payload


class FrameDecoder:
    """Takes bytes as a file grows, gives (offset, payload). ``offset`` is where the next frame begins."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.set_aside = 0
        """Frames that did not check out."""
        self._buffer = b""

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Return the whole frames, each with the offset behind it."""
        buffer = self._buffer + data if self._buffer else data
        found: list[tuple[int, bytes]] = []
        at = 0
        while (end := self._frame_end(buffer, at)) is not None:
            payload = buffer[at + FRAME_OVERHEAD : end]
            if _checks_out(buffer, at, payload):
                found.append((self.offset + end - at, payload))
            elif self._leads_on(buffer, end):
                self.set_aside += 1
            else:
                break
            self.offset += end - at
            at = end
        self._buffer = buffer[at:]
        return found

    @property
    def pending(self) -> int:
        """Bytes behind the last whole frame: a write in progress, cut off, or damaged."""
        return len(self._buffer)

    @staticmethod
    def _frame_end(buffer: bytes, at: int) -> int | None:
        if len(buffer) - at < FRAME_OVERHEAD:
            return None
        length = _LENGTH.unpack_from(buffer, at)[0]
        end: int = at + FRAME_OVERHEAD + length
        return end if length <= MAX_RECORD and end <= len(buffer) else None

    def _leads_on(self, buffer: bytes, at: int) -> bool:
        end = self._frame_end(buffer, at)
        return end is not None and _checks_out(buffer, at, buffer[at + FRAME_OVERHEAD : end])


def _checks_out(buffer: bytes, at: int, payload: bytes) -> bool:
    length, checksum = _FRAME.unpack_from(buffer, at)
    return bool(crc32(payload, crc32(_LENGTH.pack(length))) == checksum)
