from __future__ import annotations

from typing import Any

import pytest

from bartizan.config.model import AccessGuardOverride, Config, Guards, Route, SessionRules
from bartizan.config.model.guards import DenylistOverride, RateLimitOverride
from bartizan.config.model.waf import WafOverride
from bartizan.config.resolve import effective_guards, session_limits


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
    access = Guards.model_fields["access"].annotation
    assert set(AccessGuardOverride.model_fields) == set(access.model_fields)  # type: ignore[union-attr]


def test_a_route_s_exclusions_are_added_to_those_for_all() -> None:
    merged = _merged(
        {"waf": {"exclusions": [{"rule": 942100}], "paranoia": 1}},
        {"waf": {"exclusions": [{"rule": "attack-xss", "target": "ARGS:text"}], "paranoia": 2}},
    )
    assert [exclusion.rule for exclusion in merged.waf.exclusions] == ["942100", "attack-xss"]
    assert merged.waf.paranoia == 2


_ASKING = {"policy": "session.aal >= 2", "reauth": [{"max_age": "5m"}], "session": {"idle": "10m", "lifetime": "1h"}}


def test_a_route_s_policy_replaces_the_default_s_and_keeps_its_rules() -> None:
    access = _merged({"access": _ASKING}, {"access": {"policy": "risk < 40"}}).access
    assert (access.policy, access.public, len(access.reauth)) == ("risk < 40", False, 1)


def test_a_public_route_drops_what_the_default_asks() -> None:
    access = _merged({"access": _ASKING}, {"access": {"public": True}}).access
    assert (access.policy, access.public, access.reauth) == (None, True, [])


def test_a_policy_makes_a_route_private_although_the_default_is_public() -> None:
    access = _merged({"access": {"public": True}}, {"access": {"policy": "risk < 40"}}).access
    assert (access.policy, access.public) == ("risk < 40", False)


def test_a_route_that_only_stops_being_public_lets_nobody_pass() -> None:
    access = _merged({"access": {"public": True}}, {"access": {"public": False}}).access
    assert (access.policy, access.public) == (None, False)


def test_limits_of_sessions_are_changed_one_by_one() -> None:
    access = _merged({"access": _ASKING}, {"access": {"session": {"idle": "5m"}}}).access
    assert (access.session.idle, access.session.lifetime) == (300, 3600)


@pytest.mark.parametrize(
    ("rules", "limits"),
    [
        ({}, (900, 7200)),
        ({"preset": "aal2"}, (3600, 86_400)),
        ({"preset": "aal3"}, (900, 43_200)),
        ({"preset": "aal2", "idle": "5m"}, (300, 86_400)),
        ({"lifetime": "1h"}, (900, 3600)),
    ],
)
def test_sessions_have_the_limits_of_their_preset_where_none_are_set(
    rules: dict[str, Any], limits: tuple[float, float]
) -> None:
    assert session_limits(SessionRules.model_validate(rules)) == limits
