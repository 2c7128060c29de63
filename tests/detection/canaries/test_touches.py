"""Ids are found where a request can name an object."""

from __future__ import annotations

import pytest
from tests.support.exchange import make_exchange

from bartizan.config.model.deception import CanaryField, CanaryItem
from bartizan.detection.canaries.edit import FieldCanary, ItemCanary
from bartizan.detection.canaries.touches import Canaries, ids_in_body, ids_in_query

KEY = b"k" * 32
ORDERS = ItemCanary(KEY, CanaryItem(path="/orders", id="number", detail="/orders/{order}"))
TENANTS = ItemCanary(KEY, CanaryItem(path="/{tenant}/users", detail="/{tenant}/users/{id}"))
DEBUG = FieldCanary(KEY, CanaryField(path="/orders/{id}"))


def test_canaries_are_found_by_the_paths_that_they_are_given_and_touched_at() -> None:
    canaries = Canaries((ORDERS, TENANTS, DEBUG))
    assert canaries.given("/orders") == (ORDERS,)
    assert canaries.given("/orders/17") == (DEBUG,)
    assert canaries.given("/acme/users") == (TENANTS,)
    assert canaries.given("/acme") == canaries.given("/") == ()
    assert canaries.near("/internal/debug/a") == (DEBUG, TENANTS)
    assert canaries.near("/acme/users/1") == (TENANTS,)
    assert Canaries((ORDERS,)).near("/other") == ()


@pytest.mark.parametrize(
    ("query", "found"),
    [(b"number=17&x=1", ["17"]), (b"order=a%20b", ["a b"]), (b"id=17", []), (None, []), (b"number=" + b"1" * 9000, [])],
)
def test_a_query_names_them(query: bytes | None, found: list[str]) -> None:
    assert ids_in_query(ORDERS, make_exchange(query=query).request) == found


@pytest.mark.parametrize(
    ("method", "body", "found"),
    [
        ("POST", b'{"number": 17}', [17]),
        ("DELETE", b'{"order": ["a", 2, null, true]}', ["a", 2]),
        ("GET", b'{"number": 17}', []),
        ("POST", b"[17]", []),
        ("POST", b"{", []),
    ],
)
def test_json_names_them(method: str, body: bytes, found: list[int | str]) -> None:
    assert ids_in_body(ORDERS, make_exchange(method).request, body) == found


def test_fields_are_named_by_paths_alone() -> None:
    assert ids_in_query(DEBUG, make_exchange(query=b"token=a").request) == []
    assert ids_in_body(DEBUG, make_exchange("POST").request, b'{"token": "a"}') == []


def test_a_route_has_the_canaries_that_it_can_meet() -> None:
    canaries = Canaries((ORDERS, DEBUG))
    some = canaries.of(["/orders", "/users/*"])
    assert some is not None
    assert some.given("/orders") == (ORDERS,)
    assert some.given("/orders/17") == ()
    assert canaries.of(["/users/*"]) is None
