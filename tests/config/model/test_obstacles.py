"""The rungs of a configuration."""

from __future__ import annotations

from bartizan.config.model import Obstacles


def test_rungs_are_those_with_a_risk_from_the_mildest_to_the_gravest() -> None:
    settings = Obstacles.model_validate({"deny": {"at": 90}, "throttle": {"at": 20}, "divert": {}})
    assert list(settings.rungs) == ["throttle", "deny"]
    assert settings.rungs["deny"].at == 90
    assert settings.model_copy(update={"enabled": False}).rungs == {}
