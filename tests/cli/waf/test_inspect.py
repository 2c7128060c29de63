from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bartizan.cli.main import cli
from bartizan.cli.waf import inspect as command
from bartizan.config.rule_files import DEBIAN

REQUESTS = [
    {
        "id": "sqli",
        "method": "GET",
        "uri": "/?id=1%27%20or%201=1--",
        "headers": [["Host", "a.test"], ["Accept", "*/*"]],
    },
    {"id": "plain", "method": "GET", "uri": "/?id=1", "headers": [["Host", "a.test"], ["Accept", "*/*"]]},
]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def inspect(lines: str, *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    result = CliRunner().invoke(cli, ["waf", "inspect", *arguments], input=lines)
    assert isinstance(result.exception, SystemExit | None), result.exception
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()], result.stderr


def own_rules(directory: Path) -> str:
    (directory / "a.conf").write_text('SecRule ARGS "@contains attack" "id:1,phase:2,deny,log"')
    return str(directory / "a.conf")


def test_the_core_rule_set_judges_requests_in_order(cache: Path) -> None:
    lines = "".join(json.dumps(request) + "\n" for request in REQUESTS)
    status, (sqli, plain), _ = inspect(lines, "--rules", str(DEBIAN), "--paranoia", "1", "--cache", str(cache))
    assert status == 0
    assert (sqli["id"], sqli["verdict"], sqli["status"], sqli["score"]) == ("sqli", "deny", 403, 5)
    assert [rule["id"] for rule in sqli["rules"]] == [942100, 949110, 980130]
    assert sqli["rules"][0]["var"] == "ARGS:id"
    assert (plain["id"], plain["verdict"], plain["score"], plain["rules"]) == ("plain", "allow", 0, [])


def test_bad_lines_are_told_in_their_place_and_make_the_status_1(tmp_path: Path, cache: Path) -> None:
    lines = '\nnonsense\n{"id": 1, "method": "GET", "uri": "/?a=attack"}'
    status, (bad, good), errors = inspect(lines, "--rules", own_rules(tmp_path), "--cache", str(cache))
    assert (status, bad["id"], bad["error"][:8], good["verdict"]) == (1, None, "line 2: ", "deny")
    assert "1 line could not be read" in errors


def test_a_line_without_end_is_passed_over(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "MAX_LINE", 100)
    lines = '"' + "x" * 1000 + '"\n{"id": 1, "method": "GET", "uri": "/"}\n'
    status, (bad, good), _ = inspect(lines, "--rules", own_rules(tmp_path), "--cache", str(cache))
    assert (status, bad["error"], good["verdict"]) == (1, "line 1: is longer than 100 bytes", "allow")


def test_rules_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text("SecNonsense On")
    result = CliRunner().invoke(cli, ["waf", "inspect", "--rules", str(tmp_path / "a.conf")], input="")
    assert "a.conf:1" in str(result.exception)
