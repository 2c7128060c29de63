from __future__ import annotations

import pytest
from tests.support.waf import ON, Reply, Request, inspect, rule_set

ARGUMENTS = Request(b"/?a=1&b=two")
RULES = """
SecRule ARGS:a "@rx ." "id:1,phase:1,pass"
SecRule ARGS:b "@rx ." "id:2,phase:2,pass"
SecRule RESPONSE_STATUS "@rx ." "id:3,phase:3,pass"
SecRule RESPONSE_BODY "@rx ." "id:4,phase:4,pass"
SecRule ARGS "@rx ." "id:5,phase:5,pass"
"""


def test_phases_run_in_their_order() -> None:
    assert inspect(rule_set(ON + RULES), ARGUMENTS, Reply(body=b"x")).ids == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("phase", [1, 2, 3, 4])
def test_phase_5_sees_all_that_came_before_a_decision(phase: int) -> None:
    denies = f'SecRule REQUEST_METHOD "@rx ." "id:9,phase:{phase},nolog,deny"'
    seen = inspect(rule_set(ON + denies + RULES), ARGUMENTS, Reply(body=b"x"))
    assert seen.ids == [*range(1, phase), 5]


def test_phase_5_sees_arguments_of_the_body_only_if_it_was_read() -> None:
    rules = ON + 'SecRule ARGS:a "@streq 1" "id:1,phase:{},nolog,deny"\nSecRule ARGS_POST "@rx ." "id:2,phase:5,pass"'
    request = Request(b"/?a=1", ((b"Content-Type", b"application/x-www-form-urlencoded"),), b"c=2")
    assert inspect(rule_set(rules.format(1)), request).ids == []
    assert inspect(rule_set(rules.format(2)), request).ids == [2]


def test_what_was_not_reached_is_not_set_in_phase_5() -> None:
    rules = """SecRule ARGS:a "@rx ." "id:1,phase:1,nolog,deny"
        SecAction "id:2,phase:1,nolog,pass,setvar:tx.seen=1"
        SecRule TX:seen "@eq 1" "id:3,phase:5,pass" """
    loaded = rule_set(ON + rules)
    assert inspect(loaded, ARGUMENTS).ids == []
    assert inspect(loaded).ids == [3]


def test_what_a_phase_that_never_came_would_have_set_is_not_relied_on() -> None:
    rules = """SecAction "id:1,phase:3,nolog,pass,setvar:tx.a=0"
        SecRule &TX:a "@eq 0" "id:2,phase:5,pass"
        SecAction "id:3,phase:2,pass,logdata:'%{TX.a}'" """
    loaded = rule_set(ON + rules)
    assert inspect(loaded).ids == [3, 2]
    assert inspect(loaded, None, Reply()).ids == [3]


def test_what_a_phase_that_never_came_would_have_removed_is_there() -> None:
    rules = """SecAction "id:1,phase:1,nolog,pass,setvar:tx.b=1"
        SecAction "id:2,phase:3,nolog,pass,setvar:!tx.b"
        SecRule TX:b "@eq 1" "id:3,phase:5,pass" """
    loaded = rule_set(ON + rules)
    assert inspect(loaded).ids == [3]
    assert inspect(loaded, None, Reply()).ids == []


def test_a_reply_that_never_came_is_seen_as_that_in_phase_5() -> None:
    rules = """SecAction "id:1,phase:3,nolog,pass,setvar:tx.replied=1"
        SecRule &TX:replied "@eq 0" "id:2,phase:5,pass" """
    loaded = rule_set(ON + rules)
    assert inspect(loaded).ids == [2]
    assert inspect(loaded, None, Reply()).ids == []


def test_what_a_phase_that_was_allowed_has_is_known_to_the_next() -> None:
    rules = """SecRule ARGS:a "@rx ." "id:1,phase:1,nolog,allow:request"
        SecRule ARGS_POST "@rx ." "id:2,phase:3,pass" """
    request = Request(b"/?a=1", ((b"Content-Type", b"application/x-www-form-urlencoded"),), b"c=2")
    assert inspect(rule_set(ON + rules), request, Reply()).ids == [2]


@pytest.mark.parametrize("control", ["ruleRemoveById=2", "ruleRemoveByTag=t", "ruleRemoveTargetById=2;TX"])
def test_a_rule_that_is_removed_has_no_effect_even_if_it_never_varies(control: str) -> None:
    rules = f"""SecRule ARGS:a "@rx ." "id:1,phase:1,nolog,pass,ctl:{control}"
        SecRule &TX:a "@eq 0" "id:2,phase:1,nolog,pass,tag:t,setvar:tx.a=1"
        SecRule TX:a "@eq 1" "id:3,phase:1,nolog,pass,setvar:tx.b=1"
        SecRule TX:b "@eq 1" "id:4,phase:2,pass" """
    loaded = rule_set(ON + rules)
    assert inspect(loaded).ids == [4]
    assert inspect(loaded, ARGUMENTS).ids == []


