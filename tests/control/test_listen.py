from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from bartizan.control.contract import socket_path
from bartizan.control.listen import listen
from bartizan.errors import ControlError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_socket_is_for_this_user_alone(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        with listen(tmp_path / "data"):
            path = socket_path(tmp_path / "data")
            assert mode(path) == 0o600
            assert mode(path.parent) == 0o700
    finally:
        assert os.umask(umask) == 0  # as it was


def test_a_directory_that_others_could_enter_is_closed(tmp_path: Path) -> None:
    (tmp_path / "control").mkdir(mode=0o777)
    with listen(tmp_path):
        assert mode(tmp_path / "control") == 0o700


def test_what_an_earlier_one_left_is_replaced(tmp_path: Path) -> None:
    listen(tmp_path).close()
    with listen(tmp_path):
        pass


def test_a_path_that_is_too_long_is_told(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="shorter path"):
        listen(tmp_path / ("x" * 100))
