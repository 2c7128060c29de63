from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from bartizan import __version__
from bartizan.cli.main import COMMANDS, cli
from bartizan.config.starter import STARTER


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BARTIZAN_CONFIG", raising=False)
    return CliRunner()


def test_init_then_check(runner: CliRunner) -> None:
    assert runner.invoke(cli, ["init"]).exit_code == 0
    checked = runner.invoke(cli, ["check"])
    assert (checked.exit_code, checked.stdout) == (0, "bartizan.yaml: valid: 1 listeners, 1 upstreams, 1 routes\n")


def test_init_overwrites_only_when_forced(runner: CliRunner, tmp_path: Path) -> None:
    file = tmp_path / "bartizan.yaml"
    file.write_text("mine")
    refused = runner.invoke(cli, ["init"])
    assert refused.exit_code == 1
    assert "bartizan.yaml is there already; --force overwrites it" in refused.stderr
    assert file.read_text() == "mine"
    assert runner.invoke(cli, ["init", "--force"]).exit_code == 0
    assert file.read_text() == STARTER


def test_init_tells_why_it_cannot_write(runner: CliRunner) -> None:
    refused = runner.invoke(cli, ["init", "absent/bartizan.yaml"])
    assert refused.exit_code == 1
    assert "cannot be written: No such file or directory" in refused.stderr


def test_check_tells_every_problem_in_a_line_of_its_own(runner: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("listeners: [{address: 80}]\nworkers: 0\n")
    checked = runner.invoke(cli, ["check", "-c", "bad.yaml"])
    assert checked.exit_code == 1
    assert checked.stderr.splitlines() == [
        "bad.yaml:1:23: listeners[0].address: is not text (got 80). put it in quotes",
        (
            "bad.yaml:2:10: workers: has none of the forms that it can have (got 0). "
            "it has to be at least 1, or use 'auto'"
        ),
        "bad.yaml: 2 problems",
    ]


PRIVATE = """
listeners: [{address: "127.0.0.1:1"}]
upstreams: [{name: api, nodes: [{address: "127.0.0.1:2"}]}]
routes: [{name: api, upstream: api}]
access: {enabled: true, origin: https://localhost:8443}
"""


def test_check_compiles_policies_and_tells_their_place(runner: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "bartizan.yaml").write_text(f"{PRIVATE}guards: {{access: {{policy: session.aall > 1}}}}\n")
    checked = runner.invoke(cli, ["check"])
    assert checked.exit_code == 1
    assert checked.stderr.splitlines()[0] == (
        "bartizan.yaml:6:27: guards.access.policy: there is no attribute `session.aall`, at column 1 of the policy "
        "(got 'session.aall > 1'). did you mean `session.aal`?"
    )


def test_check_tells_what_is_no_error_and_has_to_be_known(runner: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "bartizan.yaml").write_text(PRIVATE)
    checked = runner.invoke(cli, ["check"])
    assert checked.exit_code == 0
    closed, origin = checked.stderr.splitlines()
    assert closed.startswith("notice: routes[0] (api): refuses everybody")
    assert origin.startswith("notice: access.origin: ")
    assert runner.invoke(cli, ["check", "--json"]).stdout == "[]\n"


def test_check_prints_json(runner: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "bartizan.yaml").write_text("listeners: []\n")
    (problem,) = json.loads(runner.invoke(cli, ["check", "--json"]).stdout)
    assert problem == {
        "file": "bartizan.yaml", "line": 1, "column": 12, "field": "listeners", "message": "has too few items",
        "value": "a list of 0", "remedy": "give at least 1",
    }  # fmt: skip
    (tmp_path / "bartizan.yaml").write_text("listeners: [{address: '127.0.0.1:1'}]\n")
    assert runner.invoke(cli, ["check", "--json"]).stdout == "[]\n"


def test_the_environment_names_the_file(runner: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other.yaml").write_text("listeners: [{address: '127.0.0.1:1'}]\n")
    monkeypatch.setenv("BARTIZAN_CONFIG", "other.yaml")
    assert runner.invoke(cli, ["check"]).stdout.startswith("other.yaml: valid")


def test_check_of_a_missing_file_names_the_way_out(runner: CliRunner) -> None:
    checked = runner.invoke(cli, ["check"])
    assert checked.exit_code == 1
    assert "create one with `bartizan init`" in checked.stderr


def test_schema_is_one(runner: CliRunner) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(runner.invoke(cli, ["schema"]).stdout))


def test_version(runner: CliRunner) -> None:
    assert runner.invoke(cli, ["--version"]).stdout == f"bartizan, version {__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_in_the_table_can_be_used(name: str, runner: CliRunner) -> None:
    shown = runner.invoke(cli, [name, "--help"])
    assert shown.exit_code == 0
    assert shown.stdout.startswith(f"Usage: cli {name}")


def test_an_unknown_command_is_refused(runner: CliRunner) -> None:
    assert runner.invoke(cli, ["fly"]).exit_code == 2


def test_errors_reach_people_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "bartizan.yaml").write_text("listeners: []\n")
    ended = subprocess.run(
        [sys.executable, "-c", "from bartizan.cli.main import main; main()", "up"],
        cwd=tmp_path, capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr == "bartizan.yaml:1:12: listeners: has too few items (got a list of 0). give at least 1\n"


def test_checking_does_not_load_the_gateway(tmp_path: Path) -> None:
    (tmp_path / "bartizan.yaml").write_text(STARTER)
    program = (
        "import sys\n"
        "from bartizan.cli.main import cli\n"
        "cli(['check'], standalone_mode=False)\n"
        "slow = 'bartizan.edge', 'bartizan.supervisor', 'cryptography'\n"
        "print([name for name in sys.modules if name.startswith(slow)])\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"
