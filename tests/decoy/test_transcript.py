import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from bartizan.decoy.entry import Entry
from bartizan.decoy.transcript import Transcripts, _digest, read_transcript, transcripts
from bartizan.errors import DecoyError

ACTOR = "address:192.0.2.7"


def entry(number: int = 0, actor: str = ACTOR, **changes: object) -> Entry:
    made = Entry(exchange=str(number), actor=actor, time=1000.0 + number, method="GET", url="https://shop.test/")
    return msgspec.structs.replace(made, **changes)


def opened(directory: Path, actors: int = 100, actor_bytes: int = 1 << 20, total_bytes: int = 1 << 24) -> Transcripts:
    return Transcripts(directory, actors=actors, actor_bytes=actor_bytes, total_bytes=total_bytes)


def numbers(directory: Path, actor: str = ACTOR) -> list[int]:
    return [int(each.exchange) for each in read_transcript(directory, actor)]


def size(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.iterdir())


def test_what_was_written_is_read_back_in_order(tmp_path: Path) -> None:
    written = opened(tmp_path)
    for number in range(5):
        written.append(entry(number))
    assert numbers(tmp_path) == [0, 1, 2, 3, 4]
    (told,) = transcripts(tmp_path)
    assert (told.actor, told.entries, told.first, told.last) == (ACTOR, 5, 1000.0, 1004.0)


def test_the_next_process_goes_on_where_the_last_one_ended(tmp_path: Path) -> None:
    opened(tmp_path).append(entry(0))
    opened(tmp_path).append(entry(1))
    assert numbers(tmp_path) == [0, 1]
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("lost", [1, 9, 40])
def test_a_tail_that_was_cut_off_is_removed_before_more_is_written(tmp_path: Path, lost: int) -> None:
    opened(tmp_path).append(entry(0))
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    opened(tmp_path).append(entry(1))
    path.write_bytes(path.read_bytes()[: max(len(whole), path.stat().st_size - lost)])
    assert numbers(tmp_path) == [0]
    opened(tmp_path).append(entry(2))
    assert numbers(tmp_path) == [0, 2]


def test_a_file_without_a_head_is_replaced(tmp_path: Path) -> None:
    opened(tmp_path).append(entry(0))
    (path,) = tmp_path.iterdir()
    path.write_bytes(b"BZ")
    opened(tmp_path).append(entry(1))
    assert numbers(tmp_path) == [1]


def test_kill_9_leaves_whole_entries(tmp_path: Path) -> None:
    script = f"""
from pathlib import Path
from bartizan.decoy.entry import Entry
from bartizan.decoy.transcript import Transcripts
written = Transcripts(Path({str(tmp_path)!r}), actors=9, actor_bytes=1 << 26, total_bytes=1 << 28)
for number in range(1_000_000):
    written.append(Entry(exchange=str(number), actor={ACTOR!r}, time=1.0, method="GET", url="/", body=b"x" * 900))
    print(number, flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if line == "200\n":
                break
        child.send_signal(signal.SIGKILL)
        told = [int(line) for line in child.stdout.read().split("\n")[:-1]]
    found = numbers(tmp_path)
    assert found == list(range(len(found)))
    assert len(found) > max([200, *told])
    opened(tmp_path, actor_bytes=1 << 26).append(entry(len(found)))
    assert numbers(tmp_path) == list(range(len(found) + 1))


def test_a_full_disk_is_told_and_leaves_the_file_whole(tmp_path: Path) -> None:
    script = f"""
import resource, signal
from pathlib import Path
from bartizan.decoy.entry import Entry
from bartizan.decoy.transcript import Transcripts
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, resource.RLIM_INFINITY))
written = Transcripts(Path({str(tmp_path)!r}), actors=9, actor_bytes=1 << 26, total_bytes=1 << 28)
made = lambda number: Entry(exchange=str(number), actor={ACTOR!r}, time=1.0, method="GET", url="/", body=b"x" * 900)
failed = 0
for number in range(20):
    try:
        written.append(made(number))
    except OSError:
        failed += 1
assert failed > 10, failed
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
written.append(made(99))
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    assert numbers(tmp_path) == [0, 1, 2, 3, 4, 99]


def test_an_actors_bytes_are_bounded_and_the_oldest_entries_go(tmp_path: Path) -> None:
    written = opened(tmp_path, actor_bytes=1 << 16)
    for number in range(300):
        written.append(entry(number, body=b"x" * 1000))
        assert size(tmp_path) <= 1 << 16
    found = numbers(tmp_path)
    assert found == list(range(found[0], 300))
    assert len(found) > 25
    assert len(list(tmp_path.iterdir())) == 2


def test_an_entry_larger_than_a_file_is_cut_to_it(tmp_path: Path) -> None:
    written = opened(tmp_path, actor_bytes=1 << 16)
    for number in range(3):
        written.append(entry(number, body=b"x" * 900_000, body_size=900_000))
        assert size(tmp_path) <= 1 << 16
    (*_, last) = read_transcript(tmp_path, ACTOR)
    assert (last.body_size, last.cut) == (900_000, True)
    assert 20_000 < len(last.body) < 1 << 15


def test_all_bytes_are_bounded_and_the_actors_seen_longest_ago_go(tmp_path: Path) -> None:
    written = opened(tmp_path, total_bytes=50_000)
    for number in range(100):
        written.append(entry(number, actor=f"address:192.0.2.{number}", body=b"x" * 5000))
        assert size(tmp_path) <= 50_000
    actors = [told.actor for told in transcripts(tmp_path)]
    assert actors == [f"address:192.0.2.{number}" for number in range(99, 99 - len(actors), -1)]


def test_actors_are_bounded_also_over_a_restart(tmp_path: Path) -> None:
    written = opened(tmp_path)
    for number in range(10):
        written.append(entry(number, actor=f"session:{number}"))
        for path in tmp_path.glob(f"{_digest(f'session:{number}')}-*"):
            os.utime(path, (number, number))
    opened(tmp_path, actors=3).append(entry(10, actor="session:10"))
    assert {told.actor for told in transcripts(tmp_path)} == {"session:8", "session:9", "session:10"}


@pytest.mark.parametrize(
    "actor", ["principal:../../etc/passwd", "credential:" + "x" * 5000, "ja4:\x00\n", "address:", ""]
)
def test_no_name_of_an_actor_becomes_a_path(tmp_path: Path, actor: str) -> None:
    directory = tmp_path / "transcripts"
    opened(directory).append(entry(1, actor=actor))
    (path,) = directory.iterdir()
    assert path.name.endswith("-000001.bzt")
    assert len(path.name) < 50
    assert list(tmp_path.iterdir()) == [directory]
    assert numbers(directory, actor) == [1]


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    written = opened(tmp_path, actors=1)
    for number in range(3):
        written.append(entry(number, actor=f"session:{number}"))
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_where_nothing_was_written_there_is_nothing(tmp_path: Path) -> None:
    assert transcripts(tmp_path / "none") == []
    assert list(read_transcript(tmp_path / "none", ACTOR)) == []


def test_a_file_that_is_no_transcript_is_told(tmp_path: Path) -> None:
    opened(tmp_path).append(entry(0))
    with pytest.raises(DecoyError):
        transcripts(next(tmp_path.iterdir()))
