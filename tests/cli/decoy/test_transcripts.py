from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.decoy.test_har import VALIDATOR

from bartizan.cli.main import cli
from bartizan.decoy.contract import transcripts_directory
from bartizan.decoy.entry import Entry
from bartizan.decoy.transcript import Transcripts

ADDRESS = "2001:db8::7"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "bartizan.yaml"
    file.write_text(json.dumps({"listeners": [{"name": "main", "address": "127.0.0.1:0"}]}))
    return file


@pytest.fixture
def written(config: Path, tmp_path: Path) -> None:
    directory = transcripts_directory(tmp_path / "bartizan-data")
    made = Transcripts(directory, actors=9, actor_bytes=1 << 20, total_bytes=1 << 24)
    for number, actor in enumerate(["session:s\x1b[31m", f"address:{ADDRESS}", f"address:{ADDRESS}"]):
        made.append(
            Entry(
                exchange=str(number),
                actor=actor,
                time=1_700_000_000.0 + number,
                method="GET",
                status=404,
                url=f"https://shop.test/../../etc/passwd?n={number}\x1b[31m",
                fields=[("user-agent", "sqlmap/1.7")],
            )
        )


def run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["decoy", *arguments, "-c", str(config)])


def test_where_nobody_was_diverted_it_says_so(config: Path) -> None:
    assert run(config, "transcripts").output == "nobody was diverted\n"
    assert json.loads(run(config, "transcripts", "--json").output) == []


@pytest.mark.usefixtures("written")
def test_who_was_diverted_is_listed_the_last_one_first(config: Path) -> None:
    lines = run(config, "transcripts").output.splitlines()
    assert [line.split()[:3] for line in lines] == [
        [f"address:{ADDRESS}", "2", "requests"], ["session:s�[31m", "1", "requests"],
    ]  # fmt: skip
    assert lines[0].endswith("2023-11-14T22:13:21Z to 2023-11-14T22:13:22Z")
    (first, _) = json.loads(run(config, "transcripts", "--json").output)
    assert (first["actor"], first["entries"], first["last"]) == (f"address:{ADDRESS}", 2, 1_700_000_002.0)


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("actor", [f"address:{ADDRESS}", ADDRESS, "2001:DB8:0::7"])
def test_a_transcript_is_written_as_har(config: Path, tmp_path: Path, actor: str) -> None:
    shown = json.loads(run(config, "har", actor).stdout)
    VALIDATOR.validate(shown)
    assert [entry["_exchange"] for entry in shown["log"]["entries"]] == ["1", "2"]
    file = tmp_path / "out.har"
    assert run(config, "har", actor, "-o", str(file)).exit_code == 0
    assert json.loads(file.read_text()) == shown


@pytest.mark.usefixtures("written")
def test_a_transcript_is_studied(config: Path) -> None:
    shown = run(config, "study", ADDRESS).output
    assert f"address:{ADDRESS}: 2 requests" in shown
    assert "sqlmap  (User-Agent: sqlmap/1.7)" in shown
    assert "path traversal" in shown
    assert "/etc/passwd" in shown
    assert "2 requests with sqlmap: path traversal 2 (404 x 2)" in shown
    assert "\x1b" not in shown
    told = json.loads(run(config, "study", ADDRESS, "--json").output)
    assert (told["requests"], told["tools"][0]["what"]) == (2, "sqlmap")


@pytest.mark.parametrize("command", ["har", "study"])
def test_who_has_no_transcript_is_told(config: Path, command: str) -> None:
    failed = run(config, command, "session:none")
    assert run(config, command, "nobody").exit_code == 1
    assert failed.exit_code == 1
    assert "there is no transcript of session:none; `bartizan decoy transcripts` lists" in failed.stderr