def test_what_adds_up_adds_up_once_after_a_rule_was_removed() -> None:
    rules = """SecRule ARGS:a "@rx ." "id:1,phase:1,nolog,pass,ctl:ruleRemoveById=3"
        SecAction "id:2,phase:1,nolog,pass,setvar:tx.score=+5"
        SecAction "id:3,phase:1,nolog,pass,setvar:tx.score=+2"
        SecRule TX:score "@eq 5" "id:4,phase:2,pass"
        SecRule TX:score "@eq 7" "id:5,phase:2,pass" """
    loaded = rule_set(ON + rules)
    assert inspect(loaded).ids == [5]
    assert inspect(loaded, ARGUMENTS).ids == [4]


def test_a_removed_rule_that_others_rely_on_counts_even_if_it_runs_itself() -> None:
    rules = """SecRule ARGS:a "@rx ." "id:1,phase:1,nolog,pass,ctl:ruleRemoveById=2"
        SecAction "id:2,phase:1,log,pass,setvar:tx.a=1"
        SecRule TX:a "@eq 1" "id:3,phase:1,nolog,pass,setvar:tx.b=2"
        SecRule TX:b "@eq 2" "id:4,phase:2,pass" """
    loaded = rule_set(ON + rules)
    assert inspect(loaded).ids == [2, 4]
    assert inspect(loaded, ARGUMENTS).ids == []


def test_rules_behind_a_skip_run_if_the_rule_that_skips_is_removed() -> None:
    rules = """SecRule ARGS:a "@rx ." "id:1,phase:1,nolog,pass,ctl:ruleRemoveById=2"
        SecAction "id:2,phase:1,nolog,pass,skipAfter:END"
        SecRule REQUEST_METHOD "@rx ." "id:3,phase:1,pass"
        SecMarker END """
    loaded = rule_set(ON + rules)
    assert inspect(loaded).ids == []
    assert inspect(loaded, ARGUMENTS).ids == [3]


def test_a_rule_that_removes_and_skips_does_both() -> None:
    rules = """SecRule ARGS:a "@rx ." "id:1,phase:1,nolog,pass,ctl:ruleRemoveById=5,skipAfter:END"
        SecRule REQUEST_METHOD "@rx ." "id:2,phase:1,pass"
        SecMarker END
        SecRule REQUEST_METHOD "@rx ." "id:3,phase:1,pass"
        SecAction "id:5,phase:1,nolog,pass,setvar:tx.a=1"
        SecRule TX:a "@eq 1" "id:6,phase:1,pass" """
    assert inspect(rule_set(ON + rules), ARGUMENTS).ids == [3]


@pytest.mark.parametrize("gate", [True, False])
def test_used_up_time_ends_rules_closed_if_so_configured(gate: bool) -> None:
    rules = 'SecRule ARGS "@rx ." "id:1,phase:1,pass"\nSecRule ARGS "@rx ." "id:2,phase:1,pass"'
    seen = inspect(rule_set(ON + rules, time_budget=0.0, on_budget="deny", gate=gate), ARGUMENTS)
    assert seen.intervention is not None
    assert (seen.intervention.action, seen.intervention.status, seen.ids) == ("deny", 503, [1])
    assert "time" in seen.intervention.reason
    assert seen.transaction.over_budget


def test_used_up_time_ends_rules_open_if_so_configured() -> None:
    seen = inspect(rule_set(ON + RULES, time_budget=0.0, on_budget="allow"), ARGUMENTS, Reply(body=b"x"))
    assert (seen.intervention, seen.ids, seen.transaction.over_budget) == (None, [1], True)


def test_time_is_no_ground_to_deny_where_rules_only_detect() -> None:
    loaded = rule_set(ON + RULES, time_budget=0.0, on_budget="deny", mode="detection_only")
    assert inspect(loaded, ARGUMENTS).intervention is None


def test_no_rules_use_no_time() -> None:
    seen = inspect(rule_set(ON + 'SecRule ARGS "@rx ." "id:1,phase:1,pass"', time_budget=0.0), None, Reply())
    assert (seen.intervention, seen.transaction.over_budget) == (None, False)


def test_a_phase_waits_for_collections_where_they_are_wanted() -> None:
    rules = """SecAction "id:1,phase:1,nolog,pass,initcol:ip=%{REMOTE_ADDR}"
        SecRule IP:n "@ge 1" "id:2,phase:1,pass"
        SecRule ARGS "@rx ." "id:3,phase:1,pass,setvar:ip.n=+1" """
    transaction = rule_set(ON + rules).transaction(ARGUMENTS.head())
    assert transaction.request_headers() is None
    assert transaction.persistent.wanted == ["IP"]
    assert transaction.matches == []
    transaction.persistent.load("IP", None, 0.0)
    transaction.resume()
    assert [match.id for match in transaction.matches] == [3]


def test_collections_that_nothing_reads_are_not_waited_for() -> None:
    rules = """SecAction "id:1,phase:1,nolog,pass,initcol:ip=%{REMOTE_ADDR}"
        SecRule ARGS "@rx ." "id:3,phase:1,pass,setvar:ip.n=+1" """
    transaction = rule_set(ON + rules).transaction(ARGUMENTS.head())
    transaction.request_headers()
    assert [match.id for match in transaction.matches] == [3]
    assert [change.name for change in transaction.persistent.changes["IP"]] == [b"n", b"n"]
