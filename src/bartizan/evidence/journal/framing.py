"""How records lie in a segment file, without I/O.

    segment:  "BZJL" version(1)  frame(header)  frame(record) ...
    frame:    length(4) checksum(4) payload(length)

Numbers are big-endian. The checksum of a record is the CRC-32 of its payload, begun with its length and the segment's
salt (``zlib.crc32(payload, length ^ salt)``), that of the header begun with its length alone. The salt is a random
number in the header, so that neither what a client sent nor a block of another file passes for a frame of this one
(SQLite's write-ahead log has it for the same reason). The header is msgpack and names the encoding of the records.

What a decoder makes of bytes that are no whole frame with its checksum:

- If a whole frame with its checksum begins somewhere behind them, they are *damaged*: set aside, counted once, and
  decoding goes on with that frame.
- If not, they are a *tail*: a write in progress, or one that was cut off by the end of its process or machine
  (zeros, which some file systems leave there, among them). Decoding stops before it.
"""

from __future__ import annotations

import re
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
    "whole_frames",
]

MAX_RECORD = 1024 * 1024  # bytes
MAX_HEADER = 4096  # bytes
_START = b"BZJL\x01"
_FRAME = struct.Struct("!II")
FRAME_OVERHEAD = _FRAME.size
_PLAUSIBLE_LENGTH = re.compile(rb"\x00(?:[\x01-\x10]..|\x00(?:[\x01-\xff].|\x00[\x01-\xff]))", re.DOTALL)
"""The four bytes of a length from 1 to a little over ``MAX_RECORD``; passes over zeros at the speed of C."""


class SegmentHeader(msgspec.Struct, frozen=True):
    """``worker`` names the slot, ``boot`` the incarnation, ``sequence`` the segment; ``created`` is Unix seconds.

    ``salt`` has 32 bits.
    """

    worker: str
    boot: str
    sequence: int
    created: float
    salt: int
    encoding: str = "msgpack"


def encode_header(header: SegmentHeader) -> bytes:
    """Return the first bytes of a segment."""
    return _START + encode_frame(msgspec.msgpack.encode(header), salt=0)


def read_header(data: bytes) -> tuple[SegmentHeader, int] | None:
    """Return the header and where the frames begin; None if it is not whole yet. Raises ``JournalCorrupt``."""
    start = len(_START)
    if data[:start] != _START[: len(data)]:
        raise JournalCorrupt("is not a journal segment of a version that is known here")
    if len(data) < start + FRAME_OVERHEAD:
        return None
    length, checksum = _FRAME.unpack_from(data, start)
    end = start + FRAME_OVERHEAD + length
    if length > MAX_HEADER:
        raise JournalCorrupt("has a damaged header")
    if len(data) < end:
        return None
    payload = data[start + FRAME_OVERHEAD : end]
    try:
        if crc32(payload, length) != checksum:
            raise JournalCorrupt("has a damaged header")
        return msgspec.msgpack.decode(payload, type=SegmentHeader), end
    except msgspec.MsgspecError as error:
        raise JournalCorrupt(f"has a header that is not known here: {error}") from None


def encode_frame(payload: bytes, salt: int) -> bytes:
    """Return the frame of a record; raises ``ValueError`` for one that is empty or larger than ``MAX_RECORD``."""
    length = len(payload)
    if not 0 < length <= MAX_RECORD:
        raise ValueError(f"a record has 1 to {MAX_RECORD} bytes, not {length}")
    return _FRAME.pack(length, crc32(payload, length ^ salt)) + payload


def whole_frames(data: bytes | bytearray | memoryview, limit: int) -> tuple[int, int]:
    """Return how many frames of ``data`` lie wholly within its first ``limit`` bytes, and how many bytes they are.

    ``data`` has to be whole frames, as ``encode_frame`` made them.
    """
    count = at = 0
    while at < limit:
        end = at + FRAME_OVERHEAD + _FRAME.unpack_from(data, at)[0]
        if end > limit:
            break
        count, at = count + 1, end
    return count, at


class FrameDecoder:
    """Takes the bytes of a file from ``offset`` on as they come, and gives frames."""

    def __init__(self, offset: int, salt: int) -> None:
        self.offset = offset
        """Where the next frame is expected: behind the last one given, or further if there is much damage."""
        self.damaged = 0
        """Places that were set aside."""
        self._buffer = b""
        self._skipping = False
        self._salt = salt

    @property
    def pending(self) -> int:
        """How many bytes behind ``offset`` have been fed and are no whole frame."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Return the payloads that are whole now, each with the offset behind its frame."""
        return self._decode(self._buffer + data if self._buffer else data, at_end=False)

    def finish(self) -> list[tuple[int, bytes]]:
        """Say that the file has no more bytes now; returns what follows a damaged place near its end.

        ``feed`` may be called again when the file has grown.
        """
        return self._decode(self._buffer, at_end=True)

    def _decode(self, buffer: bytes, *, at_end: bool) -> list[tuple[int, bytes]]:
        found: list[tuple[int, bytes]] = []
        unpack, salt, size = _FRAME.unpack_from, self._salt, len(buffer)
        at = 0
        while size - at >= FRAME_OVERHEAD:
            length, checksum = unpack(buffer, at)
            begin = at + FRAME_OVERHEAD
            end = begin + length
            if end > size and length <= MAX_RECORD and not at_end:
                break
            if 0 < length <= MAX_RECORD and end <= size:
                payload = buffer[begin:end]
                if crc32(payload, length ^ salt) == checksum:
                    found.append((self.offset + end, payload))
                    at = end
                    self.damaged += self._skipping
                    self._skipping = False
                    continue
            behind = _next_frame(buffer, at + 1, salt)
            if behind is None:
                bound = size - MAX_RECORD - FRAME_OVERHEAD  # a frame that began before would be whole
                if bound > at:
                    at, self._skipping = bound, True
                break
            at, self._skipping = behind, True
        self.offset += at
        self._buffer = buffer[at:]
        return found


def _next_frame(buffer: bytes, start: int, salt: int) -> int | None:
    """Return where the first whole frame with its checksum begins."""
    while (match := _PLAUSIBLE_LENGTH.search(buffer, start)) is not None:
        at = match.start()
        if at + FRAME_OVERHEAD > len(buffer):
            return None
        length, checksum = _FRAME.unpack_from(buffer, at)
        begin = at + FRAME_OVERHEAD
        whole = length <= MAX_RECORD and begin + length <= len(buffer)
        if whole and crc32(memoryview(buffer)[begin : begin + length], length ^ salt) == checksum:
            return at
        start = at + 1
    return None
