from pathlib import Path
from threading import Event

import pytest
import structlog
from structlog.testing import capture_logs

from bartizan.decoy import recorder as module
from bartizan.decoy.entry import Entry
from bartizan.decoy.recorder import Recorder
from bartizan.decoy.transcript import Transcripts, read_transcript

ACTOR = "address:192.0.2.7"


def entry(number: int) -> Entry:
    return Entry(exchange=str(number), actor=ACTOR, time=1.0, method="GET", url="/")


def recorder(directory: Path) -> Recorder:
    made = Transcripts(directory, actors=9, actor_bytes=1 << 20, total_bytes=1 << 24)
    return Recorder(made, structlog.get_logger())


def test_what_waits_is_written_before_the_end(tmp_path: Path) -> None:
    made = recorder(tmp_path)
    for number in range(50):
        made.record(lambda number=number: entry(number))  # type: ignore[misc]
    made.close()
    assert [each.exchange for each in read_transcript(tmp_path, ACTOR)] == [str(number) for number in range(50)]
    assert (made.written, made.dropped) == (50, 0)


def test_what_cannot_be_written_is_told_once_and_counted(tmp_path: Path) -> None:
    directory = tmp_path / "transcripts"
    made = recorder(directory)
    directory.rmdir()
    directory.write_text("no directory")
    with capture_logs() as told:
        for number in range(3):
            made.record(lambda number=number: entry(number))  # type: ignore[misc]
        made.close()
    assert [line["event"] for line in told] == ["transcripts are not written"]
    assert (made.written, made.dropped) == (0, 3)


def test_an_entry_that_cannot_be_made_ends_nothing(tmp_path: Path) -> None:
    made = recorder(tmp_path)
    with capture_logs() as told:
        made.record(lambda: 1 / 0)  # type: ignore[arg-type, return-value]
        made.record(lambda: entry(1))
        made.close()
    assert [line["event"] for line in told] == ["an entry of a transcript was not written"]
    assert (made.written, made.dropped) == (1, 1)


def test_where_too_much_waits_it_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 2)
    made, go = recorder(tmp_path), Event()

    def slow() -> Entry:
        go.wait(10)
        return entry(0)

    for size in (0, module.MAX_WAITING_BYTES + 1, 0, 0):
        made.record(slow, size)
    go.set()
    made.close()
    assert (made.written, made.dropped) == (2, 2)
