from __future__ import annotations

import pytest
from tests.support.risk import ADDRESS, PEOPLE, PLACES

from bartizan.detection.risk.links import company_of, damping, part_of, party_of, source_of


@pytest.mark.parametrize(
    ("key", "part"),
    [(ADDRESS, 1), ("session:s", 1), ("principal:a", 0.9), ("network:n", 0), ("ja4:j", 0), ("asn:64496", 0)],
)
def test_a_signal_counts_for_whom_it_names_but_not_for_what_is_wide(key: str, part: float) -> None:
    assert part_of(key) == part


def test_what_is_wide_knows_addresses_before_people() -> None:
    assert source_of((*PLACES, *PEOPLE)) == (ADDRESS, *PEOPLE)
    assert source_of(PLACES) == (ADDRESS,)
    assert source_of(("network:n", "session:s")) == ("session:s",)


def test_people_and_what_is_theirs_are_closer_than_an_address() -> None:
    assert damping("session:s", "principal:a") == damping("principal:a", "device:d") == 0.6
    assert damping("session:s", ADDRESS) == damping(ADDRESS, "session:s") == 0.3
    assert damping(ADDRESS, "principal:a") < damping(ADDRESS, "session:s")
    assert damping("network:n", ADDRESS) == damping("session:s", "ja4:j") == 0


def test_who_acted_are_people_before_places() -> None:
    assert party_of((*PLACES, *PEOPLE)) == PEOPLE
    assert party_of(PLACES) == (ADDRESS,)
    assert party_of(("ja4:j",)) == ("ja4:j",)


def test_company_knows_whom_to_link_and_who_it_is() -> None:
    found = company_of((*PLACES, *PEOPLE))
    assert set(found.linked) == {ADDRESS, *PEOPLE}
    assert [witness for key, witness in found.met if key == ADDRESS] == ["principal:alice"]
    assert [witness for key, witness in found.met if key == PLACES[2]] == ["principal:alice", PLACES[1]]


def test_nobody_is_known_by_a_credential_that_may_be_made_up() -> None:
    both = (ADDRESS, "credential:k")
    assert company_of(both) == (both, both, ())


def test_networks_are_witnesses_for_what_has_no_people() -> None:
    assert company_of(PLACES) == ((PLACES[2],), (), ((PLACES[2], PLACES[1]),))
