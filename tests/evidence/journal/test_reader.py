from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.evidence.journal.samples import BEGAN, a_record, a_writer, an_exchange, exchange_id, numbers, written

from bartizan.errors import JournalError
from bartizan.evidence.journal import (
    DetectionFinding,
    HttpActivity,
    JournalReader,
    Position,
    SegmentReader,
    exchange_record,
    signal_records,
)
from bartizan.evidence.journal.reader import Entry
from bartizan.evidence.journal.segments import list_segments
from bartizan.pipeline import Signal


def seen(entries: list[Entry]) -> list[int]:
    return numbers([entry.record for entry in entries if isinstance(entry.record, HttpActivity)])


def paths(directory: Path) -> list[Path]:
    return [directory / str(name) for name in list_segments(directory)]


async def test_workers_are_merged_by_when_exchanges_ended(tmp_path: Path) -> None:
    even, odd = a_writer(tmp_path, "edge-1"), a_writer(tmp_path, "edge-2")
    for number in range(20):
        (odd if number % 2 else even).append(a_record(number, BEGAN + number))
    long = an_exchange(99, began=BEGAN)
    long.duration = 30.0
    even.append(exchange_record(long))  # begun first, ended last
    await even.close()
    await odd.close()
    assert seen(list(JournalReader(tmp_path).entries())) == [*range(20), 99]
    assert seen(list(JournalReader(tmp_path, "edge-2").entries())) == list(range(1, 20, 2))


async def test_signals_stay_behind_their_exchange(tmp_path: Path) -> None:
    writer = a_writer(tmp_path)
    exchange = an_exchange(1)
    exchange.duration = 5.0
    exchange.signals = [Signal("a", 1), Signal("b", 2)]
    writer.append(exchange_record(exchange))
    for record in signal_records(exchange):
        writer.append(record)
    other = a_writer(tmp_path, "edge-2")
    other.append(a_record(2, BEGAN + 1))
    await writer.close()
    await other.close()
    found = [entry.record for entry in JournalReader(tmp_path).entries()]
    assert [type(record) for record in found] == [HttpActivity, HttpActivity, DetectionFinding, DetectionFinding]
    assert found[1:] == [exchange_record(exchange), *signal_records(exchange)]


async def test_since_leaves_out_what_ended_before(tmp_path: Path) -> None:
    writer = a_writer(tmp_path)
    for number in range(10):
        writer.append(a_record(number, BEGAN + number * 10))
    await writer.close()
    assert seen(list(JournalReader(tmp_path).entries(BEGAN + 45))) == [5, 6, 7, 8, 9]
    for path in paths(tmp_path):
        os.utime(path, (BEGAN, BEGAN))
    assert seen(list(JournalReader(tmp_path).entries(BEGAN + 45))) == []  # not even opened


@pytest.mark.parametrize("count", [0, 1, 7, 50, 1000])
async def test_the_last_records_are_found_from_the_end(tmp_path: Path, count: int) -> None:
    await written(tmp_path, 50, "edge-1", segment_bytes=4096)
    writer = a_writer(tmp_path, "edge-2")
    for number in range(100, 110):
        writer.append(a_record(number, BEGAN + 1000))
    await writer.close()
    entries, checkpoint = JournalReader(tmp_path).last(count)
    everything = [*range(50), *range(100, 110)]
    assert seen(entries) == everything[max(0, len(everything) - count) :]
    assert checkpoint == {path.name: path.stat().st_size for path in paths(tmp_path)}


async def test_reading_goes_on_behind_a_position_across_rotation(tmp_path: Path) -> None:
    await written(tmp_path, 60, "edge-1", segment_bytes=4096)
    await written(tmp_path, 5, "edge-2")
    reader = JournalReader(tmp_path)
    entries = list(JournalReader(tmp_path, "edge-1").entries())
    for at in (0, 3, 31, 59):
        assert list(reader.read_from(entries[at].position)) == entries[at + 1 :]
    assert list(reader.read_from(Position(entries[0].position.segment, 0))) == entries
    with pytest.raises(JournalError, match="is not the name of a segment"):
        list(reader.read_from(Position("../secrets", 0)))


async def test_payloads_are_the_bytes_on_disk(tmp_path: Path) -> None:
    await written(tmp_path, 3, format="json")
    data = paths(tmp_path)[0].read_bytes()
    for entry in JournalReader(tmp_path).entries():
        end = entry.position.offset
        assert data[end - len(entry.payload) : end] == entry.payload
        assert entry.payload.startswith(b'{"class_uid":4002')


