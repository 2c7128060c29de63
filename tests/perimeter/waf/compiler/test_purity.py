"""What a rule did is remembered by what it depends on: never where anything else decides, too."""

from __future__ import annotations

import pytest
from tests.support.waf import ON, Request, inspect, rule_set

from bartizan.perimeter.waf.load import RuleSet


def _requests(*queries: bytes) -> list[Request]:
    return [Request(b"/?" + query, ((b"Host", b"a.test"), (b"X-A", b"ab"))) for query in queries]


def _compare(rules: str, *queries: bytes) -> RuleSet:
    compiled, plain = rule_set(ON + rules), rule_set(ON + rules, gate=False)
    for request in _requests(*queries, *queries):
        assert inspect(compiled, request).data == inspect(plain, request).data
    return compiled


def _remembers(rules: RuleSet, rule_id: int) -> bool:
    return next(bool(rule.outcomes) for rule in rules.program.rules if rule.id == rule_id)


TELL = """SecRule REQUEST_METHOD "@rx ." "id:9,phase:2,pass,logdata:'%{TX.0} %{TX.1} %{TX.a} %{TX.b}'" """
LOOKS = 'SecRule REQUEST_HEADERS:X-A "@rx ^(a)" "id:2,phase:1,nolog,pass,capture{}"\n'


def test_what_a_rule_sets_is_set_again() -> None:
    rules = _compare(LOOKS.format(",setvar:tx.a=%{TX.1}") + TELL, b"", b"x=1")
    assert _remembers(rules, 2)


def test_what_was_there_already_is_set_again_where_it_is_not() -> None:
    first = 'SecRule ARGS:x "@rx ^(.)" "id:1,phase:1,nolog,pass,capture"\n'
    _compare(first + LOOKS.format("") + TELL, b"x=a", b"x=b", b"")


def test_what_a_rule_removes_is_removed_again() -> None:
    first = 'SecRule ARGS:x "@rx ." "id:1,phase:1,nolog,pass,setvar:tx.a=1"\n'
    _compare(first + LOOKS.format(",setvar:!tx.a,setvar:tx.b=2") + TELL, b"", b"x=1")


@pytest.mark.parametrize("group", [1, 2])
def test_captures_that_an_earlier_rule_left_count(group: int) -> None:
    first = 'SecRule ARGS:x "@rx (.)(.)" "id:1,phase:1,nolog,pass,capture"\n'
    rules = f"""{first}SecRule REQUEST_HEADERS:X-A "@rx ^(a)" "id:2,phase:1,nolog,pass,capture,chain"
        SecRule TX:{group} "@rx [ab]" "setvar:tx.a=1"
        {TELL}"""
    _compare(rules, b"x=ab", b"x=cd", b"")


@pytest.mark.parametrize("operator", ["@streq ab", "!@rx ^x", "@pm ab", "@contains a"])
def test_captures_are_a_rules_own_only_if_its_operator_captures(operator: str) -> None:
    first = 'SecRule ARGS:x "@rx (.)" "id:1,phase:1,nolog,pass,capture"\n'
    rules = f"""{first}SecRule REQUEST_HEADERS:X-A "{operator}" "id:2,phase:1,nolog,pass,capture,chain"
        SecRule TX:0 "@rx a" "setvar:tx.a=1"
        {TELL}"""
    _compare(rules, b"x=a", b"x=b", b"")


@pytest.mark.parametrize(
    "value", ["+1", "-1", "%{TX.b}", "%{ARGS.x}", "%{RULE.msg}", "%{HIGHEST_SEVERITY}", "%{MATCHED_VAR}"]
)
def test_what_depends_on_other_rules_is_worked_out_anew(value: str) -> None:
    first = """SecRule ARGS:x "@rx ." "id:1,phase:1,nolog,pass,severity:2,setvar:tx.b=%{MATCHED_VAR},setvar:tx.a=5"\n"""
    _compare(first + LOOKS.format(f",msg:'%{{TX.b}}',setvar:tx.a={value}") + TELL, b"x=1", b"x=2", b"")


def test_a_collection_is_made_known_each_time() -> None:
    rules = """SecRule REQUEST_HEADERS:X-A "@rx ^(a)" "id:1,phase:1,nolog,pass,initcol:ip=x,chain"
        SecRule REQUEST_HEADERS:X-A "@rx never" "t:none"
        SecRule REQUEST_METHOD "@rx ." "id:2,phase:1,nolog,pass,setvar:ip.n=+1"
        SecRule IP:n "@eq 1" "id:3,phase:1,pass" """
    _compare(rules, b"", b"x=1")


def test_nothing_is_remembered_of_rules_that_log_or_decide() -> None:
    rules = _compare('SecRule REQUEST_HEADERS:X-A "@rx ^a" "id:2,phase:1,log,pass"\n' + TELL, b"", b"")
    assert not _remembers(rules, 2)


def test_a_target_that_is_removed_is_not_looked_at_whatever_is_remembered() -> None:
    first = 'SecRule ARGS:x "@rx ." "id:1,phase:1,nolog,pass,ctl:ruleRemoveTargetById=2;REQUEST_HEADERS"\n'
    _compare(first + LOOKS.format(",setvar:tx.a=1") + TELL, b"", b"x=1", b"")
