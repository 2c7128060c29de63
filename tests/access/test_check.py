"""What is known of a configuration because its policies are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bartizan.access.check import notices, policy_findings
from bartizan.config.load import load
from bartizan.config.model import Config
from bartizan.config.validation import parts_of
from bartizan.errors import ConfigError

TLS = {"certificates": [{"certificate": "server.pem", "key": "server.key"}]}


def config(**fields: Any) -> Config:
    return Config.model_validate(
        {
            "listeners": [{"address": "127.0.0.1:1", "tls": TLS}],
            "upstreams": [{"name": "api", "nodes": [{"address": "127.0.0.1:2"}]}],
            "access": {"enabled": True, "origin": "https://api.example.org"},
            **fields,
        }
    )


def route(**access: Any) -> dict[str, Any]:
    return {"name": "api", "upstream": "api", "guards": {"access": access}}


def test_every_policy_and_condition_is_compiled() -> None:
    wrong = config(
        guards={"access": {"policy": "risk <", "reauth": [{"max_age": "5m", "when": "risk"}]}},
        routes=[route(policy="risk < 40\n&& sesion.aal > 1"), route(policy="risk < 40")],
    )
    found = [(each.path, each.message, each.value) for each in policy_findings(parts_of(wrong))]
    assert found == [
        (("guards", "access", "policy"), "ends where a value is expected, at column 7 of the policy", "'risk <'"),
        (
            ("guards", "access", "reauth", 0, "when"),
            "is a value of type int, neither true nor false, at column 1 of the policy",
            "'risk'",
        ),
        (
            ("routes", 0, "guards", "access", "policy"),
            "there is no attribute `sesion.aal`, at line 2, column 4 of the policy",
            "'&& sesion.aal > 1'",
        ),
    ]


def test_a_file_with_a_wrong_policy_is_not_loaded(tmp_path: Path) -> None:
    file = tmp_path / "bartizan.yaml"
    file.write_text(
        "listeners: [{address: '127.0.0.1:1'}]\naccess: {enabled: true, origin: https://localhost}\n"
        "guards: {access: {policy: risk < 40.5}}\n"
    )
    assert load(file, {}).config.access.enabled
    with pytest.raises(ConfigError) as caught:
        load(file, {}, (policy_findings,))
    (problem,) = caught.value.problems
    assert (problem.line, problem.column, problem.field) == (3, 27, "guards.access.policy")


def test_nothing_has_to_be_known_where_access_is_not_enabled() -> None:
    assert notices(config(access={}, routes=[route()])) == []
    assert notices(config(routes=[route(policy="risk < 40"), route(public=True)])) == []


def test_routes_that_refuse_everybody_are_told() -> None:
    (notice,) = notices(config(routes=[route(public=True), route()]))
    assert notice.startswith("routes[1] (api): refuses everybody")
    assert notices(config(routes=[route()], guards={"access": {"policy": "risk < 40"}})) == []


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"when": "request.body.amount > 5"}, True),
        ({"when": "request.body.amount > 5", "methods": ["GET", "POST"]}, True),
        ({"when": "request.body.amount > 5", "methods": ["POST"]}, False),
        ({"when": "risk > 5"}, False),
        ({}, False),
    ],
)
def test_rules_that_ask_for_the_body_of_requests_that_have_none_are_told(rule: dict[str, Any], told: bool) -> None:
    found = notices(config(routes=[route(policy="risk < 40", reauth=[{"max_age": "5m", **rule}])]))
    assert [each.partition(":")[0] for each in found] == ["routes[0].guards.access.reauth[0].when"] * told


def test_an_origin_that_nothing_serves_is_told() -> None:
    plain: dict[str, Any] = {"listeners": [{"address": "127.0.0.1:1"}]}
    (notice,) = notices(config(**plain))
    assert notice.startswith("access.origin: ")
    assert notices(config(**plain, trusted_proxies=["10.0.0.0/8"])) == []


def test_departures_from_the_standard_are_told() -> None:
    access = {"enabled": True, "origin": "https://api.example.org", "password_policy": "strict-rotation"}
    found = notices(config(access=access))
    assert found
    assert all("departs from SP 800-63B-4 section " in notice for notice in found)
    groups = {"enabled": True, "origin": "https://api.example.org"}
    groups["groups"] = [{"name": "old", "password_policy": "strict-rotation"}]  # type: ignore[assignment]
    assert len(notices(config(access=groups))) == len(found)
