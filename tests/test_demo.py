"""``make demo`` as a user runs it; the demo itself checks what it shows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.timeout(300)  # the rules of the WAF are compiled anew
def test_every_step_of_the_demo_shows_what_it_should(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "scripts.demo", "--directory", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert "all 200" in done.stdout


def test_the_demo_fails_where_a_step_does_not_show_what_it_should(tmp_path: Path) -> None:
    (tmp_path / "bartizan-data").write_text("in the way of the data directory")
    command = [sys.executable, "-m", "scripts.demo", "--directory", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 1
    assert "demo: FAILED" in done.stderr
