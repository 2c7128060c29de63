from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from click.testing import CliRunner, Result

from bartizan.cli.main import cli
from bartizan.config.rule_files import DEBIAN

CRS = ("--rules", str(DEBIAN), "--paranoia", "1")


def explain(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["waf", "explain", *arguments])


def test_a_rule_of_the_core_rule_set_is_explained() -> None:
    result = explain("942140", *CRS)
    assert result.exit_code == 0, result.output
    for text in (
        "rule 942140: SQL Injection Attack: Common DB Names Detected",
        "REQUEST-942-APPLICATION-ATTACK-SQLI.conf:",
        "phase       2, when the body of the request is there",
        "paranoia    level 1",
        "severity    critical",
        "attack-sqli",
        "REQUEST_COOKIES (cookies)",
        "but not at  REQUEST_COOKIES:/__utm/",
        "percent-decoded, %uXXXX too (urldecodeuni)",
        "it matches a regular expression",
        " characters: (?i",
        "tx.anomaly_score_pl1 higher by 5 (%{TX.critical_anomaly_score}): a score",
        "the exchange goes on",
        "gated: ",
        "Hyperscan",
    ):
        assert text in result.stdout
    _, _, example = result.stdout.partition("narrowly:\n")
    assert yaml.safe_load(example)["guards"]["waf"]["exclusions"] == [
        {"rule": 942140, "target": "ARGS:name", "path": "/path"}
    ]


@pytest.mark.parametrize(
    ("rule", "texts"),
    [
        ("942130", ["dead: rule 942014", "nothing: it never runs"]),
        ("901160", ["folded: ", "tx.allowed_methods ="]),
        ("949110", ["on change: ", "in this configuration that is «5»", "refused with 403"]),
        ("920181", ["link 2 (", "if the one before matches"]),
        ("942013", ["rules up to END-REQUEST-942-APPLICATION-ATTACK-SQLI are skipped"]),
    ],
)
def test_what_becomes_of_a_rule_in_this_configuration_is_told(rule: str, texts: list[str]) -> None:
    result = explain(rule, *CRS)
    assert not [text for text in texts if text not in result.stdout]


def test_another_paranoia_level_is_another_configuration() -> None:
    assert "here        gated: " in explain("942130", "--rules", str(DEBIAN), "--paranoia", "2").stdout


def test_an_unknown_rule_is_told_with_its_neighbours() -> None:
    result = explain("942101000", *CRS)
    assert result.exit_code == 1
    assert "there is no rule 942101000" in result.stderr


RULES = r"""
SecRule ARGS "@contains a" "id:1,phase:2,deny,log,msg:'One',tag:'own/x'"
SecRule REQUEST_FILENAME "@streq /x" "id:2,phase:1,nolog,pass,ctl:ruleRemoveTargetById=1;ARGS:free"
SecRule REQUEST_FILENAME "@streq /y" "id:3,phase:1,nolog,pass,ctl:ruleRemoveByTag=own/x"
SecRule TX:nothing "@streq y" "id:4,phase:1,nolog,pass,ctl:ruleRemoveById=1-9"
SecRule ARGS "@contains b" "id:5,phase:2,log,redirect:https://a.test/,setvar:!tx.gone,setvar:tx.kept=1,setenv:A=b"
SecRule ARGS "@contains c" "id:6,phase:2,log,drop,skip:1"
SecRule ARGS "@contains d" "id:7,phase:2,nolog,allow:phase,initcol:ip=%{REMOTE_ADDR}"
SecAction "id:8,phase:2,nolog,pass"
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BARTIZAN_CONFIG", raising=False)
    (tmp_path / "a.conf").write_text(RULES)
    exclusions: list[dict[str, Any]] = [
        {"rule": 1, "target": "ARGS:q", "path": "/s/*"},
        {"rule": "own/x", "path": "/z"},
    ]
    waf = {"rules": ["a.conf"], "exclusions": [*exclusions, {"rule": "9-20"}]}
    config = {
        "listeners": [{"address": "127.0.0.1:0"}],
        "upstreams": [{"name": "u", "nodes": [{"address": "127.0.0.1:1"}]}],
        "routes": [{"name": "api", "upstream": "u", "guards": {"waf": {"exclusions": [{"rule": 8}]}}}],
        "guards": {"waf": waf},
    }
    (tmp_path / "bartizan.yaml").write_text(json.dumps(config))
    return tmp_path / "bartizan.yaml"


@pytest.mark.usefixtures("config")
def test_exclusions_of_the_configuration_and_of_other_rules_are_told() -> None:
    text = explain("1").stdout
    assert [line[14:].split(" (")[0] for line in text.splitlines() if line.startswith("  excluded")] == [
        "ARGS:q on /s/*, by 1 in the configuration",
        "all of it on /z, by own/x in the configuration",
        "ARGS:free where rule 2",
        "all of it where rule 3",
    ]


@pytest.mark.usefixtures("config")
def test_a_rule_that_is_removed_is_told() -> None:
    assert explain("8").exit_code == 0
    assert "the exclusion 9-20 of the configuration removes rule 9" in explain("9").stderr
    assert (
        "the exclusion 8 of the configuration removes rule 8"
        in explain("8", "--route", "api", "-c", "bartizan.yaml").stderr
    )


@pytest.mark.usefixtures("config")
@pytest.mark.parametrize(
    ("rule", "texts"),
    [
        ("5", ["redirected to https://a.test/", "sets        tx.gone to nothing", "tx.kept to 1", "setenv A b"]),
        ("6", ["the connection is dropped", "the next 1 rules are skipped"]),
        ("7", ["rules end: allow phase", "does        initcol"]),
        ("8", ["always: it is an action without a condition"]),
    ],
)
def test_all_kinds_of_actions_are_told(rule: str, texts: list[str]) -> None:
    result = explain(rule)
    assert not [text for text in texts if text not in result.stdout], result.stdout
