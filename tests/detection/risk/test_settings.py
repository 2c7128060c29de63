"""An engine goes on with other settings, and with all that it knows."""

from __future__ import annotations

import pytest
from tests.support.risk import ADDRESS, NOW, engine, feed, honeytoken, waf

from bartizan.detection.risk import Engine, RiskSettings


def test_half_lives_may_change() -> None:
    signals_ = [waf(NOW + number, severity=80 - number % 40) for number in range(20)]
    changed = RiskSettings({**RiskSettings().half_lives, "attack": 60.0})
    made, restarted, fresh = engine(*signals_), Engine(changed), Engine(changed)
    restarted.load(ADDRESS, made.dump(ADDRESS))
    feed(fresh, signals_)
    made.changed()
    made.configure(changed)
    assert ADDRESS in made.changed()
    for each in (made, restarted):
        assert each.score(ADDRESS, NOW + 80) == pytest.approx(fresh.score(ADDRESS, NOW + 80), abs=1)
        assert each.score(ADDRESS, NOW + 20 + 600) < 1


def test_fewer_actors_may_be_remembered_from_now_on() -> None:
    made = engine(honeytoken())
    for number in range(100):
        made.seen((f"session:{number}", f"principal:{number}"), NOW + number)
    made.configure(RiskSettings(actors=10))
    assert len(made) == 10
    assert made.score(ADDRESS, NOW) > 80
