from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.evidence.journal.samples import BEGAN, a_record, a_writer, an_exchange, exchange_id, written

from bartizan.cli.main import cli
from bartizan.evidence.journal import exchange_record, signal_records
from bartizan.evidence.journal.segments import list_segments
from bartizan.http.headers import Headers
from bartizan.http.message import Response
from bartizan.pipeline import Deny, Signal

CONFIG = {
    "listeners": [{"address": "127.0.0.1:0"}],
    "upstreams": [{"name": "u", "nodes": [{"address": "127.0.0.1:1"}]}],
    "routes": [{"name": "r", "upstream": "u"}],
    "storage": {"directory": "data"},
}


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BARTIZAN_CONFIG", raising=False)
    (tmp_path / "bartizan.yaml").write_text(json.dumps(CONFIG))
    return tmp_path / "data" / "journal"


def journal(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["journal", *arguments])


def ids(output: str) -> list[str]:
    events: list[dict[str, Any]] = [json.loads(line) for line in output.splitlines()]
    return [event["metadata"]["uid"] for event in events]


async def test_cat_prints_events_as_json_lines(directory: Path) -> None:
    await written(directory, 20, segment_bytes=4096)
    printed = journal("cat", "--json")
    assert (printed.exit_code, printed.stderr) == (0, "")
    assert ids(printed.stdout) == [exchange_id(number, BEGAN + number / 1000) for number in range(20)]
    assert json.loads(printed.stdout.splitlines()[0])["class_uid"] == 4002


async def test_cat_prints_lines_for_people(directory: Path) -> None:
    await written(directory, 3)
    lines = journal("cat").stdout.splitlines()
    assert len(lines) == 3
    assert lines[0].endswith("GET https://api.example.org:8443/orders/42?page=2  [orders]")


async def test_cat_can_be_narrowed_to_a_worker_and_a_time(directory: Path) -> None:
    await written(directory, 3, "edge-1")
    await written(directory, 2, "edge-2")
    assert len(journal("cat", "--worker", "edge-2").stdout.splitlines()) == 2
    assert journal("cat", "--since", "10m").stdout == ""
    assert len(journal("cat", "--since", "3650d").stdout.splitlines()) == 5
    refused = journal("cat", "--since", "10 minutes")
    assert refused.exit_code == 1
    assert "write a number and a unit" in refused.stderr


async def test_tail_prints_the_last_ones(directory: Path) -> None:
    await written(directory, 50)
    assert len(journal("tail").stdout.splitlines()) == 20
    assert ids(journal("tail", "-n", "2", "--json").stdout) == [
        exchange_id(48, BEGAN + 0.048),
        exchange_id(49, BEGAN + 0.049),
    ]
    assert journal("tail", "-n", "0").stdout == ""


async def test_find_tells_which_guard_why_and_what_could_be_changed(directory: Path) -> None:
    exchange = an_exchange(7)
    exchange.response = Response(403, Headers())
    exchange.verdict, exchange.decided_by = Deny(because="listed", remedy="unlist it"), "denylist"
    exchange.signals = [Signal("denylist.hit", 30)]
    writer = a_writer(directory)
    for record in [a_record(6), exchange_record(exchange), *signal_records(exchange), a_record(8)]:
        writer.append(record)
    await writer.close()
    told = journal("find", exchange.id)
    assert told.exit_code == 0
    for expected in ("decided by       guard denylist: deny", "because          listed", "to change it     unlist it",
                     "signal           denylist.hit"):  # fmt: skip
        assert expected in told.stdout
    assert ids(journal("find", exchange.id, "--json").stdout) == [exchange.id, f"{exchange.id}-0"]


async def test_find_says_when_there_is_nothing(directory: Path) -> None:
    await written(directory, 3)
    absent = journal("find", "0" * 32)
    assert (absent.exit_code, absent.stdout) == (1, "")
    assert f"no exchange {'0' * 32} in the journal" in absent.stderr


async def test_a_journal_elsewhere_is_read_without_a_configuration(tmp_path: Path) -> None:
    await written(tmp_path / "copied", 3)
    assert len(journal("cat", "--directory", str(tmp_path / "copied")).stdout.splitlines()) == 3


async def test_damage_is_told_and_does_not_hide_the_rest(directory: Path) -> None:
    await written(directory, 5)
    path = directory / str(list_segments(directory)[0])
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    (directory / "edge-1-0000000000001-a1b2c3-000001.bzj").write_bytes(b"something else")
    printed = journal("cat")
    assert printed.exit_code == 0
    assert len(printed.stdout.splitlines()) == 4
    assert "1 damaged places were passed over" in printed.stderr
    assert "is not a journal segment" in printed.stderr


def run(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bartizan.cli", "journal", *arguments]
    return subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_no_journal_is_an_error_in_plain_words(directory: Path) -> None:
    with run("cat", cwd=directory.parent.parent) as process:
        stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (1, "")
    assert stderr.startswith("bartizan: no journal can be read in ")


async def test_a_reader_that_goes_away_ends_it_quietly(directory: Path) -> None:
    await written(directory, 500)
    with run("cat", "--json", cwd=directory.parent.parent) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode != 0


async def test_following_goes_on_with_what_is_written_and_ends_on_interrupt(directory: Path) -> None:
    await written(directory, 30)
    with run("tail", "-n", "1", "-f", "--json", cwd=directory.parent.parent) as process:
        try:
            assert process.stdout is not None
            assert ids(process.stdout.readline()) == [exchange_id(29, BEGAN + 0.029)]
            await written(directory, 2, "edge-2")
            assert ids(process.stdout.readline()) == [exchange_id(0, BEGAN)]
            assert ids(process.stdout.readline()) == [exchange_id(1, BEGAN + 0.001)]
            os.kill(process.pid, signal.SIGINT)
            stdout, stderr = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, stdout, stderr) == (130, "", "")


async def test_following_can_begin_before_there_is_a_journal(directory: Path) -> None:
    with run("tail", "-f", "--json", cwd=directory.parent.parent) as process:
        try:
            assert process.stdout is not None
            await written(directory, 1)
            assert ids(process.stdout.readline()) == [exchange_id(0, BEGAN)]
        finally:
            process.kill()
