from __future__ import annotations

from math import exp

import pytest
from tests.support.risk import ADDRESS, NOW, waf

from bartizan.detection.risk import RiskSettings
from bartizan.detection.risk.memory import Known
from bartizan.detection.risk.scoring import Scoring
from bartizan.detection.risk.strand import damped, mark

HALF_LIFE = 6 * 3600.0
DAY = 86400.0
PEOPLE = {f"principal:{number}": NOW for number in range(30)}


def known(weight: float, time: float = NOW, detector: str = "waf", **fields: dict[str, float]) -> Known:
    made = Known(**fields)
    made.strand((detector, "attack", ("x",))).add(mark(waf(time), weight, -1, HALF_LIFE), HALF_LIFE)
    return made


def scoring(**actors: Known) -> Scoring:
    return Scoring(RiskSettings(), {key.replace("_", ":", 1): each for key, each in actors.items()}.get)


def test_detectors_are_combined_as_independent_evidence() -> None:
    both = known(0.3)
    both.strand(("other", "attack", ("x",))).add(mark(waf(), 0.5, -1, HALF_LIFE), HALF_LIFE)
    found = scoring(address_a=both).sum("address:a", NOW)
    assert found is not None
    assert found.score == pytest.approx(100 * (1 - exp(-0.3) * exp(-0.5)))


def test_what_an_actor_is_given_counts_where_it_is_more_than_its_own() -> None:
    linked = {"session:s": NOW}
    found = scoring(address_a=known(0.1, links=linked), session_s=known(0.8)).sum("address:a", NOW)
    assert found is not None
    given = found.spread["waf", "attack", ""]
    assert given.more == pytest.approx(damped(0.8, 0.3) - 0.1)
    assert found.weight == pytest.approx(damped(0.8, 0.3))
    less = scoring(address_a=known(0.5, links=linked), session_s=known(0.8)).sum("address:a", NOW)
    assert less is not None
    assert (less.spread, less.weight) == ({}, pytest.approx(0.5))


def test_of_several_givers_the_one_with_most_counts() -> None:
    taker = Known(links={"session:s": NOW, "session:t": NOW, "session:unknown": NOW})
    found = scoring(principal_p=taker, session_s=known(0.4), session_t=known(0.8)).sum("principal:p", NOW)
    assert found is not None
    assert (found.spread["waf", "attack", ""].via, found.weight) == ("session:t", pytest.approx(damped(0.8, 0.6)))


def test_a_link_fades() -> None:
    taker = Known(links={"session:s": NOW - 7 * 86400})
    found = scoring(principal_p=taker, session_s=known(0.8)).sum("principal:p", NOW)
    assert found is not None
    assert found.weight == pytest.approx(damped(0.8, 0.3))


def test_a_shared_address_passes_on_little() -> None:
    shared = known(0.8, people=PEOPLE)
    taker = Known(links={"address:a": NOW})
    found = scoring(session_s=taker, address_a=shared).sum("session:s", NOW)
    assert found is not None
    assert found.weight == pytest.approx(damped(0.8, 0.3 / 37))


def test_evidence_from_later_than_now_is_whole() -> None:
    made = scoring(address_a=known(0.5, NOW + 60))
    for now in (NOW, NOW + 30, NOW + 60):
        found = made.sum("address:a", now)
        assert found is not None
        assert found.weight == pytest.approx(0.5)


def test_looking_back_after_looking_forward_gives_the_same() -> None:
    made = scoring(address_a=known(0.5))
    first, later, again = (made.sum("address:a", NOW + after) for after in (0, 7200, 0))
    assert first is not None
    assert later is not None
    assert again is not None
    assert first.score == again.score > later.score


def test_of_nobody_there_is_no_score() -> None:
    assert scoring().sum(ADDRESS, NOW) is None
    assert scoring(address_a=Known()).sum("address:a", NOW) is None


def test_people_who_were_not_seen_for_long_count_less_but_only_when_the_address_is_seen_again() -> None:
    shared = known(0.8, people=PEOPLE)
    shared.touched = NOW
    found = scoring(address_a=shared)
    first, later = found.sum("address:a", NOW), found.sum("address:a", NOW + 7 * DAY)
    shared.touched = NOW + 7 * DAY
    seen_again = found.sum("address:a", NOW + 7 * DAY)
    assert [each and each.shared and each.shared.people for each in (first, later, seen_again)] == [30, 30, 15]


def test_who_attacked_lately_is_no_clean_person() -> None:
    shared = known(0.8, people=PEOPLE)
    shared.touched = NOW
    found = scoring(address_a=shared, principal_7=known(0.5), principal_8=known(0.05))
    counted = [found.sum("address:a", NOW + after) for after in (0, DAY)]
    assert [each and each.shared and each.shared.people for each in counted] == [29, 30]


def test_what_is_wide_has_a_part_of_each_source() -> None:
    wide = Known()
    for source, weight in (("address:a", 0.8), ("address:b", 0.5)):
        strand = wide.strand(("waf", "attack", (source,)))
        strand.add(mark(waf(), weight, -1, HALF_LIFE), HALF_LIFE)
    found = scoring(network_n=wide).sum("network:n", NOW)
    assert found is not None
    assert found.weight == pytest.approx(damped(0.8, 0.3) + damped(0.5, 0.3))
