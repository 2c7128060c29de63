"""What links, the first rule of a chain and SecDefaultAction each contribute, and SecRuleUpdateActionById."""

from __future__ import annotations

import pytest
from tests.perimeter.waf.seclang.reading_support import acting, rule, rules

from bartizan.perimeter.waf.seclang.model import Rule

DEFAULT = "SecDefaultAction \"phase:2,nolog,auditlog,deny,status:406,tag:'d',t:lowercase,setvar:tx.d=+1\"\n"


def after(default: str, actions: str) -> Rule:
    """Return a rule of phase 2 after a default."""
    return rule(f'SecDefaultAction "phase:2,{default}"\nSecRule ARGS "@rx x" "id:1,phase:2,{actions}"')


def updated(actions: str, update: str) -> Rule:
    """Return a rule after SecRuleUpdateActionById."""
    return rule(f'SecRule ARGS "@rx x" "id:1,phase:2,{actions}"\nSecRuleUpdateActionById 1 "{update}"')


def test_without_any_default_a_rule_passes_logs_and_runs_in_phase_2() -> None:
    made = acting("t:none")
    assert (made.phase, made.disruption, made.status, made.log, made.audit_log) == (2, "pass", 403, True, True)
    assert (made.msg, made.logdata, made.severity, made.tags) == (None, None, None, ())


@pytest.mark.parametrize(
    ("default", "actions", "disruption", "status"),
    [
        ("log,deny,status:406", "block", "deny", 406),
        ("log,deny,status:406", "block,status:401", "deny", 401),
        ("log,deny,status:406", "deny", "deny", 406),
        ("log,deny,status:406", "drop", "drop", 406),
        ("log,deny,status:406", "msg:'x'", "deny", 406),
        ("log,deny,status:406", "pass", "pass", 406),
        ("log,pass,status:404", "deny", "deny", 404),
        ("log,pass", "block", "pass", 403),
        ("log,deny", "block", "deny", 403),
        ("log,deny,status:406", "redirect:http://x/", "redirect", 302),
        ("log,redirect:http://d/", "block", "redirect", 302),
        ("log,redirect:http://d/,status:307", "block", "redirect", 307),
        ("log,deny", "redirect:http://x/,status:301", "redirect", 301),
    ],
)
def test_block_and_rules_that_say_nothing_do_what_the_default_says(
    default: str, actions: str, disruption: str, status: int
) -> None:
    made = after(default, actions)
    assert (made.disruption, made.status) == (disruption, status)


def test_where_the_default_redirects_to_is_inherited_by_block() -> None:
    assert str(after("log,redirect:http://d/", "block").disruption_argument) == "http://d/"
    assert str(after("log,redirect:http://d/", "redirect:http://x/").disruption_argument) == "http://x/"


def test_the_default_gives_logging_tags_transformations_and_effects() -> None:
    made = rule(DEFAULT + 'SecRule ARGS "@rx x" "id:1,phase:2,t:length,tag:\'r\',setvar:tx.r=1"')
    assert (made.log, made.audit_log) == (False, True)
    assert [str(tag) for tag in made.tags] == ["d", "r"]
    assert made.links[0].transformations == ("lowercase", "length")
    assert [str(setvar.name) for setvar in made.links[0].setvars] == ["d", "r"]


def test_a_rule_overrides_the_default() -> None:
    made = rule(DEFAULT + 'SecRule ARGS "@rx x" "id:1,phase:2,log,t:none,t:length,pass"')
    assert (made.log, made.disruption) == (True, "pass")
    assert made.links[0].transformations == ("length",)


def test_a_default_is_for_its_phase_and_for_the_rules_after_it() -> None:
    text = 'SecAction "id:1,phase:2"\n' + DEFAULT + 'SecAction "id:2,phase:1"\nSecAction "id:3,phase:2"\n'
    assert [made.disruption for made in rules(text)] == ["pass", "pass", "deny"]


def test_each_link_of_a_chain_gets_the_transformations_of_the_default() -> None:
    made = rule(DEFAULT + 'SecRule ARGS "@rx x" "id:1,phase:2,t:none,chain"\nSecRule ARGS "@rx y"')
    assert [link.transformations for link in made.links] == [(), ("lowercase",)]


