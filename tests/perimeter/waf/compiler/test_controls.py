from __future__ import annotations

import pytest
from tests.support.waf import ON, Reply, Request, inspect, rule_set

from bartizan.errors import SecLangError

TELL = """
SecRule ARGS "@rx ." "id:1,phase:1,pass,tag:'attack-x',msg:'one'"
SecRule ARGS:a "@rx ." "id:2,phase:2,pass,tag:'attack-xy',msg:'two'"
SecRule REQUEST_METHOD "@rx ." "id:3,phase:2,deny"
"""
REQUEST = Request(b"/?a=1&b=2")


def _ids(controls: str, before: str = ON, request: Request = REQUEST) -> tuple[list[int], bool]:
    rules = before + f'SecAction "id:9,phase:1,nolog,pass,{controls}"\n' + TELL
    told = []
    for gate in (True, False):
        seen = inspect(rule_set(rules, gate=gate), request)
        told.append((seen.ids, seen.intervention is not None))
    assert told[0] == told[1]
    return told[0]


@pytest.mark.parametrize(
    ("controls", "ids", "denied"),
    [
        ("ctl:ruleRemoveById=2", [1, 3], True),
        ("ctl:ruleRemoveById=1-2", [3], True),
        ("ctl:'ruleRemoveById=1,3'", [2], False),
        ("ctl:ruleRemoveById=77", [1, 2, 3], True),
        ("ctl:ruleRemoveByTag=attack-x", [2, 3], True),
        ("ctl:ruleRemoveByMsg=two", [1, 3], True),
        ("ctl:ruleRemoveTargetById=1;ARGS", [2, 3], True),
        ("ctl:ruleRemoveTargetById=1-2;ARGS:a", [1, 3], True),
        ("ctl:ruleRemoveTargetById=1;ARGS:a,ctl:ruleRemoveTargetById=1;ARGS:b", [2, 3], True),
        ("ctl:ruleRemoveTargetById=1;ARGS:/./", [2, 3], True),
        ("ctl:ruleRemoveTargetByTag=attack-x;ARGS", [2, 3], True),
        ("ctl:ruleRemoveTargetByMsg=one;ARGS", [2, 3], True),
        ("ctl:ruleRemoveTargetById=1;REQUEST_HEADERS", [1, 2, 3], True),
        ("ctl:ruleEngine=Off", [], False),
        ("ctl:ruleEngine=DetectionOnly", [1, 2, 3], False),
        ("ctl:ruleEngine=On", [1, 2, 3], True),
        ("ctl:auditEngine=Off,ctl:auditLogParts=+E,ctl:debugLogLevel=3", [1, 2, 3], True),
    ],
)
def test_a_control_is_for_the_rest_of_the_transaction(controls: str, ids: list[int], denied: bool) -> None:
    assert _ids(controls) == (ids, denied)
    assert _ids("t:none") == ([1, 2, 3], True)


def test_a_control_does_nothing_to_rules_before_it() -> None:
    rules = ON + TELL + 'SecAction "id:9,phase:2,nolog,pass,ctl:ruleRemoveById=1-99"\n'
    assert inspect(rule_set(rules), REQUEST).ids == [1, 2, 3]


def test_a_value_may_be_known_only_then() -> None:
    rules = (
        ON
        + """SecRule ARGS:p "@rx ." "id:9,phase:1,nolog,pass,ctl:requestBodyProcessor=%{MATCHED_VAR}"
        SecRule ARGS_POST "@rx ." "id:1,phase:2,pass" """
    )
    assert inspect(rule_set(rules), Request(b"/?p=urlencoded", body=b"a=1")).ids == [1]
    assert inspect(rule_set(rules), Request(b"/?p=other", body=b"a=1")).ids == []


def test_the_mode_has_to_be_known_beforehand() -> None:
    with pytest.raises(SecLangError):
        rule_set(ON + 'SecAction "id:9,phase:1,ctl:ruleEngine=%{ARGS.a}"')


def test_bodies_are_read_as_a_control_says() -> None:
    rules = ON + """SecAction "id:9,phase:1,nolog,pass,ctl:requestBodyProcessor=urlencoded,ctl:requestBodyLimit=4"
        SecRule ARGS_POST "@rx ." "id:1,phase:2,pass,logdata:'%{MATCHED_VAR}'" """  # fmt: skip
    partial = "SecRequestBodyLimitAction ProcessPartial\n"
    assert inspect(rule_set(rules + "\n" + partial), Request(body=b"a=123")).data == {1: "12"}


def test_access_to_bodies_can_be_turned_on() -> None:
    rules = """SecRuleEngine On
        SecAction "id:8,phase:1,nolog,pass,ctl:requestBodyAccess=On,ctl:responseBodyAccess=On"
        SecAction "id:9,phase:1,nolog,pass,ctl:forceRequestBodyVariable=On"
        SecRule REQUEST_BODY "@rx ." "id:1,phase:2,pass" """
    seen = inspect(rule_set(rules), Request(body=b"a"), Reply())
    assert seen.ids == [1]
    assert seen.transaction.wants_response
