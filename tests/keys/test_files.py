"""Secret files: closed to others, whole or not there, made by whoever comes first."""

import threading
from pathlib import Path

import pytest

from bartizan.errors import SealError
from bartizan.keys.files import locked, read_secret, write_secret


def test_what_was_written_is_read_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    directory = tmp_path / "deep" / "keys"
    with locked(directory):
        write_secret(directory / "a", b"one")
        write_secret(directory / "a", b"two")
    assert read_secret(directory / "a") == b"two"
    assert (directory / "a").stat().st_mode & 0o777 == 0o600
    assert directory.stat().st_mode & 0o777 == 0o700
    assert sorted(each.name for each in directory.iterdir()) == [".lock", "a"]


def test_a_file_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert read_secret(tmp_path / "missing") is None


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a"
    write_secret(file, b"secret words")
    file.chmod(0o640)
    with pytest.raises(SealError, match="chmod 600") as caught:
        read_secret(file)
    assert "secret words" not in str(caught.value)


def test_a_directory_that_others_may_enter_is_closed(tmp_path: Path) -> None:
    directory = tmp_path / "keys"
    directory.mkdir(mode=0o755)
    directory.chmod(0o777)
    with locked(directory):
        assert directory.stat().st_mode & 0o777 == 0o700


def test_what_an_interrupted_write_left_is_replaced(tmp_path: Path) -> None:
    (tmp_path / ".a.new").write_bytes(b"half")
    write_secret(tmp_path / "a", b"whole")
    assert read_secret(tmp_path / "a") == b"whole"


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SealError, match="cannot be kept"), locked(tmp_path / "file" / "keys"):
        pass
    with pytest.raises(SealError, match="cannot be written"):
        write_secret(tmp_path / "missing" / "a", b"x")
    with pytest.raises(SealError, match="cannot be read"):
        read_secret(tmp_path)


def test_one_at_a_time_holds_the_lock(tmp_path: Path) -> None:
    inside, most = 0, 0
    guard = threading.Lock()

    def enter() -> None:
        nonlocal inside, most
        for _ in range(50):
            with locked(tmp_path):
                with guard:
                    inside += 1
                    most = max(most, inside)
                with guard:
                    inside -= 1

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
