from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from bartizan.cli.main import cli
from bartizan.config.rule_files import DEBIAN


def rules(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["waf", "rules", "--rules", str(DEBIAN), *arguments])


def ids(*arguments: str) -> list[int]:
    return [rule["id"] for rule in json.loads(rules("--json", *arguments).stdout)]


def test_rules_are_listed_in_a_table() -> None:
    result = rules("--id", "942100-942139")
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["id", "phase", "level", "severity", "tags", "message"]
    assert lines[1] == "942100  2      1      critical  attack-sqli  SQL Injection Attack Detected via libinjection"
    assert result.stderr == f"{len(lines) - 1} rules\n"


def test_rules_are_filtered_by_tag_phase_level_and_id() -> None:
    everything = ids()
    assert len(everything) > 500
    assert set(ids("--tag", "attack-sqli")) < set(everything)
    assert 942100 in ids("--tag", "attack-sqli", "--tag", "paranoia-level/1")
    assert 942100 in ids("--tag", "paranoia-level")
    assert ids("--tag", "attack-sql") == []
    assert 920160 in ids("--phase", "1", "--paranoia", "1")
    assert 942100 not in ids("--phase", "1")
    assert ids("--id", "942100") == [942100]
    levels = [len(ids("--paranoia", str(level))) for level in (1, 2, 3, 4)]
    assert all(levels)
    assert sum(levels) < len(everything)


def test_json_has_all_of_a_rule() -> None:
    (told,) = json.loads(rules("--json", "--id", "942100").stdout)
    assert (told["phase"], told["paranoia"], told["severity"], told["action"]) == (2, 1, "critical", "pass")
    assert "OWASP_CRS" in told["tags"]
    assert ".conf:" in told["at"]


@pytest.mark.parametrize("wrong", ["x", "1-", "-1", "1-x"])
def test_a_wrong_range_is_told(wrong: str) -> None:
    assert "neither an id nor a range" in rules("--id", wrong).stderr
