from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.evidence.journal.limits import limited_file_size
from tests.evidence.journal.samples import (
    Clock,
    a_record,
    a_writer,
    an_exchange,
    numbers,
    running,
    settings,
    until,
    written,
)

from bartizan.evidence.journal import DetectionFinding, HttpActivity, JournalReader, JournalWriter, exchange_record
from bartizan.evidence.journal.records import Record
from bartizan.evidence.journal.segments import list_segments
from bartizan.evidence.journal.writer import MAX_BACKLOG, RETRY


def records(directory: Path) -> list[Record]:
    reader = JournalReader(directory)
    found = [entry.record for entry in reader.entries()]
    assert (reader.damaged, reader.unreadable) == (0, [])
    return found


def exchanges(directory: Path) -> list[int]:
    return numbers([record for record in records(directory) if isinstance(record, HttpActivity)])


def gaps(directory: Path) -> list[dict[str, object]]:
    findings = [record for record in records(directory) if isinstance(record, DetectionFinding)]
    assert {finding.finding_info.title for finding in findings} <= {"journal.gap"}
    return [dict(finding.evidences[0].data) for finding in findings]


class Stops(list[OSError]):
    """What a writer told of its stops."""

    def __call__(self, error: OSError) -> None:
        self.append(error)


@pytest.fixture
def stops() -> Stops:
    return Stops()


@pytest.mark.parametrize("format_", ["msgpack", "json"])
@pytest.mark.parametrize("fsync", ["never", "interval", "always"])
async def test_what_is_appended_can_be_read(tmp_path: Path, format_: str, fsync: str) -> None:
    directory = tmp_path / "not" / "there" / "yet"
    await written(directory, 50, format=format_, fsync=fsync)
    assert exchanges(directory) == list(range(50))
    assert records(directory)[7] == a_record(7, a_record(7).time / 1000 + 0.007)


async def test_records_wait_in_memory_until_they_are_flushed(tmp_path: Path) -> None:
    clock = Clock()
    writer = JournalWriter(settings(), tmp_path, "edge-1", lambda _: None, monotonic=clock)
    assert writer.lag() == 0.0
    writer.append(a_record(0))
    clock.now += 0.25
    writer.append(a_record(1))
    assert writer.lag() == 0.25
    assert (writer.stats.records, exchanges(tmp_path)) == (0, [])
    writer.flush()
    assert writer.lag() == 0.0
    assert (writer.stats.records, exchanges(tmp_path)) == (2, [0, 1])
    await writer.close()


async def test_running_flushes_within_the_interval(tmp_path: Path) -> None:
    writer = a_writer(tmp_path, flush_interval=0.2)
    async with running(writer):
        writer.append(a_record(0))
        assert writer.stats.records == 0
        await until(lambda: writer.stats.records)
    await writer.close()


async def test_a_full_buffer_is_written_at_once(tmp_path: Path) -> None:
    writer = a_writer(tmp_path)
    count = 0
    while not writer.stats.records:
        writer.append(a_record(count))
        count += 1
    assert 60_000 < writer.stats.bytes < 70_000
    assert exchanges(tmp_path) == list(range(count))
    await writer.close()


async def test_closing_writes_what_is_left(tmp_path: Path) -> None:
    writer = a_writer(tmp_path)
    writer.append(a_record(0))
    await writer.close()
    assert exchanges(tmp_path) == [0]


async def test_a_segment_of_its_size_is_followed_by_the_next(tmp_path: Path) -> None:
    await written(tmp_path, 100, segment_bytes=8192)
    sizes = [(tmp_path / str(name)).stat().st_size for name in list_segments(tmp_path)]
    assert len(sizes) > 5
    assert max(sizes) <= 8192
    assert [name.sequence for name in list_segments(tmp_path)] == list(range(1, len(sizes) + 1))
    assert exchanges(tmp_path) == list(range(100))


