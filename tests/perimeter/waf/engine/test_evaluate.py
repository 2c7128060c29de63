"""What a rule does where libmodsecurity has nothing to compare with: see ``test_reference`` for the rest."""

from __future__ import annotations

import pytest
from tests.support.waf import ON, Reply, Request, inspect, rule_set

ARGUMENTS = Request(b"/?a=1&b=two&a=3")


def _logged(rules: str, request: Request = ARGUMENTS, reply: Reply | None = None) -> dict[int, str]:
    return inspect(rule_set(ON + rules), request, reply).data


def test_a_match_tells_all_that_its_rule_says() -> None:
    rules = """SecRule ARGS "@rx ^(t.)" "id:7,phase:2,deny,status:418,capture,log,auditlog,\
        msg:'m %{TX.1}',logdata:'%{TX.0}',\
        severity:ERROR,ver:'v/1',rev:2,maturity:3,accuracy:4,tag:'one',tag:'%{MATCHED_VAR_NAME}'" """
    seen = inspect(rule_set(ON + rules), ARGUMENTS)
    (match,) = seen.matches
    assert (match.id, match.phase, match.msg, match.data) == (7, 2, "m tw", "tw")
    assert (match.var, match.value, match.tags) == ("ARGS:b", b"two", ("one", "ARGS:b"))
    assert (match.severity, match.ver, match.rev, match.maturity, match.accuracy) == (3, "v/1", "2", 3, 4)
    assert (match.file, match.line, match.disruptive, match.audit) == ("rules.conf", 4, True, True)
    assert seen.intervention is not None
    assert (seen.intervention.action, seen.intervention.status, seen.intervention.rule) == ("deny", 418, match)


def test_bytes_that_are_no_utf_8_are_told_as_escapes() -> None:
    assert _logged('SecRule ARGS "@rx ." "id:1,phase:1,pass,logdata:%{MATCHED_VAR}"', Request(b"/?a=%ff%00")) == {
        1: "\\xff\x00"
    }


def test_detection_only_tells_what_would_have_been_denied_and_denies_nothing() -> None:
    seen = inspect(rule_set(ON + 'SecRule ARGS "@rx ." "id:1,phase:1,deny"', mode="detection_only"), ARGUMENTS)
    assert seen.intervention is None
    assert [match.disruptive for match in seen.matches] == [True]


def test_the_configuration_can_turn_rules_off() -> None:
    seen = inspect(rule_set(ON + 'SecAction "id:1,phase:1,deny"', mode="off"))
    assert (seen.ids, seen.intervention, seen.transaction.wants_body) == ([], None, 0)


def test_rules_cannot_decide_where_the_configuration_says_detection_only() -> None:
    rules = 'SecAction "id:1,phase:1,pass,ctl:ruleEngine=On"\nSecAction "id:2,phase:1,deny"'
    assert inspect(rule_set(ON + rules, mode="detection_only")).intervention is None


def test_severity_is_noted_without_a_log() -> None:
    rules = """SecAction "id:1,phase:1,nolog,pass,severity:3"
        SecRule HIGHEST_SEVERITY "@eq 3" "id:2,phase:1,pass" """
    assert [*_logged(rules)] == [2]


def test_a_match_in_phase_5_decides_nothing() -> None:
    seen = inspect(rule_set(ON + 'SecAction "id:1,phase:5,deny"'))
    assert seen.intervention is None
    assert [match.disruptive for match in seen.matches] == [False]


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("sanitiseMatched", ("matched", b"args:a")),
        ("sanitiseArg:Password", ("argument", b"password")),
        ("sanitiseRequestHeader:Authorization", ("request header", b"authorization")),
        ("sanitizeResponseHeader:Set-Cookie", ("response header", b"set-cookie")),
    ],
)
def test_what_is_to_be_masked_is_noted(action: str, expected: tuple[str, bytes]) -> None:
    seen = inspect(rule_set(ON + f'SecRule ARGS:a "@rx ." "id:1,phase:1,nolog,pass,{action}"'), ARGUMENTS)
    assert seen.transaction.sanitised == [expected]


def test_setenv_is_seen_by_later_rules() -> None:
    rules = """SecRule ARGS:b "@rx ." "id:1,phase:1,nolog,pass,setenv:seen=%{MATCHED_VAR}"
        SecRule ENV:seen "@streq two" "id:2,phase:1,pass" """
    assert [*_logged(rules)] == [2]


def test_numbers_have_no_limit_that_could_overflow() -> None:
    rules = f"""SecAction "id:1,phase:1,nolog,pass,setvar:tx.n={"9" * 30},setvar:tx.n=+1"
        SecRule TX:n "@rx ." "id:2,phase:1,pass,logdata:%{{TX.n}}" """
    assert len(_logged(rules)[2]) <= 21


def test_a_rule_may_speak_of_itself() -> None:
    rules = """SecAction "id:7,phase:1,pass,severity:3,msg:'hey %{RULE.msg}',\
        logdata:'%{RULE.id} %{RULE.severity} %{RULE.logdata}'" """
    (match,) = inspect(rule_set(ON + rules)).matches
    assert (match.msg, match.data) == ("hey hey ", "7 3   ")


def test_captures_of_a_negated_operator_are_none() -> None:
    rules = """SecRule ARGS:b "!@rx ^(x)" "id:1,phase:1,nolog,pass,capture"
        SecRule &TX:0 "@eq 0" "id:2,phase:1,pass" """
    assert [*_logged(rules)] == [2]


def test_at_most_ten_captures_are_kept() -> None:
    rules = """SecRule ARGS:a "@rx ^(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)" "id:1,phase:1,nolog,pass,capture"
        SecRule TX:9 "@streq i" "id:2,phase:1,pass"
        SecRule &TX:10 "@eq 0" "id:3,phase:1,pass" """
    assert [*_logged(rules, Request(b"/?a=abcdefghijkl"))] == [2, 3]


def test_the_first_decision_counts() -> None:
    rules = """SecRule ARGS:a "@rx ." "id:1,phase:1,deny,status:401"
        SecRule ARGS:b "@rx ." "id:2,phase:1,deny,status:402" """
    seen = inspect(rule_set(ON + rules), ARGUMENTS)
    assert seen.intervention is not None
    assert (seen.intervention.status, seen.ids) == (401, [1])
