from __future__ import annotations

import pytest
from tests.support.risk import ADDRESS, NOW

from bartizan.config.model import HalfLives, Sentry
from bartizan.detection.risk import Chain, Contribution, Explanation, RiskSettings


def contribution(points: float, **changes: object) -> Contribution:
    given: dict[str, object] = {"signal": "waf.match", "count": 1, "via": None, **changes}
    return Contribution(detector="waf", kind="attack", first=NOW, last=NOW, severity=80, confidence=1.0,
                        weight=points / 100, points=points, **given)  # type: ignore[arg-type]  # fmt: skip


def test_settings_are_those_of_the_configuration() -> None:
    assert RiskSettings.of(Sentry()) == RiskSettings()
    changed = RiskSettings.of(Sentry(half_lives=HalfLives(volume=60.0), actors=5000, shared_from=9))
    assert (changed.half_lives["volume"], changed.actors, changed.shared_from) == (60.0, 5000, 9)


def test_what_contributed_most_comes_first_and_what_is_no_point_is_left_out() -> None:
    parts = (
        contribution(40, signal="decoy.touched", count=3),
        contribution(20, via="session:s1"),
        contribution(0.2, signal="rate_limit.exceeded"),
    )
    chain = Chain((("reconnaissance", NOW), ("access", NOW)), 1.1, 5.0)
    explained = Explanation(ADDRESS, 65.2, parts, chain)
    assert explained.brief() == "decoy.touched 3 times; waf.match via session:s1; reconnaissance, then access"


@pytest.mark.parametrize("limit", [10, 50, 200])
def test_the_brief_is_bounded(limit: int) -> None:
    parts = tuple(contribution(5, signal=f"signal.{number}") for number in range(50))
    brief = Explanation(ADDRESS, 90, parts).brief(limit)
    assert len(brief) == limit
    assert brief.endswith("…")
