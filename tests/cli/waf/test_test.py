import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bartizan.cli.main import cli

RULES = """
SecRule ARGS "@rx attack" "id:1001,phase:2,deny,status:403,log,msg:'An attack',severity:2,tag:'attack-x'"
SecRule REQUEST_METHOD "@streq ODD" "id:1002,phase:1,pass,log,msg:'Odd'"
SecRule RESPONSE_BODY "@contains secret" "id:1003,phase:4,pass,log,msg:'Leak'"
"""
TESTS = """
rule_id: 1001
tests:
  - test_id: 1
    stages:
      - input: {uri: "/?a=attack", headers: {Host: h, Accept: a}}
        output: {status: 200, log: {expect_ids: [1001], match_regex: 'msg "An attack".*severity "CRITICAL"'}}
  - test_id: 2
    stages:
      - input: {uri: "/?a=harmless", headers: {Host: h}}
        output: {log: {no_expect_ids: [1001]}}
  - test_id: 3
    stages:
      - input: {method: POST, uri: /reflect, headers: {Host: h, Content-Type: application/json}, data: '{
            "body": "a secret",
            "headers": {"Content-Type": "text/plain"}}'}
        output: {log: {expect_ids: [1003]}}
  - test_id: 4
    desc: what the gateway itself refuses is shown to the rules too
    stages:
      - input: {encoded_request: T0REIC8gSFRUUC8xLjEKCg==}
        output: {status: 400, log: {expect_ids: [1002]}}
"""


def run(tmp_path: Path, tests: str, *options: str) -> Result:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "1001.yaml").write_text(tests)
    (tmp_path / "rules.conf").write_text(RULES)
    arguments = ["waf", "test", str(tmp_path / "tests"), "--rules", str(tmp_path / "rules.conf"), *options]
    return CliRunner().invoke(cli, arguments)


def test_tests_that_pass_are_counted(tmp_path: Path) -> None:
    result = run(tmp_path, TESTS, "--list-failures")
    assert result.exit_code == 0, result.output
    assert "4 of 4 tests passed in " in result.output


def test_failures_are_told_with_what_was_found(tmp_path: Path) -> None:
    text = TESTS.replace("no_expect_ids: [1001]", "expect_ids: [1001, 7]").replace("status: 200", "status: 403")
    report = tmp_path / "report.json"
    result = run(tmp_path, text, "--list-failures", "--report", str(report))
    assert result.exit_code == 1
    assert "403 was expected, and the answer was 200" in result.output
    assert "not matched: 1001, 7" in result.output
    assert "answer 200, matched 1001" in result.output
    assert "2 failed: 1 by status, 1 by log" in result.output
    told = json.loads(report.read_text())
    assert (told["passed"], told["failed"]) == (2, 2)
    assert told["tests"][0] == {
        "id": "1001-1",
        "file": f"{tmp_path}/tests/1001.yaml:4",
        "passed": False,
        "failures": [{"reason": "status", "text": "403 was expected, and the answer was 200"}],
        "stages": [{"status": 200, "error": None, "matched": [1001]}],
    }


@pytest.mark.parametrize(("only", "count"), [("1001", 4), ("1001-2", 1), ("100?-[12]", 2)])
def test_tests_are_chosen_by_rule_id_and_pattern(tmp_path: Path, only: str, count: int) -> None:
    assert f"{count} of {count} tests passed" in run(tmp_path, TESTS, "--only", only).output


def test_choosing_none_is_an_error(tmp_path: Path) -> None:
    result = run(tmp_path, TESTS, "--only", "9*")
    assert (result.exit_code, "there is no such test" in result.output) == (1, True)


def test_what_cannot_be_read_is_told_and_fails_the_run(tmp_path: Path) -> None:
    result = run(tmp_path, TESTS.replace("test_id: 2", "test_id: 2\n    odd: 1"))
    assert result.exit_code == 1
    assert "1001.yaml:9:" in result.output
    assert "3 of 3 tests passed" in result.output


def test_a_configuration_decides_about_rules_and_mode(tmp_path: Path) -> None:
    (tmp_path / "tests.yaml").write_text(
        "rule_id: 1001\ntests:\n  - stages: [{input: {uri: '/?a=attack', headers: {Host: h}}, output: {status: 403}}]\n"
    )
    (tmp_path / "rules.conf").write_text("SecRuleEngine On\n" + RULES)
    (tmp_path / "bartizan.yaml").write_text(
        "listeners: [{address: '127.0.0.1:8080'}]\n"
        "upstreams: [{name: a, nodes: [{address: '127.0.0.1:1'}]}]\n"
        "routes: [{name: a, upstream: a}]\n"
        "guards: {waf: {enabled: true, rules: [rules.conf]}}\n"
    )
    arguments = ["waf", "test", str(tmp_path / "tests.yaml"), "--config", str(tmp_path / "bartizan.yaml")]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output


def test_rules_that_are_not_there_are_told(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(TESTS)
    result = CliRunner().invoke(cli, ["waf", "test", str(tmp_path), "--rules", str(tmp_path / "none.conf")])
    assert result.exit_code == 1
    assert "has no rules" in str(result.exception)