async def test_a_growing_segment_is_read_on(tmp_path: Path) -> None:
    writer = a_writer(tmp_path)
    writer.append(a_record(0))
    writer.flush()
    reader = SegmentReader(paths(tmp_path)[0])
    assert seen(list(reader.read())) == [0]
    assert seen(list(reader.read())) == []
    writer.append(a_record(1))
    writer.flush()
    assert seen(list(reader.read())) == [1]
    await writer.close()


async def test_a_torn_record_is_left_and_read_once_it_is_whole(tmp_path: Path) -> None:
    await written(tmp_path, 3)
    path = paths(tmp_path)[0]
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    reader = SegmentReader(path)
    assert seen(list(reader.read())) == [0, 1]
    assert reader.pending > 0
    path.write_bytes(whole)
    assert seen(list(reader.read())) == [2]
    assert (reader.pending, reader.damaged) == (0, 0)


async def test_damage_costs_one_record_and_is_counted(tmp_path: Path) -> None:
    await written(tmp_path, 10)
    entries = list(JournalReader(tmp_path).entries())
    path = paths(tmp_path)[0]
    data = bytearray(path.read_bytes())
    data[entries[4].position.offset - 20] ^= 0x10
    path.write_bytes(data)
    reader = JournalReader(tmp_path)
    assert seen(list(reader.entries())) == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    assert reader.damaged == 1


async def test_a_file_that_is_no_segment_does_not_hide_the_others(tmp_path: Path) -> None:
    await written(tmp_path, 5)
    (tmp_path / "edge-1-0000000000001-a1b2c3-000001.bzj").write_bytes(b"something else")
    (tmp_path / "edge-1-0000000000002-a1b2c3-000001.bzj").write_bytes(b"")
    reader = JournalReader(tmp_path)
    assert seen(list(reader.entries())) == [0, 1, 2, 3, 4]
    assert len(reader.unreadable) == 1
    assert "is not a journal segment" in reader.unreadable[0]


async def test_a_segment_that_is_removed_meanwhile_is_no_error(tmp_path: Path) -> None:
    await written(tmp_path, 30, segment_bytes=4096)
    reader = JournalReader(tmp_path)
    entries = reader.entries()
    next(entries)
    for path in paths(tmp_path)[2:]:
        path.unlink()
    assert 1 < len(list(entries)) < 29
    assert reader.unreadable == []


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"no journal can be read in .*absent: No such file"):
        list(JournalReader(tmp_path / "absent").entries())


# looking exchanges up


@pytest.mark.parametrize("format_", ["msgpack", "json"])
async def test_an_exchange_is_found_with_its_signals(tmp_path: Path, format_: str) -> None:
    writer = a_writer(tmp_path, format=format_)
    for number in range(20):
        exchange = an_exchange(number)
        exchange.request_id = exchange.id if number != 7 else 'from "proxy" ü'
        exchange.signals = [Signal("denylist.hit", 30)] if number == 7 else []
        for record in [exchange_record(exchange), *signal_records(exchange)]:
            writer.append(record)
    await writer.close()
    reader = JournalReader(tmp_path)
    for wanted in (exchange_id(7), 'from "proxy" ü'):
        activity, finding = reader.find(wanted)
        assert isinstance(activity, HttpActivity)
        assert isinstance(finding, DetectionFinding)
        assert activity.metadata.uid == finding.metadata.correlation_uid == exchange_id(7)
    assert reader.find(exchange_id(21)) == []
    assert reader.find("") == []


async def test_segments_of_another_time_are_not_read(tmp_path: Path) -> None:
    await written(tmp_path, 1)
    path = paths(tmp_path)[0]
    os.utime(path, (BEGAN - 60, BEGAN - 60))  # last written before the exchange began
    assert JournalReader(tmp_path).find(exchange_id(0)) == []
    os.utime(path, (BEGAN + 60, BEGAN + 60))
    assert len(JournalReader(tmp_path).find(exchange_id(0))) == 1


async def test_an_exchange_that_lasted_for_days_is_found(tmp_path: Path) -> None:
    days = an_exchange(5, began=BEGAN)
    days.duration = 3 * 86400.0
    writer = a_writer(tmp_path)  # its segment is named after the time at which it is made, years later
    writer.append(exchange_record(days))
    await writer.close()
    assert len(JournalReader(tmp_path).find(exchange_id(5))) == 1