@pytest.mark.parametrize("fsync", ["never", "interval"])
async def test_only_the_newest_segments_are_kept(tmp_path: Path, fsync: str) -> None:
    await written(tmp_path, 20, worker="edge-1", segment_bytes=4096)
    await written(tmp_path, 20, worker="edge-2", segment_bytes=4096)
    await asyncio.sleep(0.002)  # names are made of milliseconds
    writer = a_writer(tmp_path, segment_bytes=4096, max_bytes=16384, fsync=fsync)
    async with running(writer):
        for number in range(100):
            writer.append(a_record(number))
            writer.flush()
            await asyncio.sleep(0.001)
    await writer.close()
    kept = sum((tmp_path / str(name)).stat().st_size for name in list_segments(tmp_path, "edge-1"))
    assert 8192 < kept <= 16384 + 2 * 4096  # what is still being synced is not removed
    newest = [entry.record for entry in JournalReader(tmp_path, "edge-1").entries()]
    assert newest[-1] == a_record(99)
    assert len(list(JournalReader(tmp_path, "edge-2").entries())) == 20


async def test_segments_that_are_being_written_are_kept_whatever_their_age(tmp_path: Path) -> None:
    draining = a_writer(tmp_path)
    draining.append(a_record(0))
    draining.flush()
    await asyncio.sleep(0.002)
    await written(tmp_path, 100, segment_bytes=4096, max_bytes=8192)
    draining.append(a_record(1))
    await draining.close()
    oldest = list_segments(tmp_path)[0]
    found = [entry.record for entry in JournalReader(tmp_path).entries() if entry.position.segment == str(oldest)]
    assert len(found) == 2


async def test_another_incarnation_writes_other_segments(tmp_path: Path) -> None:
    await written(tmp_path, 1)
    await written(tmp_path, 1)
    first, second = list_segments(tmp_path)
    assert first.boot != second.boot
    assert (first.sequence, second.sequence) == (1, 1)


# a disk that is full


async def test_on_a_full_disk_whole_records_stay_and_the_rest_waits(tmp_path: Path, stops: Stops) -> None:
    clock = Clock()
    writer = JournalWriter(settings(), tmp_path, "edge-1", stops, monotonic=clock)
    with limited_file_size(10_000):
        for number in range(100):
            writer.append(a_record(number))
        writer.flush()
        assert writer.full
        assert [error.errno for error in stops] == [errno.EFBIG]
        kept = exchanges(tmp_path)
        assert kept == list(range(len(kept)))
        assert 0 < len(kept) < 20
        assert writer.stats.records == len(kept)
        clock.now += RETRY
        writer.flush()  # still full: told once
        assert writer.full
        assert len(stops) == 1
    writer.append(a_record(100))
    writer.flush()
    assert writer.full  # it is tried again only now and then
    clock.now += RETRY
    writer.flush()
    assert not writer.full
    assert exchanges(tmp_path) == list(range(101))
    assert (writer.stats.dropped, gaps(tmp_path)) == (0, [])
    await writer.close()


