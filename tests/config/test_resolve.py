from __future__ import annotations

from typing import Any

from bartizan.config.model import Config, Guards, Route
from bartizan.config.model.guards import DenylistOverride, RateLimitOverride
from bartizan.config.model.waf import WafOverride
from bartizan.config.resolve import effective_guards


def _merged(guards: dict[str, Any], overrides: dict[str, Any]) -> Guards:
    config = Config.model_validate({"listeners": [{"address": "a:1"}], "guards": guards})
    return effective_guards(config, Route.model_validate({"name": "r", "guards": overrides}))


def test_what_a_route_leaves_out_keeps_the_default() -> None:
    guards = {"denylist": {"deny": ["192.0.2.0/24"]}, "rate_limit": {"windows": [{"rate": "1/s"}], "headers": False}}
    assert _merged(guards, {}) == Guards.model_validate(guards)


def test_what_a_route_names_replaces_the_default() -> None:
    guards = {"rate_limit": {"windows": [{"rate": "1/s"}], "headers": False}}
    merged = _merged(guards, {"rate_limit": {"windows": [], "on_error": "allow"}, "denylist": {"enabled": False}})
    assert merged.rate_limit.windows == []
    assert merged.rate_limit.on_error == "allow"
    assert merged.rate_limit.headers is False
    assert merged.denylist.enabled is False


def test_overrides_have_every_field_of_their_guard() -> None:
    assert set(DenylistOverride.model_fields) == set(Guards.model_fields["denylist"].annotation.model_fields)  # type: ignore[union-attr]
    assert set(RateLimitOverride.model_fields) == set(Guards.model_fields["rate_limit"].annotation.model_fields)  # type: ignore[union-attr]
    assert set(WafOverride.model_fields) == set(Guards.model_fields["waf"].annotation.model_fields)  # type: ignore[union-attr]


def test_a_route_s_exclusions_are_added_to_those_for_all() -> None:
    merged = _merged(
        {"waf": {"exclusions": [{"rule": 942100}], "paranoia": 1}},
        {"waf": {"exclusions": [{"rule": "attack-xss", "target": "ARGS:text"}], "paranoia": 2}},
    )
    assert [exclusion.rule for exclusion in merged.waf.exclusions] == ["942100", "attack-xss"]
    assert merged.waf.paranoia == 2
