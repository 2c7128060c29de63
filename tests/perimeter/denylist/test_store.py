from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import CapturingLogger
from structlog.typing import FilteringBoundLogger

from bartizan.errors import ConfigError
from bartizan.perimeter.denylist import PrefixSet, PrefixStore, store

Log = Callable[[], CapturingLogger]


def make_store(directory: Path, log: object = None, small: int = 0) -> PrefixStore:
    logger: FilteringBoundLogger = log if log is not None else CapturingLogger()  # type: ignore[assignment]
    return PrefixStore(directory / "prefixes", logger, small=small)


def list_file(directory: Path, content: str, name: str = "list.txt") -> str:
    path = directory / name
    path.write_text(content)
    return str(path)


def compiled(directory: Path) -> list[Path]:
    return sorted((directory / "prefixes").glob("*.bzp"))


def test_small_sets_need_no_file(tmp_path: Path) -> None:
    prefixes = make_store(tmp_path, small=1000).get(["192.0.2.0/24"], [list_file(tmp_path, "198.51.100.7\n")])
    assert prefixes.match(4, 0xC0000207)
    assert prefixes.match(4, 0xC6336407)
    assert not (tmp_path / "prefixes").exists()


def test_large_sets_are_compiled_elsewhere_and_mapped(tmp_path: Path) -> None:
    file = list_file(tmp_path, "198.51.100.7\n")
    prefixes = make_store(tmp_path).get(["192.0.2.0/24"], [file])
    assert prefixes.find(4, 0xC6336407) == ("198.51.100.7/32", file, 1)
    assert prefixes.find(4, 0xC0000207) == ("192.0.2.0/24", "the configuration", 0)
    assert [path.stem for path in compiled(tmp_path)] == [prefixes.key.hex()]


def test_what_has_not_changed_is_the_same_set(tmp_path: Path) -> None:
    sets = make_store(tmp_path, small=1000)
    file = list_file(tmp_path, "198.51.100.7\n")
    first = sets.get([], [file])
    assert sets.get([], [file]) is first
    assert sets.get(["192.0.2.7"], [file]) is not first
    list_file(tmp_path, "198.51.100.8\n")
    changed = sets.get([], [file])
    assert changed is not first
    assert changed.match(4, 0xC6336408)


def test_sets_that_nobody_uses_are_forgotten(tmp_path: Path) -> None:
    sets = make_store(tmp_path, small=1000)
    for number in range(10):
        sets.get([f"192.0.2.{number}"], [])
    gc.collect()
    assert len(sets._known) == 0


def test_no_other_process_compiles_what_one_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = list_file(tmp_path, "198.51.100.7\n")
    make_store(tmp_path).get([], [file])
    monkeypatch.setattr(store.sys, "executable", "/nowhere/python")
    assert make_store(tmp_path).get([], [file]).match(4, 0xC6336407)


def test_processes_that_begin_together_compile_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = list_file(tmp_path, "198.51.100.7\n")
    runs = []
    run = store.subprocess.run
    monkeypatch.setattr(store.subprocess, "run", lambda *args, **kwargs: runs.append(1) or run(*args, **kwargs))
    found: list[PrefixSet] = []
    threads = [threading.Thread(target=lambda: found.append(make_store(tmp_path).get([], [file]))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(runs) == 1


@pytest.mark.parametrize("damage", [b"", b"damaged" * 50])
def test_a_damaged_file_is_compiled_anew(tmp_path: Path, damage: bytes) -> None:
    file = list_file(tmp_path, "198.51.100.7\n")
    make_store(tmp_path).get([], [file])
    compiled(tmp_path)[0].write_bytes(damage)
    log = CapturingLogger()
    assert make_store(tmp_path, log).get([], [file]).match(4, 0xC6336407)
    assert [call.method_name for call in log.calls] == ["warning", "warning"]


@pytest.mark.parametrize("small", [0, 1000])
def test_lines_set_aside_are_told(tmp_path: Path, small: int) -> None:
    log = CapturingLogger()
    file = list_file(tmp_path, "198.51.100.7\n192.0.2.7/24\n")
    make_store(tmp_path, log, small).get([], [file])
    (call,) = log.calls
    assert call.kwargs["count"] == 1
    assert call.kwargs["examples"][0].startswith(f"{file}:2: 192.0.2.7/24: bits are set after the prefix length")


@pytest.mark.parametrize("small", [0, 1000])
def test_files_that_cannot_be_used_are_told(tmp_path: Path, small: int) -> None:
    sets = make_store(tmp_path, small=small)
    with pytest.raises(ConfigError, match=r"gone\.txt.*No such file"):
        sets.get([], [str(tmp_path / "gone.txt")])
    with pytest.raises(ConfigError, match=r"page\.txt.*no address or network"):
        sets.get([], [list_file(tmp_path, "<html>", "page.txt")])


def test_a_compiling_process_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = list_file(tmp_path, "198.51.100.7\n")
    monkeypatch.setattr(store.sys, "executable", "/bin/false")
    with pytest.raises(ConfigError, match="could not be compiled"):
        make_store(tmp_path).get([], [file])
    monkeypatch.setattr(store.sys, "executable", "/nowhere/python")
    with pytest.raises(ConfigError, match="could not be compiled"):
        make_store(tmp_path).get([], [file])


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "prefixes").write_text("in the way")
    with pytest.raises(ConfigError, match="could not be compiled"):
        make_store(tmp_path).get([], [list_file(tmp_path, "198.51.100.7\n")])


def test_files_out_of_use_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "KEEP", 1)
    sets = make_store(tmp_path)
    used = sets.get([], [list_file(tmp_path, "192.0.2.1\n", "used.txt")])
    for number in range(2, 4):
        sets.get([], [list_file(tmp_path, f"192.0.2.{number}\n")])
        gc.collect()
    names = [path.stem for path in compiled(tmp_path)]
    assert used.key.hex() in names
    assert len(names) == 2
    left = tmp_path / "prefixes" / "killed.tmp"
    left.write_bytes(b"half")
    os.utime(tmp_path / "prefixes" / f"{used.key.hex()}.bzp", (0, 0))
    sets.get([], [list_file(tmp_path, "192.0.2.9\n")])
    assert not left.exists()
    assert used.key.hex() in [path.stem for path in compiled(tmp_path)]