def test_later_links_tell_what_the_first_leaves_open() -> None:
    made = rule(
        'SecRule ARGS "@rx x" "id:1,deny,tag:\'a\',chain"\n'
        "SecRule ARGS \"@rx y\" \"msg:'2',status:404,tag:'b',chain\"\n"
        "SecRule ARGS \"@rx z\" \"msg:'3',logdata:'l',severity:2,tag:'a'\""
    )
    assert (str(made.msg), str(made.logdata), made.severity, made.status) == ("2", "l", 2, 404)
    assert [str(tag) for tag in made.tags] == ["a", "b"]


def test_the_first_link_wins_over_later_ones() -> None:
    made = rule(
        'SecRule ARGS "@rx x" "id:1,deny,status:401,nolog,phase:1,msg:\'1\',severity:1,chain"\n'
        'SecRule ARGS "@rx y" "msg:\'2\',status:404,severity:2,log,phase:2,block"'
    )
    assert (str(made.msg), made.status, made.severity, made.log, made.phase) == ("1", 401, 1, False, 1)
    assert made.disruption == "deny"


def test_what_acts_on_a_match_stays_with_its_link() -> None:
    made = rule(
        'SecRule ARGS "@rx x" "id:1,capture,setvar:tx.a=1,chain"\n'
        'SecRule ARGS "@rx y" "multiMatch,setvar:tx.b=1,ctl:ruleEngine=Off,initcol:ip=x,chain"\n'
        'SecAction "setvar:tx.c=1"'
    )
    first, second, third = made.links
    assert (first.capture, second.multi_match, third.operation) == (True, True, None)
    assert [str(link.setvars[0].name) for link in made.links] == ["a", "b", "c"]
    assert (second.controls[0].name, second.actions[0].name) == ("ruleEngine", "initcol")
    assert [str(link.place) for link in made.links] == ["t.conf:1", "t.conf:2", "t.conf:3"]


@pytest.mark.parametrize(
    ("actions", "update", "disruption", "status"),
    [
        ("deny", "pass", "pass", 403),
        ("deny,status:404", "status:405", "deny", 405),
        ("deny,status:404", "drop", "drop", 404),
        ("pass", "redirect:http://x/", "redirect", 302),
        ("redirect:http://x/", "deny", "deny", 403),
        ("deny", "block", "pass", 403),
        ("deny", "log", "deny", 403),
    ],
)
def test_an_update_replaces_the_disruptive_action(actions: str, update: str, disruption: str, status: int) -> None:
    made = updated(actions, update)
    assert (made.disruption, made.status) == (disruption, status)


def test_block_in_an_update_means_what_the_default_of_the_phase_says() -> None:
    made = rule(DEFAULT + 'SecAction "id:1,phase:2,pass"\nSecRuleUpdateActionById 1 "block"')
    assert made.disruption == "deny"


def test_an_update_replaces_what_a_rule_has_once_and_adds_what_it_may_have_often() -> None:
    made = updated(
        "msg:'old',severity:1,log,t:lowercase,tag:'a',setvar:tx.a=1,ver:'1'",
        "msg:'new',logdata:'l',severity:2,nolog,t:length,tag:'b',tag:'a',setvar:tx.b=1,ver:'2',rev:'3',capture,"
        "skipAfter:X,ctl:ruleEngine=Off",
    )
    assert (str(made.msg), str(made.logdata), made.severity, made.log) == ("new", "l", 2, False)
    assert (made.ver, made.rev, made.skip_after, made.links[0].capture) == ("2", "3", "X", True)
    assert [str(tag) for tag in made.tags] == ["a", "b"]
    assert made.links[0].transformations == ("lowercase", "length")
    assert [str(setvar.name) for setvar in made.links[0].setvars] == ["a", "b"]
    assert [control.name for control in made.links[0].controls] == ["ruleEngine"]


@pytest.mark.parametrize(("update", "expected"), [("t:none", ()), ("t:none,t:length", ("length",)), ("log", ("sha1",))])
def test_t_none_in_an_update_drops_the_transformations(update: str, expected: tuple[str, ...]) -> None:
    assert updated("t:sha1", update).links[0].transformations == expected


def test_an_update_may_be_for_a_later_link() -> None:
    made = rule(
        'SecRule ARGS "@rx x" "id:1,chain"\nSecRule ARGS "@rx y"\nSecRuleUpdateActionById 1:1 "t:length,setvar:tx.b=1"'
    )
    assert [link.transformations for link in made.links] == [(), ("length",)]
    assert [len(link.setvars) for link in made.links] == [0, 1]
