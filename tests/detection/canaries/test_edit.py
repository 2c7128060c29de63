"""Whatever JSON comes: taking the canary out gives the original back, and all other bytes are as they were."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.detection.canaries.test_clone import VALUES
from tests.detection.edits.test_scan import STYLES, written

from bartizan.config.model.deception import CanaryField, CanaryItem
from bartizan.detection.canaries.edit import FieldCanary, ItemCanary, Spot, insert

KEY = b"k" * 32
ORDERS = ItemCanary(KEY, CanaryItem(path="/orders", detail="/orders/{id}"))
NESTED = ItemCanary(KEY, CanaryItem(path="/orders", items="$.data.items", detail="/orders/{id}"))
DEBUG = FieldCanary(KEY, CanaryField(path="/orders/{id}"))
IDS = st.one_of(
    st.lists(st.integers(0, 10**6), min_size=2, max_size=5, unique=True),
    st.lists(st.uuids().map(str), min_size=2, max_size=5, unique=True),
)

ITEMS = st.lists(st.dictionaries(st.sampled_from("abc"), VALUES), min_size=5, max_size=5)


def planted(canary: ItemCanary | FieldCanary, body: bytes, recipient: str = "session:s1") -> tuple[Spot, bytes] | None:
    spot = canary.spot(body, recipient)
    return None if spot is None else (spot, insert(body, spot, spot.text))


def the_rest(body: bytes, spot: Spot) -> bytes:
    return body[: spot.at] + body[spot.at + len(spot.gap) + len(spot.text) :]


@settings(max_examples=120, deadline=None)
@given(
    IDS, st.lists(st.dictionaries(st.sampled_from("abc"), VALUES), min_size=5, max_size=5), STYLES, st.text(max_size=5)
)
def test_an_item_is_one_more_and_the_others_are_as_they_were(
    ids: list[int | str], items: list[dict[str, Any]], style: dict[str, Any], recipient: str
) -> None:
    value = [{"id": number, **item} for number, item in zip(ids, items, strict=False)]
    body = written(value, style)
    done = planted(ORDERS, body, recipient)
    if done is None:  # some are nested too deeply to be made up
        return
    spot, new = done
    assert the_rest(new, spot) == body
    found = json.loads(new)
    canary = next(item for item in found if item["id"] == spot.id)
    found.remove(canary)
    assert found == value
    assert ORDERS.ids.planted(spot.id)
    assert planted(ORDERS, body, recipient) == done


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=4), STYLES)
def test_a_field_is_one_more_and_the_others_are_as_they_were(value: dict[str, Any], style: dict[str, Any]) -> None:
    body = written(value, style)
    done = planted(DEBUG, body)
    if not value:
        assert done is None
    if done is None:
        return
    spot, new = done
    assert the_rest(new, spot) == body
    found = json.loads(new)
    url = found.pop("debug_url")
    assert found == value
    assert DEBUG.detail.value(url) == spot.id
    assert DEBUG.ids.planted(spot.id)
    assert len(url) == len("/internal/debug/") + 32


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.text('[]{}",:0123 \\nid', max_size=60).map(str.encode),
        VALUES.map(lambda value: json.dumps(value).encode()),
    )
)
def test_whatever_comes_it_is_left_alone_or_has_one_more(body: bytes) -> None:
    for canary in (ORDERS, NESTED, DEBUG):
        done = planted(canary, body)
        if done is not None:
            assert the_rest(done[1], done[0]) == body
            json.loads(done[1])


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'[{"id":1}]',
        b'[{"id":1},{"id":2}',
        b'[{"id":1},{"id":2}]]',
        b'[{"id":1},{"name":2}]',
        b'[{"id":1},{"id":"2"}]',
        b'[{"id":true},{"id":false}]',
        b'[{"id":1},[2]]',
        b'[{"id":1,"id":2},{"id":3,"id":4}]',
        b'{"items":[{"id":1},{"id":2}]}',
        b"\xff",
        b"",
    ],
)
def test_where_it_would_be_seen_there_is_none(body: bytes) -> None:
    assert ORDERS.spot(body, "session:s1") is None


def test_a_list_deep_in_an_object_is_found() -> None:
    done = planted(NESTED, b'{"meta": {"total": 2}, "data": {"items": [{"id": 1}, {"id": 2}]}}')
    assert done is not None
    assert len(json.loads(done[1])["data"]["items"]) == 3


def test_where_it_stands_differs_by_recipient_and_stays_for_the_same() -> None:
    body = json.dumps([{"id": number} for number in range(1, 21)]).encode()
    places = {ORDERS.spot(body, f"session:{number}").at for number in range(40)}  # type: ignore[union-attr]
    assert len(places) > 10
    assert ORDERS.spot(body, "session:1") == ORDERS.spot(body, "session:1")


def test_a_field_that_is_there_already_is_left_alone() -> None:
    assert DEBUG.spot(b'{"debug_url": null}', "session:s1") is None
