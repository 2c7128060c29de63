"""A made-up object looks like those beside it, down to its white space."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.detection.edits.test_scan import FLOATS, STYLES

from bartizan.detection.canaries.clone import clone
from bartizan.detection.edits.scan import items_at
from bartizan.detection.fakes.keyed import Keyed

ORDERS: list[dict[str, Any]] = [
    {
        "id": number,
        "href": f"/orders/{number}",
        "status": "paid" if number % 2 else "open",
        "total": number + 0.25,
        "email": f"{name}@example.com",
        "name": f"{name.title()} Berg",
        "created": f"2026-03-0{number % 9 + 1}T10:11:12.345Z",
        "token": f"{number:032x}",
        "paid": True,
        "note": None,
        "lines": [{"sku": f"A-{number}", "count": number}, {"sku": f"B-{number}", "count": 2}],
        "customer": {"uid": f"00000000-0000-4000-8000-{number:012d}"},
    }
    for number, name in ((17, "anna"), (18, "bertil"), (19, "cecilia"), (20, "dora"))
]


def cloned(items: list[dict[str, Any]], style: dict[str, Any], *, new: object = 4711, seed: str = "") -> bytes:
    text = json.dumps(items, **style).encode()
    span = items_at(text, ())[0]
    return clone(text, span, items, ("id", items[0]["id"], new), Keyed(b"k" * 32, seed))


def shape(value: object) -> object:
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    return [shape(each) for each in value] if isinstance(value, list) else type(value).__name__


@settings(max_examples=20, deadline=None)
@given(STYLES, st.text(max_size=3))
def test_it_has_their_shape_and_values_of_their_kind(style: dict[str, Any], seed: str) -> None:
    made = json.loads(cloned(ORDERS, style, seed=seed))
    assert list(made) == list(ORDERS[0])
    assert shape(made) == shape(ORDERS[0])
    assert (made["id"], made["href"]) == (4711, "/orders/4711")
    assert made["status"] in ("paid", "open")
    assert 17.25 <= made["total"] <= 20.25
    assert re.fullmatch(r"[a-z.]+\d*@example\.com", made["email"])
    assert re.fullmatch(r"\S+( \S+)+", made["name"])
    assert re.fullmatch(r"2026-03-0\dT10:[0-5]\d:[0-5]\d\.\d{3}Z", made["created"])
    assert re.fullmatch(r"[0-9a-f]{32}", made["token"])
    assert re.fullmatch(r"[AB]-\d\d", made["lines"][0]["sku"])
    assert re.fullmatch(r"[0-9a-f-]{36}", made["customer"]["uid"])
    assert made != ORDERS[0]


def test_its_white_space_is_theirs() -> None:
    style: dict[str, Any] = {"indent": 3, "separators": (" ,", " : ")}
    made = cloned(ORDERS, style).decode()
    assert json.dumps([json.loads(made)], **style) == f"[\n   {made}\n]"


def test_strings_are_escaped_as_theirs() -> None:
    items = [{"id": "a/1", "name": "ü ö"}, {"id": "a/2", "name": "ä å"}, {"id": "a/3", "name": "é è"}]
    assert b"\\u00" in cloned(items, {}, new="a/4")
    text = json.dumps(items, ensure_ascii=False).replace("/", "\\/").encode()
    made = clone(text, items_at(text, ())[0], items, ("id", "a/1", "a/4"), Keyed(b"k" * 32))
    assert b'"a\\/4"' in made
    assert b"\\u" not in made


@pytest.mark.parametrize("value", [1e300, -0.5, 12345678901234567890, "", "é", [], {}, [[1, [2]]]])
def test_any_value_can_be_beside_it(value: object) -> None:
    items = [{"id": number, "value": value} for number in range(3)]
    assert shape(json.loads(cloned(items, {}))) == shape(items[0])


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(2**60), 2**60), FLOATS, st.text("aé1-/@. T:Z", max_size=20))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=120, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from("abc"), VALUES), min_size=2, max_size=4), STYLES)
def test_whatever_they_are_it_is_json_with_their_names(items: list[dict[str, Any]], style: dict[str, Any]) -> None:
    for number, item in enumerate(items):
        item["id"] = number
    try:
        made = json.loads(cloned(items, style))
    except ValueError as error:
        assert "deeply" in str(error)  # noqa: PT017 - it may be made, or refused for this
        return
    assert list(made) == list(items[0])
    assert made["id"] == 4711


@pytest.mark.parametrize("kind", ["object", "list"])
def test_what_is_nested_too_deeply_is_refused(kind: str) -> None:
    inner: object = 1
    for _ in range(300):
        inner = {"a": inner} if kind == "object" else [inner]
    with pytest.raises(ValueError, match="deeply"):
        cloned([{"id": 1, "a": inner}], {})
