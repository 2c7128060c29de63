from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from click.testing import CliRunner, Result
from tests.evidence.journal.samples import a_writer
from tests.perimeter.waf.matches import SQLI, exchange

from bartizan.cli.main import cli

RULES = """
SecRule ARGS|REQUEST_COOKIES "@contains '" "id:942100,phase:2,deny,log,msg:'SQL Injection',tag:'attack-sqli'"
"""
CONFIG: dict[str, Any] = {
    "listeners": [{"address": "127.0.0.1:0"}],
    "upstreams": [{"name": "u", "nodes": [{"address": "127.0.0.1:1"}]}],
    "routes": [{"name": "orders", "upstream": "u"}],
    "guards": {"waf": {"enabled": True, "rules": ["own.conf"]}},
    "storage": {"directory": "data"},
}


@pytest.fixture
async def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration, and a journal in which rule 942100 matched for four addresses."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BARTIZAN_CONFIG", raising=False)
    (tmp_path / "own.conf").write_text(RULES)
    configure(tmp_path)
    began = time.time() - 3600
    writer = a_writer(tmp_path / "data" / "journal")
    for number in range(4):
        for record in exchange(number, f"192.0.2.{number}", SQLI, refused_by="waf", began=began):
            writer.append(record)
    writer.flush()
    await writer.close()
    return tmp_path


def configure(directory: Path, **route: Any) -> None:
    config = CONFIG | {"routes": [{"name": "orders", "upstream": "u", **route}]}
    (directory / "bartizan.yaml").write_text(json.dumps(config))


def tune(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["waf", "tune", *arguments])


async def test_false_positives_are_told_with_the_narrowest_exclusion(directory: Path) -> None:
    result = tune()
    assert (result.exit_code, result.stderr) == (0, "")
    assert "4 matches in 4 exchanges, for 4 addresses, 4 of them clean" in result.stdout
    assert "1. rule 942100: SQL Injection" in result.stdout
    assert "parameter  ARGS:q (route orders, /search)" in result.stdout
    assert "matches    4, 4 in refused requests" in result.stdout
    assert "judgement  may be a false positive" in result.stdout
    assert '        target: "ARGS:q"' in result.stdout


async def test_one_can_be_accepted_and_is_not_told_again(directory: Path) -> None:
    accepted = tune("--accept", "1")
    patch = yaml.safe_load(accepted.stdout)
    assert patch == {
        "routes": [
            {
                "name": "orders",
                "guards": {"waf": {"exclusions": [{"rule": 942100, "target": "ARGS:q", "path": "/search"}]}},
            }
        ]
    }
    configure(directory, guards=patch["routes"][0]["guards"])
    again = tune()
    assert "no rule was met by 3 clean addresses or more" in again.stdout
    refused = tune("--accept", "2")
    assert (refused.exit_code, "there is no number 2" in refused.stderr) == (1, True)


async def test_json_has_all_of_it(directory: Path) -> None:
    (found,) = json.loads(tune("--json").stdout)
    assert (found["rule"], found["variable"], found["route"], found["count"]) == (942100, "ARGS:q", "orders", 4)
    assert (found["clean"], found["addresses"], found["suspicion"]) == (4, 4, "")
    assert found["exclusion"] == {"rule": "942100", "target": "ARGS:q", "path": "/search"}


@pytest.mark.parametrize("options", [("--min-actors", "5"), ("--route", "other"), ("--since", "10m")])
async def test_it_can_be_narrowed(directory: Path, options: tuple[str, ...]) -> None:
    assert "no rule was met by" in tune(*options).stdout


async def test_wrong_options_and_a_missing_journal_are_told(directory: Path) -> None:
    assert "write a number and a unit" in tune("--since", "7 days").stderr
    missing = tune("--directory", str(directory / "none"))
    assert missing.exit_code == 1


async def test_unreadable_rules_do_not_stop_it(directory: Path) -> None:
    (directory / "own.conf").write_text("SecNonsense 1")
    result = tune()
    assert "the rules cannot be read" in result.stderr
    assert "1. rule 942100" in result.stdout
