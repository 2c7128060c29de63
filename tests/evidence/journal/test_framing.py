from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.errors import JournalCorrupt
from bartizan.evidence.journal.framing import (
    FRAME_OVERHEAD,
    MAX_RECORD,
    FrameDecoder,
    SegmentHeader,
    encode_frame,
    encode_header,
    read_header,
    whole_frames,
)

RECORD = st.binary(min_size=1, max_size=60)
RECORDS = st.lists(RECORD, max_size=12)
SALT = 0xDEADBEEF
HEADER = SegmentHeader("edge-1", "a1b2c3", 7, 1_764_000_000.5, SALT, "json")


def frame(payload: bytes) -> bytes:
    return encode_frame(payload, SALT)


def framed(records: list[bytes]) -> bytes:
    return b"".join(frame(record) for record in records)


def decoded(data: bytes) -> tuple[list[bytes], FrameDecoder]:
    decoder = FrameDecoder(0, SALT)
    found = decoder.feed(data) + decoder.finish()
    return [payload for _, payload in found], decoder


@given(RECORDS, st.data())
def test_records_come_back_however_the_bytes_are_cut(records: list[bytes], data: st.DataObject) -> None:
    stream = framed(records)
    decoder = FrameDecoder(0, SALT)
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(stream):
        size = data.draw(st.integers(1, len(stream) - at))
        found += decoder.feed(stream[at : at + size])
        at += size
    assert [payload for _, payload in found] == records
    assert decoder.pending == decoder.damaged == 0
    ends = [len(framed(records[: count + 1])) for count in range(len(records))]
    assert [offset for offset, _ in found] == ends


@given(RECORDS, st.data())
def test_a_cut_end_costs_only_the_record_it_is_in(records: list[bytes], data: st.DataObject) -> None:
    stream = framed(records)
    kept = data.draw(st.integers(0, len(stream)))
    count, size = whole_frames(stream, kept)
    found, decoder = decoded(stream[:kept])
    assert found == records[:count]
    assert (decoder.offset, decoder.pending, decoder.damaged) == (size, kept - size, 0)


@given(st.lists(RECORD, min_size=1, max_size=12), st.data())
def test_a_flipped_bit_costs_only_the_record_it_is_in(records: list[bytes], data: st.DataObject) -> None:
    stream = bytearray(framed(records))
    bit = data.draw(st.integers(0, len(stream) * 8 - 1))
    stream[bit // 8] ^= 1 << bit % 8
    hit, _ = whole_frames(framed(records), bit // 8)
    found, decoder = decoded(bytes(stream))
    assert found == records[:hit] + records[hit + 1 :]
    assert decoder.damaged == (1 if hit + 1 < len(records) else 0)


@given(RECORDS, st.binary(max_size=200), RECORDS.filter(bool))
def test_whatever_lies_between_records_is_passed_over(before: list[bytes], noise: bytes, after: list[bytes]) -> None:
    found, decoder = decoded(framed(before) + noise + framed(after))
    assert found == before + after
    assert decoder.damaged == (1 if noise else 0)


@given(st.binary(max_size=400))
def test_no_bytes_are_too_strange(noise: bytes) -> None:
    decoder = FrameDecoder(5, SALT)
    decoder.feed(noise)
    decoder.finish()
    assert decoder.offset + decoder.pending == 5 + len(noise)


def test_damage_is_bounded_however_long_it_is() -> None:
    decoder = FrameDecoder(0, SALT)
    found = decoder.feed(frame(b"before"))
    for _ in range(12):
        found += decoder.feed(b"\xff" * 256 * 1024)
        assert decoder.pending <= MAX_RECORD + FRAME_OVERHEAD + 256 * 1024
    found += decoder.feed(frame(b"after"))
    assert [payload for _, payload in found + decoder.finish()] == [b"before", b"after"]
    assert decoder.damaged == 1


def test_frames_of_another_segment_are_no_records_of_this_one() -> None:
    planted = encode_frame(b"from a block that another file had", SALT ^ 1)
    found, decoder = decoded(frame(b"one") + planted + frame(b"holds " + planted) + frame(b"two"))
    assert found == [b"one", b"holds " + planted, b"two"]
    assert decoder.damaged == 1


def test_zeros_at_the_end_are_a_tail() -> None:
    found, decoder = decoded(frame(b"one") + bytes(3_000_000))
    assert found == [b"one"]
    assert decoder.damaged == 0


def test_what_follows_a_damaged_length_is_found_at_the_end_and_reading_can_go_on() -> None:
    damaged = bytearray(frame(b"damaged"))
    damaged[1] = 0x0F  # now it seems to be a megabyte long
    decoder = FrameDecoder(0, SALT)
    assert decoder.feed(bytes(damaged) + frame(b"two")) == []
    assert [payload for _, payload in decoder.finish()] == [b"two"]
    assert [payload for _, payload in decoder.feed(frame(b"three"))] == [b"three"]
    assert decoder.damaged == 1


@pytest.mark.parametrize("size", [0, MAX_RECORD + 1])
def test_no_frame_is_empty_or_too_large(size: int) -> None:
    with pytest.raises(ValueError, match="a record has 1 to 1048576 bytes"):
        frame(bytes(size))


def test_the_largest_record_fits() -> None:
    assert decoded(frame(b"x" * MAX_RECORD))[0] == [b"x" * MAX_RECORD]


def test_a_header_comes_back_once_it_is_whole() -> None:
    data = encode_header(HEADER)
    assert read_header(data + b"more") == (HEADER, len(data))
    assert all(read_header(data[:size]) is None for size in range(len(data)))


@given(st.data())
def test_a_damaged_header_is_refused(data: st.DataObject) -> None:
    header = bytearray(encode_header(HEADER))
    bit = data.draw(st.integers(0, len(header) * 8 - 1))
    header[bit // 8] ^= 1 << bit % 8
    with suppress(JournalCorrupt):
        assert read_header(bytes(header)) is None  # a length that seems longer


def test_another_version_is_refused() -> None:
    with pytest.raises(JournalCorrupt, match="of a version that is known here"):
        read_header(b"BZJL\x02" + bytes(100))
