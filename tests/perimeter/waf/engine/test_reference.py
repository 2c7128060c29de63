"""Small rule sets, judged by ours and by libmodsecurity 3.0.15: the same rules are logged, with the same data."""

from __future__ import annotations

import pytest
from tests.support.modsecurity import judge
from tests.support.waf import ON, Reply, Request, inspect, rule_set

QUERY = Request(
    b"/a/b.php?a=1&b=two&c=3", ((b"Host", b"shop.test"), (b"User-Agent", b"curl"), (b"Cookie", b"s=1; t=2"))
)
TWICE = Request(b"/?a=1&a=2", QUERY.headers)
FORM = Request(
    b"/p?q=1",
    ((b"Host", b"shop.test"), (b"Content-Type", b"application/x-www-form-urlencoded")),
    b"a=1&b=hello+world&c=%41",
)
LOG = "log,pass,t:none"
ALWAYS = 'SecRule REQUEST_METHOD "@rx ^."'  # libmodsecurity tells nothing of a SecAction
VAR = "logdata:'%{MATCHED_VAR_NAME}=%{MATCHED_VAR}'"

RULES = {
    "captures": f"""SecRule ARGS:b "@rx (t)(w)(x)?" "id:1,phase:1,{LOG},capture,\
logdata:'%{{TX.0}} %{{TX.2}} %{{TX.3}}'" """,
    "captures of earlier rules stay": f"""
        SecRule ARGS:b "@rx (t)(w)(o)" "id:1,phase:1,nolog,pass,capture"
        SecRule ARGS:b "@rx (t)w" "id:2,phase:1,{LOG},capture,logdata:'%{{TX.0}} %{{TX.1}} %{{TX.2}}'" """,
    "setvar for each match": f"""
        SecRule ARGS "@rx ." "id:1,phase:1,nolog,pass,setvar:tx.n=+1"
        SecRule TX:n "@eq 3" "id:2,phase:1,{LOG},logdata:'%{{TX.n}}'" """,
    "setvar of a chain that does not match": f"""
        SecRule ARGS:b "@rx ." "id:1,phase:1,nolog,pass,chain,setvar:tx.z=1"
        SecRule ARGS:a "@rx nope" "t:none"
        SecRule TX:z "@eq 1" "id:2,phase:1,{LOG}" """,
    "arithmetic": f"""
        SecAction "id:1,phase:1,nolog,pass,setvar:tx.a=5,setvar:tx.a=+3,setvar:tx.a=-10,setvar:tx.b=+%{{tx.a}}"
        SecAction "id:2,phase:1,nolog,pass,setvar:tx.c=x,setvar:tx.c=+1,setvar:tx.d,setvar:!tx.a,setvar:tx.e=12abc"
        SecAction "id:3,phase:1,nolog,pass,setvar:tx.e=+1,setvar:tx.f=+abc,setvar:tx.g=-5"
        {ALWAYS} "id:4,phase:1,{LOG},\
logdata:'%{{tx.a}} %{{tx.b}} %{{tx.c}} %{{tx.d}} %{{tx.e}} %{{tx.f}} %{{tx.g}}'" """,
    "MATCHED_VARS": f"""
        SecRule ARGS "@rx ." "id:1,phase:1,{LOG},chain,{VAR}"
        SecRule MATCHED_VARS "@rx 3" "t:none" """,
    "MATCHED_VARS_NAMES": f"""
        SecRule ARGS "@rx ." "id:1,phase:1,{LOG},chain,{VAR}"
        SecRule MATCHED_VARS_NAMES "@contains b" "t:none" """,
    "MATCHED_VAR of an earlier rule is gone": f"""
        SecRule ARGS "@rx ." "id:1,phase:1,nolog,pass"
        SecRule MATCHED_VAR "@rx ." "id:2,phase:1,{LOG}"
        SecRule MATCHED_VARS "@rx ." "id:3,phase:1,{LOG}"
        SecRule &MATCHED_VARS "@eq 0" "id:4,phase:1,{LOG}" """,
    "counts": f"""
        SecRule &ARGS "@eq 3" "id:1,phase:1,{LOG},{VAR}"
        SecRule &ARGS:a "@eq 1" "id:2,phase:1,{LOG},{VAR}"
        SecRule &ARGS:z "@eq 0" "id:3,phase:1,{LOG},{VAR}"
        SecRule &ARGS|!ARGS:a "@eq 3" "id:4,phase:1,{LOG}" """,
    "exclusions": f"""
        SecRule ARGS|!ARGS:c "@rx ." "id:1,phase:1,{LOG},{VAR}"
        SecRule ARGS|!ARGS:/^[BC]/ "@rx ." "id:2,phase:1,{LOG},{VAR}"
        SecRule ARGS|!ARGS "@rx ." "id:3,phase:1,{LOG},{VAR}" """,
    "a selector by pattern": f"""SecRule ARGS:/^A/ "@rx 1" "id:1,phase:1,{LOG},{VAR}" """,
    "negation": f"""
        SecRule ARGS "!@rx ^[0-9]$" "id:1,phase:1,{LOG},{VAR}"
        SecRule ARGS:zz "!@rx x" "id:2,phase:1,{LOG}" """,
    "skip": f"""
        SecRule ARGS "@rx ." "id:1,phase:1,{LOG},skip:2"
        {ALWAYS} "id:2,phase:1,{LOG}"
        SecRule ARGS "@rx ." "id:3,phase:1,{LOG},chain"
        SecRule ARGS "@rx ." ""
        {ALWAYS} "id:4,phase:1,{LOG}" """,
    "skip counts neither markers nor rules of other phases": f"""
        SecRule ARGS "@rx ." "id:1,phase:1,{LOG},skip:1"
        SecMarker E
        {ALWAYS} "id:2,phase:2,{LOG}"
        {ALWAYS} "id:3,phase:1,{LOG}"
        {ALWAYS} "id:4,phase:1,{LOG}" """,
    "skipAfter": f"""
        SecRule ARGS "@rx ." "id:1,phase:1,{LOG},skipAfter:E"
        {ALWAYS} "id:2,phase:1,{LOG}"
        SecMarker E
        {ALWAYS} "id:3,phase:1,{LOG}" """,
    "deny": f"""
        SecRule ARGS "@rx ." "id:1,phase:1,log,deny,status:418"
        {ALWAYS} "id:2,phase:1,{LOG}"
        {ALWAYS} "id:3,phase:5,{LOG}" """,
    "deny without a log": """SecRule ARGS "@rx ." "id:1,phase:1,nolog,deny" """,
    "redirect": """SecRule ARGS:b "@rx (.)" "id:1,phase:1,log,capture,redirect:'http://x.test/%{TX.1}'" """,
    "redirect with a status": """SecRule ARGS:b "@rx (.)" "id:1,phase:1,log,status:307,redirect:'http://x.test/'" """,
    "drop": """SecRule ARGS:b "@rx (.)" "id:1,phase:1,log,drop" """,
    "block": """SecDefaultAction "phase:1,log,auditlog,deny,status:429"
        SecRule ARGS "@rx ." "id:1,phase:1,block" """,
    "detection only": f"""SecRuleEngine DetectionOnly
        SecRule ARGS "@rx ." "id:1,phase:1,log,deny"
        {ALWAYS} "id:2,phase:1,log,allow"
        {ALWAYS} "id:3,phase:1,{LOG}" """,
    "ctl:ruleEngine=DetectionOnly": f"""
        {ALWAYS} "id:1,phase:1,{LOG},ctl:ruleEngine=DetectionOnly"
        {ALWAYS} "id:2,phase:1,log,deny"
        {ALWAYS} "id:3,phase:2,{LOG}" """,
    "ctl:ruleEngine=On": f"""{ALWAYS} "id:1,phase:1,{LOG},ctl:ruleEngine=On"
        {ALWAYS} "id:2,phase:1,log,deny" """,
    "ctl:ruleRemoveById": f"""
        {ALWAYS} "id:1,phase:1,{LOG},ctl:ruleRemoveById=2,ctl:ruleRemoveById=4-5"
        {ALWAYS} "id:2,phase:1,{LOG}"
        {ALWAYS} "id:3,phase:1,{LOG}"
        {ALWAYS} "id:4,phase:1,{LOG}"
        {ALWAYS} "id:5,phase:2,{LOG}" """,
    "ctl:ruleRemoveByTag": f"""
        {ALWAYS} "id:1,phase:1,{LOG},ctl:ruleRemoveByTag=x/y"
        {ALWAYS} "id:2,phase:1,{LOG},tag:x/y"
        {ALWAYS} "id:3,phase:1,{LOG},tag:x/yz" """,
    "ctl:ruleRemoveTargetById": f"""
        {ALWAYS} "id:1,phase:1,{LOG},ctl:ruleRemoveTargetById=2;ARGS:c,ctl:ruleRemoveTargetById=3;ARGS"
        SecRule ARGS "@rx ." "id:2,phase:1,{LOG},{VAR}"
        SecRule ARGS "@rx ." "id:3,phase:1,{LOG}"
        SecRule &ARGS "@rx ." "id:4,phase:1,{LOG},{VAR}" """,
    "ctl:ruleRemoveTargetById in a chain": f"""
        {ALWAYS} "id:1,phase:1,{LOG},ctl:ruleRemoveTargetById=2;ARGS:a"
        SecRule ARGS:b "@rx ." "id:2,phase:1,{LOG},chain"
        SecRule ARGS:a "@rx ." "t:none" """,
    "ctl:ruleRemoveTargetByTag": f"""
        {ALWAYS} "id:1,phase:1,{LOG},ctl:ruleRemoveTargetByTag=t;ARGS:b"
        SecRule ARGS "@rx two" "id:2,phase:1,{LOG},tag:t" """,
    "ctl of a chain that does not match": f"""
        SecRule ARGS "@rx ." "id:1,phase:1,{LOG},chain,ctl:ruleRemoveById=2"
        SecRule ARGS "@rx zzz" "t:none"
        {ALWAYS} "id:2,phase:1,{LOG}" """,
    "HIGHEST_SEVERITY": f"""
        SecRule HIGHEST_SEVERITY "@rx ." "id:1,phase:1,{LOG},{VAR}"
        {ALWAYS} "id:2,phase:1,{LOG},severity:4"
        {ALWAYS} "id:3,phase:1,{LOG},severity:CRITICAL"
        {ALWAYS} "id:4,phase:1,{LOG},severity:NOTICE"
        SecRule HIGHEST_SEVERITY "@rx ." "id:5,phase:1,{LOG},{VAR}" """,
    "macros of operators": f"""
        SecAction "id:1,phase:1,nolog,pass,setvar:tx.x=two"
        SecRule ARGS "@streq %{{tx.x}}" "id:2,phase:1,{LOG}"
        SecRule ARGS "@rx ^%{{tx.x}}$" "id:3,phase:1,{LOG}"
        SecRule ARGS "@streq %{{tx.nothing}}" "id:4,phase:1,{LOG}" """,
    "macros of messages": f"""{ALWAYS} "id:1,phase:1,{LOG},\
logdata:'%{{tx.nope}}|%{{ARGS.b}}|\
%{{REQUEST_HEADERS.user-agent}}|%{{REQUEST_METHOD}}|%{{REQUEST_LINE}}|%{{MATCHED_VAR}}'" """,
    "phases": f"""
        {ALWAYS} "id:1,phase:2,{LOG}"
        {ALWAYS} "id:2,phase:1,{LOG}"
        {ALWAYS} "id:3,phase:5,{LOG}"
        {ALWAYS} "id:4,phase:4,{LOG}"
        {ALWAYS} "id:5,phase:3,{LOG}" """,
    "replies": f"""
        SecRule RESPONSE_BODY "@rx b(.)" "id:1,phase:4,{LOG},capture,logdata:'%{{TX.1}}'"
        SecRule RESPONSE_STATUS "@eq 404" "id:2,phase:3,{LOG}"
        SecRule RESPONSE_HEADERS:Content-Type "@rx html" "id:3,phase:3,{LOG},{VAR}"
        SecRule RESPONSE_CONTENT_TYPE "@rx ." "id:4,phase:3,{LOG},{VAR}"
        SecRule RESPONSE_PROTOCOL "@rx ." "id:5,phase:3,{LOG},{VAR}"
        SecRule RESPONSE_CONTENT_LENGTH "@rx ." "id:7,phase:4,{LOG},{VAR}" """,
    "a reply that is denied": f"""
        SecRule RESPONSE_BODY "@rx b(.)" "id:1,phase:4,log,deny,status:502"
        {ALWAYS} "id:2,phase:5,{LOG}" """,
} | {
    f"{form} in phase {phase}": f"""
        {ALWAYS} "id:1,phase:{phase},log,{form}"
        {ALWAYS} "id:2,phase:{phase},{LOG}"
        {ALWAYS} "id:3,phase:2,{LOG}"
        {ALWAYS} "id:4,phase:3,{LOG}"
        {ALWAYS} "id:5,phase:4,{LOG}"
        {ALWAYS} "id:6,phase:5,{LOG}" """
    for form in ("allow", "allow:phase", "allow:request")
    for phase in (1, 3)
}  # fmt: skip

