from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bartizan.config.watch import fingerprint


def _rewrite(file: Path) -> None:
    file.write_text("longer than before")


def _replace(file: Path) -> None:
    """Replace a file by renaming, keeping size and time: only the inode tells."""
    status = file.stat()
    other = file.with_suffix(".new")
    other.write_text(file.read_text())
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.rename(file)


def _touch(file: Path) -> None:
    os.utime(file, ns=(0, 12345))


def _remove(file: Path) -> None:
    file.unlink()


@pytest.mark.parametrize("change", [_rewrite, _replace, _touch, _remove])
def test_changes_are_seen(change: Callable[[Path], None], tmp_path: Path) -> None:
    file, other = tmp_path / "a", tmp_path / "b"
    file.write_text("before")
    other.write_text("other")
    before = fingerprint([file, other])
    assert fingerprint([other, file]) == before
    change(file)
    assert fingerprint([file, other]) != before


def test_a_file_that_appears_is_seen(tmp_path: Path) -> None:
    before = fingerprint([tmp_path / "a"])
    (tmp_path / "a").touch()
    assert fingerprint([tmp_path / "a"]) != before


def test_a_config_map_that_points_elsewhere_is_seen(tmp_path: Path) -> None:
    """Kubernetes swaps ``..data`` from one directory to the next; the files are links through it."""
    for version in ("v1", "v2"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "bartizan.yaml").write_text("same")
        os.utime(tmp_path / version / "bartizan.yaml", ns=(1, 1))
    (tmp_path / "..data").symlink_to("v1")
    (tmp_path / "bartizan.yaml").symlink_to("..data/bartizan.yaml")
    before = fingerprint([tmp_path / "bartizan.yaml"])
    (tmp_path / "..tmp").symlink_to("v2")
    (tmp_path / "..tmp").rename(tmp_path / "..data")
    assert fingerprint([tmp_path / "bartizan.yaml"]) != before
