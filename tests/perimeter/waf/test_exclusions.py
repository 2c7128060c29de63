from __future__ import annotations

from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from bartizan.config.model import WafExclusion
from bartizan.perimeter.waf.exclusions import as_yaml, concerns, covers, is_excludable, narrowest, without_numbers
from bartizan.perimeter.waf.load import read_rules
from bartizan.perimeter.waf.seclang import Rule, Source
from bartizan.perimeter.waf.settings import RuleExclusion, Settings


def rule(text: str) -> Rule:
    (found,) = read_rules([Source("x", text.encode(), Path())], Settings()).entries
    assert isinstance(found, Rule)
    return found


ARGUMENTS = rule('SecRule ARGS|REQUEST_COOKIES|&REQUEST_HEADERS:Host "@rx a" "id:1,phase:2,pass"')


@pytest.mark.parametrize(
    ("name", "expected"),
    [("942100", True), ("942100-942199", True), ("942101-942199", False), ("attack-sqli", True), ("attack", False)],
)
def test_an_exclusion_names_a_rule_by_id_range_or_tag(name: str, expected: bool) -> None:
    assert concerns(WafExclusion(rule=name), 942100, ("attack-sqli",)) is expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"target": "ARGS:q"}, True),
        ({"target": "args:Q"}, True),
        ({"target": "ARGS"}, True),
        ({"target": "ARGS:/^q$/"}, True),
        ({"target": "ARGS:/^x/"}, False),
        ({"target": "ARGS:/(/"}, False),
        ({"target": "ARGS:other"}, False),
        ({"target": "ARGS_NAMES:q"}, False),
        ({"path": "/a"}, False),
        ({"path": "/a/b"}, True),
        ({"path": "/a/*"}, True),
        ({"path": "/a/b/*"}, True),
        ({"path": "/ab/*"}, False),
    ],
)
def test_an_exclusion_covers_variables_and_paths(changes: dict[str, str], expected: bool) -> None:
    assert covers(WafExclusion(rule="1", **changes), 1, (), "ARGS:q", "/a/b") is expected


def test_members_of_lists_are_alike() -> None:
    assert without_numbers("ARGS:json.items.12.name") == without_numbers("ARGS:json.items.3.name")
    assert without_numbers("REQUEST_URI") == "REQUEST_URI"


@pytest.mark.parametrize(
    ("variables", "paths", "target", "path"),
    [
        (["ARGS:q"], ["/search"], "ARGS:q", "/search"),
        (["ARGS:q"], ["/search", "/find"], "ARGS:q", None),
        (["ARGS:q"], None, "ARGS:q", None),
        (["ARGS:q"], ["/with space"], "ARGS:q", None),
        (["ARGS:json.1.name", "ARGS:json.22.name"], [], "ARGS:/^json[.][0-9]+[.]name$/", None),
        (["ARGS:two words"], [], "ARGS:/^two.words$/", None),
        (["ARGS:é'"], [], "ARGS:/^...$/", None),
        (["ARGS:/odd/"], [], "ARGS:/^.odd.$/", None),
        (["ARGS:" + "a'" * 200], [], "ARGS:/^" + "a." * 100 + "a/", None),
        (["TX:1"], [], None, None),
        (["MATCHED_VAR"], [], None, None),
        (["REQUEST_URI"], [], "REQUEST_URI", None),
        ([], [], None, None),
    ],
)
def test_the_narrowest_exclusion_has_target_and_path_if_they_are_one(
    variables: list[str], paths: list[str] | None, target: str | None, path: str | None
) -> None:
    assert narrowest(1, variables, paths) == WafExclusion(rule="1", target=target, path=path)


def test_what_a_rule_does_not_look_at_is_no_target_of_it() -> None:
    assert is_excludable("ARGS:q", ARGUMENTS)
    assert not is_excludable("REQUEST_HEADERS:host", ARGUMENTS)  # it looks at the number
    assert narrowest(1, ["REQUEST_BODY"], None, ARGUMENTS).target is None


@given(st.text(min_size=1, max_size=300), st.booleans())
def test_targets_for_any_name_can_be_configured_and_read_as_rules(name: str, more: bool) -> None:
    exclusion = narrowest(1, {f"ARGS:{name}", f"ARGS:{name}"} | ({f"ARGS:{name}7"} if more else set()), None)
    assert exclusion.target is not None
    text = 'SecRule ARGS "@rx a" "id:1,phase:2,pass"'
    settings = Settings(exclusions=(RuleExclusion("1", exclusion.target),))
    (found,) = read_rules([Source("x", text.encode(), Path())], settings).entries
    assert isinstance(found, Rule)
    assert len(found.links[0].excluded) == 1


def test_exclusions_are_told_as_yaml() -> None:
    exclusion = WafExclusion(rule="942100", target="ARGS:q", path="/search")
    wanted = {"guards": {"waf": {"exclusions": [{"rule": 942100, "target": "ARGS:q", "path": "/search"}]}}}
    assert yaml.safe_load(as_yaml(exclusion)) == wanted
    assert yaml.safe_load(as_yaml(exclusion, "api")) == {"routes": [{"name": "api", **wanted}]}