FORM_RULES = {
    "form arguments": f"""
        SecRule ARGS_POST "@rx ." "id:1,phase:2,{LOG},{VAR}"
        SecRule ARGS "@rx ." "id:2,phase:2,{LOG},{VAR}"
        SecRule ARGS "@rx ." "id:3,phase:1,{LOG},{VAR}"
        SecRule REQUEST_BODY "@rx ." "id:4,phase:2,{LOG},{VAR}"
        SecRule ARGS_POST "@rx ." "id:5,phase:1,{LOG}" """,
    "a part of the body": f"""SecRequestBodyLimit 8
        SecRequestBodyLimitAction ProcessPartial
        SecRule ARGS_POST "@rx ." "id:1,phase:2,{LOG},{VAR}"
        SecRule INBOUND_DATA_ERROR "@eq 1" "id:2,phase:2,{LOG}" """,
    "a body that is none of its kind": f"""
        SecAction "id:1,phase:1,nolog,pass,ctl:requestBodyProcessor=JSON"
        SecRule REQBODY_ERROR "@eq 1" "id:2,phase:2,{LOG}"
        SecRule REQBODY_PROCESSOR "@streq JSON" "id:3,phase:2,{LOG}"
        SecRule ARGS_POST "@rx ." "id:4,phase:2,{LOG}" """,
}

