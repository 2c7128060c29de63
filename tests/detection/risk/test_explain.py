from __future__ import annotations

import pytest
from tests.support.risk import ADDRESS, NOW, PEOPLE, PLACES, canary, decoy, engine, rate_limit, waf


def test_an_explanation_tells_what_how_often_when_and_how_sure() -> None:
    made = engine(*(waf(NOW + number) for number in range(20)), decoy(NOW + 30), rate_limit(NOW + 31))
    explained = made.explain(ADDRESS, NOW + 60)
    by_name = {part.signal: part for part in explained.contributions}
    assert [part.signal for part in explained.contributions][-1] == "rate_limit.exceeded"
    match = by_name["waf.match"]
    assert (match.count, match.first, match.last) == (20, NOW, NOW + 19)
    assert (match.detector, match.kind, match.severity, match.confidence) == ("waf", "attack", 80, 0.9)
    assert match.via is None
    assert by_name["decoy.touched"].count == 1


def test_the_sum_of_all_points_is_the_score() -> None:
    made = engine(decoy(NOW), *[waf(NOW + 5)] * 9, canary(NOW + 9))
    made.seen((*PLACES, "session:s2", "principal:alice"), NOW + 9)
    for key in (*PLACES, *PEOPLE, "session:s2"):
        explained = made.explain(key, NOW + 60)
        chain = 0.0 if explained.chain is None else explained.chain.points
        assert chain + sum(part.points for part in explained.contributions) == pytest.approx(explained.score)
        assert explained.score == pytest.approx(made.score(key, NOW + 60))


def test_what_several_did_at_one_address_is_told_together() -> None:
    made = engine(*(waf(NOW + number, (ADDRESS, f"session:{number}")) for number in range(5)))
    (part,) = made.explain(ADDRESS, NOW + 60).contributions
    assert (part.count, part.last) == (5, NOW + 4)


def test_what_came_over_a_link_says_from_whom() -> None:
    made = engine(canary(NOW, ("session:s1",)))
    made.seen(("session:s1", "principal:alice"), NOW)
    (part,) = made.explain("principal:alice", NOW).contributions
    assert (part.signal, part.via, part.damping, part.count) == ("canary.touched", "session:s1", 0.6, 1)


def test_an_explanation_names_a_pardon() -> None:
    made = engine(decoy())
    assert made.explain(ADDRESS, NOW).pardoned is None
    made.pardon(ADDRESS, NOW + 1)
    explained = made.explain(ADDRESS, NOW + 2)
    assert (explained.score, explained.contributions, explained.pardoned) == (0, (), NOW + 1)
