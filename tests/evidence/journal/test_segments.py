from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evidence.journal.limits import limited_file_size

from bartizan.evidence.journal.framing import SegmentHeader, encode_frame, read_header
from bartizan.evidence.journal.segments import SegmentFile, SegmentName, list_segments, remove_oldest

SALT = 7


def header(worker: str = "edge-1", sequence: int = 1, created: float = 1_764_000_000.0) -> SegmentHeader:
    return SegmentHeader(worker, "a1b2c3", sequence, created, SALT)


@pytest.fixture
def segment(tmp_path: Path) -> Iterator[SegmentFile]:
    file = SegmentFile(tmp_path, header())
    yield file
    file.close()


WORKERS = st.from_regex(r"[a-z][a-z0-9-]{0,12}", fullmatch=True)


@given(WORKERS, st.integers(0, 10**13), st.integers(0, 10**7))
def test_names_say_who_wrote_a_segment_when(worker: str, created: int, sequence: int) -> None:
    name = SegmentName(worker, created, "a1b2c3", sequence)
    assert SegmentName.parse(str(name)) == name


@pytest.mark.parametrize("name", ["", ".bzj", "edge-1.bzj", "edge-1-x-a-1.bzj", "edge-1-1-a1-1.bzj.tmp", "1-2-3-4"])
def test_other_files_are_not_taken_for_segments(name: str) -> None:
    assert SegmentName.parse(name) is None


def test_segments_of_a_worker_are_listed_from_old_to_new(tmp_path: Path) -> None:
    wanted = [SegmentName("edge-1", 5, "zz", 9), SegmentName("edge-1", 6, "aa", 1), SegmentName("edge-10", 1, "aa", 1)]
    for name in (*reversed(wanted), "notes.txt"):
        (tmp_path / str(name)).touch()
    assert list_segments(tmp_path) == wanted
    assert list_segments(tmp_path, "edge-1") == wanted[:2]


def test_a_segment_begins_with_its_header_and_is_private(tmp_path: Path, segment: SegmentFile) -> None:
    path = tmp_path / str(segment.name)
    assert read_header(path.read_bytes()) == (header(), segment.size)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_segment_is_ever_opened_again(tmp_path: Path, segment: SegmentFile) -> None:
    with pytest.raises(FileExistsError):
        SegmentFile(tmp_path, header())


def test_frames_are_appended_and_counted(tmp_path: Path, segment: SegmentFile) -> None:
    frames = bytearray(encode_frame(b"one", SALT) + encode_frame(b"two", SALT))
    begin = segment.size
    written = segment.write(frames, 2)
    assert (written.frames, written.size, written.error) == (2, len(frames), None)
    assert (tmp_path / str(segment.name)).read_bytes()[begin:] == frames
    assert segment.unsynced
    segment.sync()
    assert not segment.unsynced


def test_what_does_not_fit_is_cut_off_behind_the_last_whole_frame(tmp_path: Path, segment: SegmentFile) -> None:
    frame = encode_frame(b"x" * 1000, SALT)
    begin = segment.size
    with limited_file_size(begin + len(frame) * 2 + 500):
        written = segment.write(bytearray(frame * 5), 5)
        assert isinstance(written.error, OSError)
        assert (written.frames, written.size) == (2, len(frame) * 2)
    assert (tmp_path / str(segment.name)).read_bytes()[begin:] == frame * 2
    assert segment.usable
    assert segment.write(bytearray(frame), 1).error is None
    assert (tmp_path / str(segment.name)).read_bytes()[begin:] == frame * 3


def test_a_segment_that_cannot_be_begun_leaves_no_file(tmp_path: Path) -> None:
    with limited_file_size(10), pytest.raises(OSError, match="header"):
        SegmentFile(tmp_path, header())
    assert list(tmp_path.iterdir()) == []


def test_nothing_happens_to_a_closed_segment(segment: SegmentFile) -> None:
    segment.close()
    segment.sync()
    segment.close()


def test_the_oldest_go_and_what_is_being_written_stays(tmp_path: Path) -> None:
    files = [SegmentFile(tmp_path, header(sequence=number, created=number)) for number in range(1, 6)]
    for file in files:
        file.write(bytearray(encode_frame(b"x" * 1000, SALT)), 1)
    for file in (files[0], files[2], files[3], files[4]):
        file.close()
    size = files[0].size
    try:
        remove_oldest(tmp_path, list_segments(tmp_path), 2 * size)
        assert [name.sequence for name in list_segments(tmp_path)] == [2, 4, 5]
        remove_oldest(tmp_path, list_segments(tmp_path), -1)
        assert [name.sequence for name in list_segments(tmp_path)] == [2]
    finally:
        files[1].close()
    remove_oldest(tmp_path, list_segments(tmp_path), 0)
    assert list(tmp_path.iterdir()) == []