DIFFERENCES = {
    "skipAfter with an id": (
        f"""{ALWAYS} "id:1,phase:1,{LOG},skipAfter:3"
        {ALWAYS} "id:2,phase:1,{LOG}"
        {ALWAYS} "id:3,phase:1,{LOG}"
        {ALWAYS} "id:4,phase:1,{LOG}" """,
        [1, 4],
        [1],
        "the reference manual lets skipAfter name a rule; it takes the id for a marker that never comes",
    ),
    "skipAfter with a marker that never comes": (
        f"""{ALWAYS} "id:1,phase:1,{LOG},skipAfter:E"
        {ALWAYS} "id:2,phase:1,{LOG}"
        {ALWAYS} "id:3,phase:2,{LOG}" """,
        [1, 3],
        [1],
        "it skips all rules of the phases after, too, so that one spelling mistake turns off the whole rule set",
    ),
    "ctl:ruleEngine=Off": (
        f"""{ALWAYS} "id:1,phase:1,{LOG},ctl:ruleEngine=Off"
        {ALWAYS} "id:2,phase:1,{LOG}"
        {ALWAYS} "id:3,phase:2,{LOG}" """,
        [1],
        [1, 2],
        "it still runs the rest of the phase to no effect",
    ),
    "deny in phase 5": (
        f"""{ALWAYS} "id:2,phase:5,log,deny"
        {ALWAYS} "id:3,phase:5,{LOG}" """,
        [2, 3],
        [2],
        "it ends the phase there, though there is nothing left to deny",
    ),
    "no access to bodies": (
        f"""SecRequestBodyAccess Off
        {ALWAYS} "id:1,phase:2,{LOG}" """,
        [1],
        [],
        "phase 2 is not only for bodies: with it left out, the Core Rule Set would never decide",
    ),
    "multiMatch": (
        f"""SecRule ARGS "@rx ^[tT]" "id:1,phase:1,nolog,pass,t:uppercase,t:lowercase,multiMatch,setvar:tx.n=+1"
        SecRule TX:n "@eq 3" "id:2,phase:1,{LOG}" """,
        [2],
        [1, 1, 1, 2],
        "it tells of each match, even of a rule that says nolog",
    ),
    "SecAction": (
        f"""SecAction "id:1,phase:1,{LOG}" """,
        [1],
        [],
        "it tells nothing of a SecAction that says log",
    ),
}
"""By name: rules, the ids that ours logs, the ids that libmodsecurity logs, and why they differ."""


