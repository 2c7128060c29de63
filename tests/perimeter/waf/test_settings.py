"""What a configuration adds to rules, as SecLang."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.perimeter.waf.seclang.reading_support import read

from bartizan.errors import SecLangError
from bartizan.perimeter.waf.seclang import Rule
from bartizan.perimeter.waf.settings import RuleExclusion, Settings, closing_directives, opening_directives

RULES = 'SecRule ARGS|FILES "@rx x" "id:942100,phase:2,tag:\'attack-sqli\'"\nSecAction "id:942101,phase:2"\n'


def variables(settings: Settings) -> dict[str, str]:
    """Return the TX variables that a configuration sets."""
    book = read(opening_directives(settings))
    links = [link for entry in book.entries if isinstance(entry, Rule) for link in entry.links]
    return {str(each.name): str(each.value) for link in links for each in link.setvars}


def closed(*exclusions: RuleExclusion) -> dict[int, list[str]]:
    """Return what the rules look at, by id, after exclusions."""
    book = read(RULES + closing_directives(Settings(exclusions=exclusions)))
    rules = [entry for entry in book.entries if isinstance(entry, Rule)]
    return {rule.id: [f"!{target}" for target in rule.links[0].excluded] for rule in rules}


def test_without_settings_nothing_is_added() -> None:
    assert opening_directives(Settings()) == ""
    assert closing_directives(Settings()) == ""


def test_the_paranoia_level_has_the_names_of_both_core_rule_sets() -> None:
    assert variables(Settings(paranoia=2)) == {
        "paranoia_level": "2",
        "blocking_paranoia_level": "2",
        "executing_paranoia_level": "2",
        "detection_paranoia_level": "2",
    }


@pytest.mark.parametrize(
    ("paranoia", "detection", "expected"), [(1, 3, "3"), (3, 1, "3"), (2, None, "2"), (None, 4, "4")]
)
def test_rules_are_run_up_to_the_level_of_detection_and_never_below_what_blocks(
    paranoia: int | None, detection: int | None, expected: str
) -> None:
    made = variables(Settings(paranoia=paranoia, detection_paranoia=detection))
    assert made["detection_paranoia_level"] == made["executing_paranoia_level"] == expected
    assert made.get("blocking_paranoia_level") == (None if paranoia is None else str(paranoia))


def test_thresholds_and_variables_are_set() -> None:
    settings = Settings(inbound_threshold=7, outbound_threshold=8, variables={"Allowed_Methods": 'GET it\'s "x", y'})
    assert variables(settings) == {
        "inbound_anomaly_score_threshold": "7",
        "outbound_anomaly_score_threshold": "8",
        "allowed_methods": 'GET it\'s "x", y',
    }


def test_what_is_set_is_set_in_phase_1_without_a_trace() -> None:
    (rule,) = read(opening_directives(Settings(paranoia=1))).entries
    assert isinstance(rule, Rule)
    assert (rule.phase, rule.disruption, rule.log) == (1, "pass", False)


@pytest.mark.parametrize(
    ("exclusion", "left"),
    [
        (RuleExclusion("942100"), {942101: []}),
        (RuleExclusion("942100-942199"), {}),
        (RuleExclusion("attack-sqli"), {942101: []}),
        (RuleExclusion("942100", "ARGS:pw"), {942100: ["!ARGS:pw"], 942101: []}),
        (RuleExclusion("attack-sqli", "ARGS:/^pw/"), {942100: ["!ARGS:/^pw/"], 942101: []}),
        (RuleExclusion("other"), {942100: [], 942101: []}),
        (RuleExclusion("942100", path="/x"), {942100: [], 942101: []}),
    ],
)
def test_exclusions_for_every_path_change_the_rules(exclusion: RuleExclusion, left: dict[int, list[str]]) -> None:
    assert closed(exclusion) == left


def test_an_exclusion_that_means_no_rule_has_a_notice() -> None:
    text = RULES + closing_directives(Settings(exclusions=(RuleExclusion("other"),)))
    assert read(text).notices == ("t.conf:3: SecRuleRemoveByTag has no effect: no rule before it is meant",)


@pytest.mark.parametrize(
    ("exclusion", "control", "value", "target"),
    [
        (RuleExclusion("942100", path="/a"), "ruleRemoveById", "942100", None),
        (RuleExclusion("attack-sqli", path="/a"), "ruleRemoveByTag", "attack-sqli", None),
        (RuleExclusion("1-5", "ARGS:pw", "/a"), "ruleRemoveTargetById", "1-5", "ARGS:pw"),
        (RuleExclusion("x", "ARGS:/a{1,2}/", "/a"), "ruleRemoveTargetByTag", "x", "ARGS:/a{1,2}/"),
    ],
)
def test_an_exclusion_with_a_path_is_made_when_a_request_is_for_it(
    exclusion: RuleExclusion, control: str, value: str, target: str | None
) -> None:
    (rule,) = read(opening_directives(Settings(exclusions=(exclusion,)))).entries
    assert isinstance(rule, Rule)
    (link,) = rule.links
    (made,) = link.controls
    assert str(link.operation) == "@beginswith /a"
    assert (made.name, str(made.value), None if made.target is None else str(made.target)) == (control, value, target)


@given(
    st.text(max_size=12),
    st.none() | st.text(max_size=12).map("ARGS:".__add__),
    st.none() | st.text(max_size=12).map("/".__add__),
)
def test_no_exclusion_adds_other_directives_than_its_own(rule: str, target: str | None, path: str | None) -> None:
    settings = Settings(exclusions=(RuleExclusion(rule, target, path),))
    with contextlib.suppress(SecLangError):
        assert len(read(opening_directives(settings)).entries) <= 1
        assert len(read(RULES + closing_directives(settings)).entries) <= 2
