"""What a process leaves that is killed while it journals."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.evidence.journal.endless_writer import TOLD
from tests.evidence.journal.samples import numbers

from bartizan.evidence.journal import HttpActivity, JournalReader

ROOT = Path(__file__).parents[3]


def killed(directory: Path, flush_interval: float, batch: int, pause: float, after: float) -> tuple[list[float], float]:
    """Kill a writer ``after`` some seconds; returns when it appended which record, and when it was killed."""
    arguments = [str(directory), str(flush_interval), str(batch), str(pause)]
    command = [sys.executable, "-m", "tests.evidence.journal.endless_writer", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        appended = [_time(process.stdout.read(TOLD.size))]
        while time.monotonic() < appended[0] + after:
            appended.append(_time(process.stdout.read(TOLD.size)))
        at = time.monotonic()
        process.kill()
        rest = process.stdout.read()
    told = len(rest) // TOLD.size * TOLD.size
    return appended + [seconds for _, seconds in TOLD.iter_unpack(rest[:told])], at


def _time(told: bytes) -> float:
    seconds: float = TOLD.unpack(told)[1]
    return seconds


@pytest.mark.parametrize(("batch", "pause"), [(50, 0.0), (1, 0.01)], ids=["under load", "a trickle"])
@pytest.mark.parametrize("after", [0.6, 1.13])
def test_nothing_older_than_the_flush_interval_is_lost(tmp_path: Path, batch: int, pause: float, after: float) -> None:
    flush_interval = 0.5
    appended, at = killed(tmp_path, flush_interval, batch, pause, after)
    reader = JournalReader(tmp_path)
    records = [entry.record for entry in reader.entries()]
    kept = numbers([record for record in records if isinstance(record, HttpActivity)])
    assert (reader.damaged, reader.unreadable) == (0, [])
    assert kept == list(range(len(kept)))
    due = sum(1 for seconds in appended if seconds <= at - flush_interval)
    assert len(kept) >= due > 0