def _ours(rules: str, request: Request, reply: Reply | None) -> tuple[list[tuple[int, str]], int, str]:
    told = []
    for gate in (True, False):
        seen = inspect(rule_set(rules, gate=gate), request, reply)
        ended = seen.intervention
        logged = [(match.id, match.data) for match in seen.matches]
        told.append((logged, 0, "") if ended is None else (logged, ended.status, ended.url.decode()))
    assert told[0] == told[1]
    return told[0]


def _compare(rules: str, request: Request, reply: Reply | None) -> None:
    judged = judge(ON + rules, request, reply)
    assert judged.logged or judged.status, "nothing is compared"
    assert _ours(ON + rules, request, reply) == (judged.logged, judged.status, judged.url)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("reply", [None, Reply(404, body=b"abc")])
def test_rules_do_as_in_the_reference(name: str, reply: Reply | None) -> None:
    if name != "replies" or reply is not None:
        _compare(RULES[name], QUERY, reply)


@pytest.mark.parametrize("name", FORM_RULES)
def test_bodies_are_read_as_by_the_reference(name: str) -> None:
    _compare(FORM_RULES[name], FORM, None)


@pytest.mark.parametrize("name", DIFFERENCES)
def test_differences_are_what_the_table_says(name: str) -> None:
    rules, ours, theirs, because = DIFFERENCES[name]
    assert because
    assert [rule for rule, _ in judge(ON + rules, QUERY, None).logged] == theirs
    assert [rule for rule, _ in _ours(ON + rules, QUERY, None)[0]] == ours


