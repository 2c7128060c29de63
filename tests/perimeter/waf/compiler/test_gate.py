from __future__ import annotations

import pytest
from tests.support.waf import ON, Reply, Request, inspect, rule_set

from bartizan.perimeter.waf.load import RuleSet

MANY = "".join(
    f'SecRule ARGS|REQUEST_HEADERS "@rx word{at}" "id:{at},phase:2,pass,t:lowercase"\n' for at in range(1, 9)
)


def _run(rules: RuleSet, request: Request, reply: Reply | None = None) -> tuple[list[int], int]:
    """Return the rules that matched, and how many rules the gate let run."""
    seen = inspect(rules, request, reply)
    return seen.ids, seen.transaction.mask.bit_count()


@pytest.mark.parametrize("hyperscan", [True, False])
def test_only_rules_that_may_match_run(hyperscan: bool) -> None:
    rules = rule_set(ON + MANY, hyperscan=hyperscan)
    assert _run(rules, Request(b"/?a=nothing")) == ([], 0)
    assert _run(rules, Request(b"/?a=WORD3&b=word5")) == ([3, 5], 2)
    assert _run(rules, Request(b"/", ((b"X", b"a word8"),))) == ([8], 1)


def test_a_class_that_leaves_out_capitals_takes_what_lowercase_makes_of_them() -> None:
    patterns = ("x[^A]y", "zz1", "yy2", "[^A-Z]q$", "dd3")
    rules = ON + "".join(
        f'SecRule ARGS "@rx {p}" "id:{n},phase:2,pass,t:lowercase"\n' for n, p in enumerate(patterns, 1)
    )
    request = Request(b"/?a=xAy&b=zQ")
    assert inspect(rule_set(rules), request).ids == inspect(rule_set(rules, gate=False), request).ids == [1, 4]


@pytest.mark.parametrize("name", ["cmdLine", "lowercase", "urlDecodeUni"])
def test_numbers_of_members_are_transformed_as_values_are(name: str) -> None:
    rules = rule_set(ON + f'SecRule &ARGS "@rx ^2$" "id:1,phase:1,pass,t:{name}"')
    assert _run(rules, Request(b"/?a=1&b=2")) == ([1], 1)
    assert _run(rules, Request(b"/?a=1")) == ([], 0)


def test_a_negated_operator_is_asked_about_every_value() -> None:
    rules = rule_set(ON + 'SecRule ARGS "!@rx ^[a-z]+$" "id:1,phase:1,pass"')
    assert [_run(rules, Request(b"/?" + query)) for query in (b"", b"a=b", b"a=b&c=1")] == [([], 0), ([], 0), ([1], 1)]


def test_exclusions_hold_in_the_gate_too() -> None:
    rules = rule_set(
        ON + 'SecRule ARGS|!ARGS:token "@rx ^a" "id:1,phase:1,pass"\nSecRule ARGS "@rx ^ab" "id:2,phase:1,pass"'
    )
    assert _run(rules, Request(b"/?token=abc")) == ([2], 1)
    assert _run(rules, Request(b"/?other=abc")) == ([1, 2], 2)


def test_every_stage_of_multi_match_is_asked_about() -> None:
    rules = rule_set(ON + 'SecRule ARGS "@rx ^%3c$|^B$" "id:1,phase:1,pass,t:urlDecode,t:uppercase,multiMatch"')
    for query, expected in ((b"a=%253c", [1]), (b"a=b", [1]), (b"a=%3c", []), (b"a=a", [])):
        assert _run(rules, Request(b"/?" + query))[0] == expected


def test_variables_are_asked_about_when_they_are_there() -> None:
    rules = rule_set(
        ON
        + """SecRule ARGS_POST "@rx ^b" "id:1,phase:2,pass"
        SecRule ARGS_POST "@rx ^b" "id:2,phase:1,pass"
        SecRule RESPONSE_STATUS "@streq 404" "id:3,phase:3,pass"
        SecRule RESPONSE_STATUS "@streq 404" "id:4,phase:2,pass"
        SecRule RESPONSE_BODY "@rx ^c" "id:5,phase:4,pass"
        SecRule ARGS_POST "@rx ^b" "id:6,phase:4,pass" """
    )
    form = Request(b"/", ((b"Content-Type", b"application/x-www-form-urlencoded"),), b"a=b")
    assert _run(rules, form, Reply(404, body=b"c"))[0] == [1, 3, 5, 6]
    assert _run(rules, Request(), Reply(200, body=b"x")) == ([], 0)


def test_patterns_that_hyperscan_cannot_take_are_matched_all_the_same() -> None:
    huge = "(?:a[^b]{0,300}){2,90}b"
    others = "".join(f'SecRule ARGS "@rx w{at}x" "id:{at},phase:1,pass"\n' for at in range(1, 6))
    rules = rule_set(ON + others + f'SecRule ARGS "@rx {huge}" "id:9,phase:1,pass"')
    assert _run(rules, Request(b"/?a=a11a22b"))[0] == [9]
    assert _run(rules, Request(b"/?a=w3x&b=ab"))[0] == [3]


def test_without_hyperscan_it_is_said() -> None:
    assert any("Hyperscan" in notice for notice in rule_set(ON, hyperscan=False).notices)
    assert not any("Hyperscan" in notice for notice in rule_set(ON).notices)
