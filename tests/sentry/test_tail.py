from __future__ import annotations

from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs
from tests.support.journals import NOW, Journaled, records_of

from bartizan.detection.risk import Engine, RiskSettings
from bartizan.evidence.journal import Follower
from bartizan.sentry.reading import Reading
from bartizan.sentry.tail import Tail, segment_sizes


def read(tail: Tail, reading: Reading) -> int:
    entries = list(tail.entries())
    for entry in entries:
        reading.take(entry)
    reading.settle()
    return len(entries)


def begun(directory: Path, checkpoint: dict[str, int] | None = None) -> tuple[Tail, Reading]:
    reading = Reading(Engine(RiskSettings()))
    reading.checkpoint = dict(checkpoint or {})
    journal = directory / "journal"
    return Tail(Follower(journal, reading.checkpoint), journal, reading, structlog.get_logger()), reading


@pytest.fixture
async def segments(tmp_path: Path) -> list[Path]:
    """A journal of at least five segments."""
    journal = Journaled(tmp_path, segment_bytes=4096)
    for number in range(40):
        journal.write(records_of(now=NOW + number))
    await journal.close()
    paths = sorted((tmp_path / "journal").iterdir())
    assert len(paths) >= 5
    return paths


def test_before_anything_is_journaled_there_is_nothing_to_read(tmp_path: Path) -> None:
    tail, reading = begun(tmp_path)
    assert (read(tail, reading), tail.behind(), tail.lost, tail.damaged) == (0, (0, None), 0, 0)
    assert segment_sizes(tmp_path / "journal") == {}


def test_what_was_removed_before_it_was_ever_there_is_not_lost(tmp_path: Path, segments: list[Path]) -> None:
    segments[0].unlink()
    tail, reading = begun(tmp_path)
    created = int(segments[1].name.rsplit("-", 3)[1]) / 1000
    assert tail.behind() == (sum(path.stat().st_size for path in segments[1:]), created)
    read(tail, reading)
    assert (tail.behind(), tail.lost) == ((0, None), 0)


def test_it_tells_since_when_what_is_unread_waits(tmp_path: Path, segments: list[Path]) -> None:
    tail, reading = begun(tmp_path)
    entries = tail.entries()
    for _ in range(3):
        reading.take(next(entries))
    unread, since = tail.behind()
    assert 0 < unread < sum(path.stat().st_size for path in segments)
    assert since == max(NOW + 2, int(segments[0].name.rsplit("-", 3)[1]) / 1000)


def test_segments_that_were_read_may_go(tmp_path: Path, segments: list[Path]) -> None:
    tail, reading = begun(tmp_path)
    assert read(tail, reading) == 40
    for path in segments[:-1]:
        path.unlink()
    assert (read(tail, reading), tail.lost, list(reading.checkpoint)) == (0, 0, [segments[-1].name])
    again, reading = begun(tmp_path, reading.checkpoint)
    assert (read(again, reading), again.lost) == (0, 0)


def test_segments_that_came_and_went_while_it_was_away_are_lost(tmp_path: Path, segments: list[Path]) -> None:
    whole = {segments[0].name: segments[0].stat().st_size}
    for path in segments[1:3]:
        path.unlink()
    tail, reading = begun(tmp_path, whole)
    with capture_logs() as logs:
        read(tail, reading)
    assert tail.lost == 2
    assert [log["segment"][-6:] for log in logs] == ["000002", "000003"]
    again, reading = begun(tmp_path, reading.checkpoint)
    assert (read(again, reading), again.lost) == (0, 0)


def test_a_segment_that_went_while_it_was_read_is_lost(tmp_path: Path, segments: list[Path]) -> None:
    part = {segments[0].name: 500, segments[1].name: 0}
    for path in segments[:2]:
        path.unlink()
    tail, reading = begun(tmp_path, part)
    read(tail, reading)
    assert tail.lost == 1
    assert list(reading.checkpoint) == [path.name for path in segments[2:]]


def test_another_incarnation_that_was_never_seen_whole_is_lost_in_part(tmp_path: Path, segments: list[Path]) -> None:
    segments[0].unlink()
    tail, reading = begun(tmp_path, {"edge-9-1764000000000-aabbccddeeff-000001.bzj": 10})
    read(tail, reading)
    assert tail.lost == 1


def test_a_file_that_is_no_segment_is_passed_over_and_told_once(tmp_path: Path, segments: list[Path]) -> None:
    segments[1].write_bytes(b"nothing" * 100)
    tail, reading = begun(tmp_path)
    with capture_logs() as logs:
        read(tail, reading)
        read(tail, reading)
    assert [log["event"] for log in logs] == ["a journal segment cannot be read, it is passed over"]
    assert (tail.damaged, tail.behind(), tail.lost) == (1, (0, None), 0)
