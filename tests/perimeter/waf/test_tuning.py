from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from tests.perimeter.waf.matches import SQLI, exchange

from bartizan.evidence.journal import Record
from bartizan.perimeter.waf import tuning
from bartizan.perimeter.waf.tuning import Candidate, Survey


def survey(*exchanges: Iterable[Record], route: str | None = None) -> Survey:
    made = Survey(route)
    for records in exchanges:
        for record in records:
            made.add(record)
    return made


def test_matches_are_counted_by_rule_parameter_and_route() -> None:
    made = survey(
        exchange(1, "192.0.2.1", SQLI, refused_by="waf"),
        exchange(2, "192.0.2.2", SQLI),
        exchange(3, "192.0.2.2", SQLI),
        exchange(4, "192.0.2.3"),
        exchange(5, "192.0.2.3", replace(SQLI, var="ARGS:other")),
    )
    found = made.candidates()
    assert [(each.rule, each.variable, each.count, each.clean) for each in found] == [
        (942100, "ARGS:q", 3, 2),
        (942100, "ARGS:other", 1, 1),
    ]
    assert found[0] == Candidate(
        942100, "SQL Injection", SQLI.tags, "orders", "ARGS:q", ("ARGS:q",), ("/search",), 3, 1, 2, 2, 1_764_000_000.0,
        (SQLI.data,), "",
    )  # fmt: skip
    assert (made.exchanges, made.matched, made.addresses) == (5, 4, (3, 3))
    assert [each.variable for each in made.candidates(2)] == ["ARGS:q"]


def test_an_address_that_others_refused_is_not_clean() -> None:
    made = survey(
        exchange(1, "192.0.2.1", SQLI),
        exchange(2, "192.0.2.1", refused_by="ratelimit"),
        exchange(3, "192.0.2.2", status=400),
        exchange(4, "192.0.2.2", SQLI),
        exchange(5, "192.0.2.3", SQLI, refused_by="waf"),
        exchange(6, "192.0.2.3", status=404),
    )
    assert [(each.clean, each.addresses) for each in made.candidates()] == [(1, 3)]


def test_an_address_that_tries_many_things_is_not_clean() -> None:
    rules = [exchange(number, "192.0.2.1", replace(SQLI, id=942100 + number * 10)) for number in range(4)]
    kinds = [exchange(9, "192.0.2.2", replace(SQLI, id=number, tags=(f"attack-{number}",))) for number in range(3)]
    scans = [exchange(10, "192.0.2.3", replace(SQLI, id=913100, tags=("attack-reputation-scanner",)))]
    honest = [exchange(11, "192.0.2.4", replace(SQLI, id=942100 + number * 10)) for number in range(3)]
    made = survey(*rules, *kinds, *scans, *honest)
    assert made.addresses == (4, 1)


def test_ipv6_addresses_count_by_their_network() -> None:
    made = survey(*(exchange(number, f"2001:db8::{number:x}", SQLI) for number in range(1, 9)))
    assert made.candidates()[0].clean == 1


def test_only_clean_addresses_say_where_an_exclusion_has_to_be() -> None:
    made = survey(
        exchange(1, "192.0.2.1", SQLI),
        exchange(2, "192.0.2.2", SQLI),
        exchange(3, "192.0.2.9", SQLI, path="/admin"),
        exchange(4, "192.0.2.9", refused_by="denylist"),
    )
    assert made.candidates()[0].paths == ("/search",)


def test_names_that_differ_in_numbers_are_one_parameter() -> None:
    names = ["ARGS:json.0.text", "ARGS:json.17.text"]
    made = survey(*(exchange(at, f"192.0.2.{at}", replace(SQLI, var=name)) for at, name in enumerate(names)))
    (found,) = made.candidates()
    assert (found.variable, found.variables) == ("ARGS:json.#.text", tuple(names))


@pytest.mark.parametrize("data", ["x' UNION  SELECT password", "<script>alert(1)</script>", "../../../../etc/passwd"])
def test_evidence_of_attacks_is_told_and_comes_last(data: str) -> None:
    attack = replace(SQLI, var="ARGS:a", data=f"Matched Data: x found within ARGS:a: {data}")
    made = survey(
        *(exchange(number, f"192.0.2.{number}", attack) for number in range(5)),
        exchange(9, "192.0.2.9", SQLI),
    )
    first, second = made.candidates()
    assert (first.variable, first.suspicion) == ("ARGS:q", "")
    assert second.suspicion.endswith("in 1 of 1 samples")


def test_company_of_attackers_is_suspicious() -> None:
    attackers = [
        records
        for number in range(5)
        for records in (exchange(1, f"192.0.2.{number}", SQLI), exchange(2, f"192.0.2.{number}", refused_by="denylist"))
    ]
    (found,) = survey(exchange(3, "198.51.100.1", SQLI), *attackers).candidates()
    assert found.suspicion == "5 of 6 addresses that met it did other things that attackers do"


def test_one_route_can_be_looked_at_with_what_addresses_did_elsewhere() -> None:
    elsewhere = [exchange(1, "192.0.2.1", replace(SQLI, id=number), route="b") for number in range(1, 5)]
    made = survey(
        exchange(0, "192.0.2.1", SQLI, route="a"), exchange(9, "192.0.2.2", SQLI, route="a"), *elsewhere, route="a"
    )
    (found,) = made.candidates()
    assert (found.route, found.clean, found.addresses) == ("a", 1, 2)


def test_findings_without_their_exchange_are_passed_over() -> None:
    records = [*exchange(1, "192.0.2.1", SQLI)]
    assert survey(records[1:]).matched == 0


def test_memory_is_bounded_whatever_names_clients_send(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "MAX_GROUPS", 10)
    monkeypatch.setattr(tuning, "MAX_ADDRESSES", 20)
    honest = [exchange(number, f"192.0.2.{number}", SQLI) for number in range(5)]
    junk = [
        exchange(number, f"198.51.100.{number}", replace(SQLI, var=f"ARGS:{chr(97 + number)}")) for number in range(26)
    ]
    made = survey(*honest, *junk)
    assert made.overflow
    assert made.candidates()[0].clean == 5
    assert len(made.candidates()) <= 10


def test_a_group_with_many_paths_has_none() -> None:
    made = survey(*(exchange(number, "192.0.2.1", SQLI, path=f"/p/{number}") for number in range(40)))
    assert made.candidates()[0].paths is None