VARIABLES = (
    "ARGS ARGS_GET ARGS_GET_NAMES ARGS_NAMES AUTH_TYPE INBOUND_DATA_ERROR MODSEC_BUILD MULTIPART_STRICT_ERROR "
    "PATH_INFO QUERY_STRING REMOTE_ADDR REMOTE_HOST REMOTE_PORT REQBODY_ERROR REQBODY_PROCESSOR "
    "REQUEST_BASENAME REQUEST_COOKIES REQUEST_COOKIES_NAMES REQUEST_FILENAME REQUEST_HEADERS REQUEST_HEADERS_NAMES "
    "REQUEST_LINE REQUEST_METHOD REQUEST_PROTOCOL REQUEST_URI REQUEST_URI_RAW SERVER_ADDR SERVER_NAME SERVER_PORT "
    "SESSIONID URLENCODED_ERROR USERID"
)
HEADS = (
    QUERY,
    Request(),
    Request(b"http://x.test:80/%61/?%61=b", ((b"Host", b"x:1"), (b"Authorization", b"Basic YTpi"))),
)


@pytest.mark.parametrize("variable", VARIABLES.split())
@pytest.mark.parametrize("request_", HEADS)
def test_variables_hold_what_they_hold_in_the_reference(variable: str, request_: Request) -> None:
    rules = f"""
        SecRule {variable} "!@rx ^zzz$" "id:1,phase:2,nolog,pass,t:none,\
setvar:'tx.all=%{{tx.all}}|%{{MATCHED_VAR_NAME}}~%{{MATCHED_VAR}}'"
        {ALWAYS} "id:2,phase:2,{LOG},logdata:'%{{tx.all}}'" """
    _compare(rules, request_, None)


def test_all_values_of_one_name_are_looked_at() -> None:
    _compare(f'SecRule ARGS:a "@rx 1" "id:1,phase:1,{LOG}"\nSecRule ARGS:a "@rx 2" "id:2,phase:1,{LOG}"', TWICE, None)
