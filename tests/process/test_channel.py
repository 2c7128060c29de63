from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.errors import ControlError
from bartizan.process.channel import (
    MAX_MESSAGE,
    Channel,
    Commit,
    Done,
    Drain,
    Failed,
    FrameReader,
    Message,
    Report,
    Reported,
    Start,
    encode_frame,
)

MESSAGES: list[Message] = [
    Start(1, b"config", ["main", "other"]),
    Commit(2),
    Drain(3, 1.5),
    Done(4),
    Failed(5, "why"),
    Reported(6, msgspec.Raw(msgspec.msgpack.encode({"a": 1}))),
]


def taken(reader: FrameReader, pieces: list[bytes]) -> list[Message]:
    return [message for piece in pieces for message, _ in reader.feed(piece, [])]


@given(st.lists(st.sampled_from(MESSAGES), max_size=6), st.data())
def test_messages_come_out_however_the_bytes_are_cut(messages: list[Message], data: st.DataObject) -> None:
    stream = b"".join(encode_frame(message) for message in messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert [type(message) for message in taken(FrameReader(), pieces)] == [type(message) for message in messages]


def test_a_message_waits_for_its_descriptors() -> None:
    reader = FrameReader()
    frame = encode_frame(Start(1, b"", ["a", "b"]), 2)
    assert reader.feed(frame, [7]) == []
    ((message, fds),) = reader.feed(b"", [8])
    assert isinstance(message, Start)
    assert fds == [7, 8]


@pytest.mark.parametrize(
    "frame",
    [(MAX_MESSAGE + 1).to_bytes(4, "big") + b"\0", b"\0\0\0\1\xff", b"\0\0\0\1\0\xc1", b"\0\0\0\1\0\x90"],
)
def test_what_is_no_message_is_refused(frame: bytes) -> None:
    with pytest.raises(ControlError):
        FrameReader().feed(frame, [])


@pytest.fixture
async def ends() -> AsyncIterator[tuple[Channel, Channel]]:
    ours, theirs = socket.socketpair()
    loop = asyncio.get_running_loop()
    pair = Channel(ours, loop), Channel(theirs, loop)
    yield pair
    for end in pair:
        end.close()


async def test_descriptors_arrive_and_are_not_inherited(ends: tuple[Channel, Channel], tmp_path: Path) -> None:
    ours, theirs = ends
    file = os.open(tmp_path / "file", os.O_CREAT | os.O_RDWR)
    os.write(file, b"hello")
    await ours.send(Start(1, b"x" * 500_000, ["main"]), [file])
    received = await theirs.receive()
    assert received is not None
    message, (fd,) = received
    assert isinstance(message, Start)
    assert len(message.config) == 500_000
    assert os.pread(fd, 10, 0) == b"hello"
    assert not os.get_inheritable(fd)
    os.close(fd)
    os.close(file)


async def test_the_end_of_the_other_is_noticed(ends: tuple[Channel, Channel]) -> None:
    ours, theirs = ends
    ours.close()
    assert await theirs.receive() is None
    with pytest.raises(ControlError):
        await ours.send(Report(1))