async def test_what_is_lost_is_counted_and_the_journal_tells_of_the_gap(tmp_path: Path, stops: Stops) -> None:
    clock = Clock()
    wall = Clock(1_764_000_000.0)
    writer = JournalWriter(settings(), tmp_path, "edge-1", stops, wall, monotonic=clock)
    big = an_exchange(path="/" + "x" * 2000)
    size = 2600
    with limited_file_size(4096):
        for _ in range(MAX_BACKLOG // size + 200):
            writer.append(exchange_record(big))
    lost = writer.stats.dropped
    assert 0 < lost < 1000
    wall.now += 60
    clock.now += RETRY
    writer.flush()
    await writer.close()
    assert gaps(tmp_path) == [{"records": lost, "since": 1_764_000_000.0, "worker": "edge-1"}]
    assert len(exchanges(tmp_path)) + lost == MAX_BACKLOG // size + 200
    assert len(stops) == 1


async def test_too_little_free_space_is_a_full_disk(tmp_path: Path, stops: Stops) -> None:
    writer = JournalWriter(settings(min_free_bytes="1000000GB"), tmp_path / "journal", "edge-1", stops)
    writer.flush()
    assert writer.full
    assert "min_free_bytes" in str(stops[0])
    await writer.close()


async def test_a_place_that_cannot_be_written_stops_the_journal(tmp_path: Path, stops: Stops) -> None:
    (tmp_path / "journal").write_text("a file")
    clock = Clock()
    writer = JournalWriter(settings(), tmp_path / "journal", "edge-1", stops, monotonic=clock)
    writer.append(a_record(0))
    writer.flush()
    assert writer.full
    (tmp_path / "journal").unlink()
    clock.now += RETRY
    writer.flush()
    await writer.close()
    assert exchanges(tmp_path / "journal") == [0]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("a file system can be mounted by root only; the tests with a limited file size ran")
    yield place
    subprocess.run(["umount", str(place)], check=True)


async def test_a_file_system_without_space_stops_the_journal_until_there_is_some(
    small_disk: Path, stops: Stops
) -> None:
    clock = Clock()
    writer = JournalWriter(settings(), small_disk / "journal", "edge-1", stops, monotonic=clock)
    (small_disk / "other").write_bytes(bytes(150_000))
    for number in range(400):
        writer.append(a_record(number))
        writer.flush()
    assert [error.errno for error in stops] == [errno.ENOSPC]
    kept = exchanges(small_disk / "journal")
    assert kept == list(range(len(kept)))
    (small_disk / "other").unlink()
    (small_disk / "journal" / "unrelated").touch()
    clock.now += RETRY
    writer.flush()
    await writer.close()
    found = exchanges(small_disk / "journal")
    assert found == list(range(len(found)))
    assert len(found) > len(kept)


# what cannot be kept


async def test_what_cannot_be_encoded_is_counted_and_nothing_raises(tmp_path: Path) -> None:
    writer = a_writer(tmp_path)
    writer.append(exchange_record(an_exchange(headers=())))
    broken = a_record(1)
    broken.http_request.url.path = "/\ud800"
    writer.append(broken)
    writer.append("x" * 2_000_000)  # type: ignore[arg-type]
    assert writer.stats.dropped == 2
    writer.flush()
    await writer.close()
    assert [gap["records"] for gap in gaps(tmp_path)] == [2]


# syncing


class Syncs:
    """Sees each fsync, and takes its time over it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.seconds = 0.0
        self.error: OSError | None = None
        self._fsync = os.fsync
        monkeypatch.setattr(os, "fsync", self)

    def __call__(self, fd: int) -> None:
        self.count += 1
        time.sleep(self.seconds)
        self._fsync(fd)
        if self.error is not None:
            raise self.error


@pytest.fixture
def syncs(monkeypatch: pytest.MonkeyPatch) -> Syncs:
    return Syncs(monkeypatch)


async def run_for(writer: JournalWriter, flushes: int) -> None:
    async with running(writer):
        for number in range(flushes):
            writer.append(a_record(number))
            await until(lambda: not writer.lag())


async def test_never_means_that_nothing_is_synced(tmp_path: Path, syncs: Syncs) -> None:
    writer = a_writer(tmp_path, fsync="never", flush_interval=0.005, segment_bytes=4096)
    await run_for(writer, 20)
    await writer.close()
    assert syncs.count == 0


async def test_always_means_that_every_flush_is_synced(tmp_path: Path, syncs: Syncs) -> None:
    writer = a_writer(tmp_path, fsync="always", flush_interval=0.02)
    await run_for(writer, 10)
    assert syncs.count >= 5  # the last may still be under way
    await writer.close()


async def test_an_interval_bounds_how_often_it_is_synced(tmp_path: Path, syncs: Syncs) -> None:
    writer = a_writer(tmp_path, fsync="interval", fsync_interval=30.0, flush_interval=0.005)
    await run_for(writer, 10)
    assert syncs.count == 0
    await writer.close()
    assert syncs.count == 2  # the segment, and the directory that has its name


async def test_a_slow_disk_does_not_delay_flushes(tmp_path: Path, syncs: Syncs) -> None:
    syncs.seconds = 0.5
    writer = a_writer(tmp_path, fsync="always", flush_interval=0.02, segment_bytes=4096)
    began = time.monotonic()
    await run_for(writer, 20)
    assert time.monotonic() - began < 5.0  # 20 syncs of several segments take more than 10 s
    syncs.seconds = 0.0
    await writer.close()
    assert exchanges(tmp_path) == list(range(20))


async def test_a_disk_that_fails_to_sync_stops_the_journal_and_gets_another_segment(
    tmp_path: Path, syncs: Syncs, stops: Stops
) -> None:
    clock = Clock()
    writer = JournalWriter(settings(fsync="always", flush_interval=0.01), tmp_path, "edge-1", stops, monotonic=clock)
    syncs.error = OSError(errno.EIO, "input/output error")
    async with running(writer):
        writer.append(a_record(0))
        await until(lambda: stops)
        assert writer.full
        syncs.error = None
        writer.append(a_record(1))
        clock.now += RETRY
        await until(lambda: not writer.full)
    await writer.close()
    assert len(list_segments(tmp_path)) == 2
    assert exchanges(tmp_path) == [0, 1]
