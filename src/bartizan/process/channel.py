"""The control channel between the supervisor and a process of its: framed messages, with file descriptors beside them.

A frame is a length (4 bytes), the number of descriptors that came with it (1 byte), and a msgpack message. It runs over
one end of a Unix socket pair that only the two processes hold; the resolved configuration, which has secrets in it,
travels here and nowhere else.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections import deque
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from bartizan.errors import ControlError

__all__ = [
    "Channel",
    "Commit",
    "Done",
    "Drain",
    "Failed",
    "FrameReader",
    "Prepare",
    "Report",
    "Reported",
    "Rollback",
    "Start",
    "encode_frame",
]

MAX_MESSAGE = 256 * 1024 * 1024  # bytes: a configuration of a hundred thousand routes fits
MAX_FDS = 200
_HEADER = struct.Struct("!IB")


class Start(msgspec.Struct, tag=True):
    """Supervisor: serve this configuration; the descriptors are the listeners', in this order."""

    number: int
    config: bytes
    listeners: list[str]


class Prepare(msgspec.Struct, tag=True):
    """Supervisor: build this configuration beside the one in force; descriptors as in ``Start``."""

    number: int
    config: bytes
    listeners: list[str]


class Commit(msgspec.Struct, tag=True):
    """Supervisor: swap to what was prepared."""

    number: int


class Rollback(msgspec.Struct, tag=True):
    """Supervisor: throw away what was prepared."""

    number: int


class Report(msgspec.Struct, tag=True):
    """Supervisor: tell what you have counted."""

    number: int


class Drain(msgspec.Struct, tag=True):
    """Supervisor: stop accepting, finish within ``grace`` seconds, and leave."""

    number: int
    grace: float


class Done(msgspec.Struct, tag=True):
    """Worker: the order of this number has been carried out."""

    number: int


class Failed(msgspec.Struct, tag=True):
    """Worker: the order of this number could not be carried out, and nothing has changed."""

    number: int
    message: str


class Reported(msgspec.Struct, tag=True):
    """Worker: the answer to ``Report``, in msgpack; what is in it depends on the kind of process."""

    number: int
    report: msgspec.Raw


Message = Start | Prepare | Commit | Rollback | Report | Drain | Done | Failed | Reported
T = TypeVar("T")


def encode_frame(message: Message, fds: int = 0) -> bytes:
    """Return the frame of a message."""
    payload = msgspec.msgpack.encode(message)
    return _HEADER.pack(len(payload), fds) + payload


class FrameReader:
    """Takes bytes and descriptors, gives messages. No I/O."""

    def __init__(self) -> None:
        self._decoder = msgspec.msgpack.Decoder(Message)
        self._buffer = bytearray()
        self._fds: deque[int] = deque()

    def feed(self, data: bytes, fds: Sequence[int]) -> list[tuple[Message, list[int]]]:
        """Return the messages that are whole now; raises ``ControlError`` for what is none."""
        self._buffer += data
        self._fds.extend(fds)
        messages = []
        while len(self._buffer) >= _HEADER.size:
            length, count = _HEADER.unpack_from(self._buffer)
            if length > MAX_MESSAGE or count > MAX_FDS:
                raise ControlError(f"the control channel carries a frame of {length} bytes and {count} descriptors")
            end = _HEADER.size + length
            if len(self._buffer) < end or len(self._fds) < count:
                break
            payload = bytes(self._buffer[_HEADER.size : end])
            del self._buffer[:end]
            try:
                message = self._decoder.decode(payload)
            except msgspec.MsgspecError as error:
                raise ControlError(f"the control channel carries a malformed message: {error}") from None
            messages.append((message, [self._fds.popleft() for _ in range(count)]))
        return messages


class Channel:
    """One end of the socket pair. ``receive`` returns None when the other end is gone."""

    def __init__(self, sock: socket.socket, loop: asyncio.AbstractEventLoop) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._loop = loop
        self._reader = FrameReader()
        self._messages: asyncio.Queue[tuple[Message, list[int]] | None] = asyncio.Queue()
        self._sending = asyncio.Lock()
        self._open = True
        loop.add_reader(sock.fileno(), self._readable)

    async def receive(self) -> tuple[Message, list[int]] | None:
        """Wait for the next message and its descriptors."""
        return await self._messages.get()

    async def send(self, message: Message, fds: Sequence[int] = ()) -> None:
        """Send a message; raises ``ControlError`` if the other end is gone."""
        frame = encode_frame(message, len(fds))
        async with self._sending:
            try:
                if fds:
                    await self._writable()
                    sent = socket.send_fds(self._sock, [frame[: _HEADER.size]], list(fds))
                    frame = frame[sent:]
                await self._loop.sock_sendall(self._sock, frame)
            except OSError as error:
                raise ControlError(f"the other process is gone: {error}") from error

    def close(self) -> None:
        """Close this end."""
        if self._open:
            self._open = False
            self._loop.remove_reader(self._sock.fileno())
            self._sock.close()
            self._messages.put_nowait(None)

    async def _writable(self) -> None:
        ready = self._loop.create_future()
        self._loop.add_writer(self._sock.fileno(), _resolve, ready)
        try:
            await ready
        finally:
            self._loop.remove_writer(self._sock.fileno())

    def _readable(self) -> None:
        try:
            data, fds, _, _ = socket.recv_fds(self._sock, 1 << 18, MAX_FDS)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data, fds = b"", []
        if not data:
            self.close()
            return
        for fd in fds:
            os.set_inheritable(fd, False)
        try:
            for item in self._reader.feed(data, fds):
                self._messages.put_nowait(item)
        except ControlError:
            self.close()


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
