from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.evidence.journal.samples import a_record, a_writer, numbers, written

from bartizan.errors import JournalError
from bartizan.evidence.journal import Entry, Follower, HttpActivity, JournalReader
from bartizan.evidence.journal.segments import list_segments


def seen(entries: list[Entry]) -> list[int]:
    return numbers([entry.record for entry in entries if isinstance(entry.record, HttpActivity)])


async def test_what_is_written_is_yielded_once_across_rotation_and_workers(tmp_path: Path) -> None:
    follower = Follower(tmp_path / "journal")
    assert list(follower.poll()) == []
    writers = [a_writer(tmp_path / "journal", f"edge-{slot}", segment_bytes=4096) for slot in (1, 2)]
    found: list[int] = []
    for number in range(60):
        writers[number % 2].append(a_record(number))
        writers[number % 2].flush()
        found += seen(list(follower.poll()))
        assert found == list(range(number + 1))
    assert list(follower.poll()) == []
    for writer in writers:
        await writer.close()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.integers(0, 25), max_size=8))
def test_a_follower_that_dies_anywhere_goes_on_from_its_checkpoint(
    tmp_path_factory: pytest.TempPathFactory, lives: list[int]
) -> None:
    directory = tmp_path_factory.mktemp("journal")
    asyncio.run(written(directory, 40, segment_bytes=4096))
    asyncio.run(written(directory, 10, "edge-2"))
    expected = seen(list(JournalReader(directory, "edge-1").entries())) + list(range(10))
    found: list[Entry] = []
    checkpoint: dict[str, int] = {}
    for length in [*lives, 1000]:
        follower = Follower(directory, checkpoint)
        for entry, _ in zip(follower.poll(), range(length), strict=False):
            found.append(entry)
            checkpoint = dict(follower.checkpoint)  # as one transaction with what the record led to
    assert seen(found) == expected


async def test_removed_segments_leave_the_checkpoint(tmp_path: Path) -> None:
    await written(tmp_path, 30, segment_bytes=4096)
    follower = Follower(tmp_path)
    list(follower.poll())
    names = [str(name) for name in list_segments(tmp_path)]
    assert set(follower.checkpoint) == set(names)
    (tmp_path / names[0]).unlink()
    assert list(follower.poll()) == []
    assert set(follower.checkpoint) == set(names[1:])


async def test_a_torn_record_is_waited_for_and_damage_passed_over(tmp_path: Path) -> None:
    await written(tmp_path, 3)
    path = tmp_path / str(list_segments(tmp_path)[0])
    whole = path.read_bytes()
    last = list(JournalReader(tmp_path).entries())[1].position.offset
    follower = Follower(tmp_path)
    path.write_bytes(whole[: last + 5])
    assert seen(list(follower.poll())) == [0, 1]
    assert seen(list(follower.poll())) == []
    path.write_bytes(whole[:last] + b"\xff" * 50 + whole[last:])
    assert seen(list(follower.poll())) == [2]
    assert follower.damaged == 1


async def test_a_file_that_is_no_segment_is_told_and_passed_over(tmp_path: Path) -> None:
    await written(tmp_path, 2)
    name = "edge-1-0000000000001-a1b2c3-000001.bzj"
    (tmp_path / name).write_bytes(b"something else")
    follower = Follower(tmp_path)
    assert seen(list(follower.poll())) == [0, 1]
    assert "is not a journal segment" in follower.unreadable[name]
    assert list(follower.poll()) == []


async def test_following_waits_for_more(tmp_path: Path) -> None:
    await written(tmp_path, 2)
    entries = Follower(tmp_path).follow(0.01)
    async with asyncio.timeout(10):
        found = [await anext(entries), await anext(entries)]
        await written(tmp_path, 1, "edge-2")
        found.append(await anext(entries))
    assert seen(found) == [0, 1, 0]


def test_a_directory_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file")
    with pytest.raises(JournalError, match="Not a directory"):
        list(Follower(tmp_path / "journal").poll())
