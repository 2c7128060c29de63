"""What has to be known of obstacles that cannot do what they are for."""

from __future__ import annotations

from typing import Any

from bartizan.config.model import Config
from bartizan.detection.obstacles.check import notices


def told(obstacles: dict[str, Any], route: dict[str, Any] | None = None, **more: Any) -> list[str]:
    config = {
        "listeners": [{"name": "main", "address": "127.0.0.1:0"}],
        "upstreams": [{"name": "api", "nodes": [{"address": "127.0.0.1:1"}]}],
        "routes": [{"name": "all", "upstream": "api", "guards": {"obstacles": route or {}}}],
        "guards": {"obstacles": obstacles},
        **more,
    }
    return notices(Config.model_validate(config))


ACCESS = {"enabled": True, "origin": "https://api.test"}


def test_without_obstacles_there_is_nothing_to_say() -> None:
    assert told({}) == told({"enabled": False, "deny": {"at": 80}}) == []


def test_without_a_sentry_nobody_has_a_risk() -> None:
    (notice,) = told({"deny": {"at": 80}})
    assert notice.startswith("guards.obstacles: nobody has a risk while the sentry is off")
    assert told({"deny": {"at": 80}}, sentry={"enabled": True}) == []
    (notice,) = told({}, {"deny": {"at": 80}})
    assert notice.startswith("routes[0].guards.obstacles: ")


def test_to_divert_takes_a_decoy_and_what_is_about_sessions_takes_sessions() -> None:
    rungs = {"step_up": {"at": 30}, "divert": {"at": 60}, "revoke_session": {"at": 80}}
    assert [notice.partition(":")[0] for notice in told(rungs, sentry={"enabled": True})] == [
        "guards.obstacles.divert",
        "guards.obstacles.step_up",
        "guards.obstacles.revoke_session",
    ]
    able = {"sentry": {"enabled": True}, "access": ACCESS, "deception": {"enabled": True, "divert": {"enabled": True}}}
    assert told(rungs, **able) == []


def test_a_sentry_without_a_journal_and_a_decoy_that_learns_nothing_are_told() -> None:
    (notice,) = told({}, sentry={"enabled": True}, storage={"journal": {"enabled": False}})
    assert notice.startswith("sentry: finds nothing")
    (notice,) = told({}, deception={"divert": {"enabled": True}})
    assert notice.startswith("deception.divert: whoever is diverted gets little but 404")
    assert told({}, deception={"divert": {"enabled": True, "openapi": {"api": "api.json"}}}) == []
