from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from bartizan.config.model import Waf, WafExclusion


def test_numbers_may_be_written_as_such() -> None:
    assert WafExclusion.model_validate({"rule": 942100}).rule == "942100"
    assert Waf.model_validate({"variables": {"arg_length": 400}}).variables == {"arg_length": "400"}


@pytest.mark.parametrize("rule", ["942100", "942100-942999", "attack-sqli", "OWASP_CRS/WEB_ATTACK.x"])
def test_a_rule_is_named_by_id_range_or_tag(rule: str) -> None:
    assert WafExclusion.model_validate({"rule": rule}).rule == rule


@pytest.mark.parametrize(
    "exclusion",
    [
        {"rule": ""},
        {"rule": True},
        {"rule": -1},
        {"rule": "1,2"},
        {"rule": 'x" "id:1'},
        {"rule": 1, "target": "ARGS:a|ARGS:b"},
        {"rule": 1, "target": "ARGS:a;b"},
        {"rule": 1, "target": 'ARGS:"'},
        {"rule": 1, "target": "ARGS:a\nSecRuleEngine Off"},
        {"rule": 1, "path": "x"},
        {"rule": 1, "path": '/"'},
        {"rule": 1, "path": "/%{tx.x}"},
    ],
)
def test_nothing_in_an_exclusion_can_become_another_directive(exclusion: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        WafExclusion.model_validate(exclusion)


@pytest.mark.parametrize("variables", [{"a b": "x"}, {"a,b": "x"}, {"a": "'"}, {"a": '"'}, {"a": "x\ny"}, {"a": "\\"}])
def test_nothing_in_a_variable_can_become_another_action(variables: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Waf.model_validate({"variables": variables})
