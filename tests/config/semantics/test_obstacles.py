"""Rungs that are never reached."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bartizan.config.model import Config
from bartizan.config.semantics.obstacles import RUNGS, obstacle_findings
from bartizan.config.validation import parts_of


def findings(default: dict[str, Any], route: dict[str, Any] | None = None) -> list[tuple[str, str]]:
    routes = [] if route is None else [{"name": "all", "upstream": "api", "guards": {"obstacles": route}}]
    config = {
        "listeners": [{"name": "main", "address": "127.0.0.1:0"}],
        "upstreams": [{"name": "api", "nodes": [{"address": "127.0.0.1:1"}]}],
        "routes": routes,
        "guards": {"obstacles": default},
    }
    found = obstacle_findings(parts_of(Config.model_validate(config)))
    return [(".".join(map(str, finding.path)), finding.message) for finding in found]


@pytest.mark.parametrize(
    "rungs",
    [
        {}, {"step_up": 40}, {"divert": 40, "deny": 40}, {"throttle": 10, "step_up": 30, "quarantine_device": 90},
        {"step_up": 10, "challenge": 30, "throttle": 50},
    ],
)  # fmt: skip
def test_rungs_that_are_all_reached_are_fine(rungs: dict[str, int]) -> None:
    assert findings({name: {"at": at} for name, at in rungs.items()}) == []


def test_a_rung_behind_one_that_lets_nobody_by_is_never_reached() -> None:
    assert findings({"throttle": {"at": 60}, "step_up": {"at": 65}, "divert": {"at": 59}, "deny": {"at": 70}}) == [
        ("guards.obstacles.throttle.at", "is never reached: `divert` is in the way from risk 59 on"),
        ("guards.obstacles.step_up.at", "is never reached: `divert` is in the way from risk 59 on"),
    ]


def test_what_a_route_changes_has_to_fit_what_it_keeps() -> None:
    default = {"throttle": {"at": 20}, "deny": {"at": 80}}
    path = "routes.0.guards.obstacles"
    assert findings(default, {"challenge": {"at": 10}}) == []
    assert findings(default, {"divert": {"at": 90}}) == [
        (f"{path}.divert.at", "is never reached: `deny` is in the way from risk 80 on")
    ]
    assert findings(default, {"divert": {"at": 10}}) == [
        (f"{path}.divert.at", "is below `throttle` of the default, which is never reached then")
    ]
    assert findings(default, {"divert": {"at": 90}, "deny": {}}) == []


def test_a_default_that_is_wrong_is_told_once() -> None:
    assert len(findings({"divert": {"at": 60}, "deny": {"at": 50}}, {"throttle": {"at": 20}})) == 1


def test_the_documented_ladder_is_one() -> None:
    page = Path(__file__).parent.parent.parent.parent / "docs" / "obstacles.md"
    written = yaml.safe_load(page.read_text().partition("```yaml\n")[2].partition("```")[0])
    (route,) = written["routes"]
    assert list(written["guards"]["obstacles"]) == list(RUNGS)
    assert findings(written["guards"]["obstacles"], route["guards"]["obstacles"]) == []
