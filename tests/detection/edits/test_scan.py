"""Places in JSON are found whatever it says and however it is written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.detection.edits.scan import Span, items_at, members_of, parse

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(2**60), 2**60), FLOATS, st.text(max_size=8))
NAMES = st.text(max_size=4)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=12,
)
STYLES: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {},
        {"indent": 2},
        {"separators": (",", ":")},
        {"indent": "\t", "separators": (" , ", " : ")},
        {"ensure_ascii": False},
    ]
)


def written(value: object, style: dict[str, Any]) -> bytes:
    return b" " + json.dumps(value, **style).encode("utf-8", "surrogatepass") + b"\r\n"


@settings(max_examples=150, deadline=None)
@given(st.lists(VALUES, max_size=5), st.dictionaries(st.text(max_size=4), VALUES, max_size=3), STYLES)
def test_items_are_where_they_are(items: list[object], around: dict[str, object], style: dict[str, Any]) -> None:
    text = written({**around, "data": {"items": items}, "z": 1}, style)
    try:
        parse(text)
    except ValueError:  # a surrogate alone, which no JSON text can hold
        return
    assert [json.loads(text[start:end]) for start, end in items_at(text, ["data", "items"])] == items


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=5), STYLES)
def test_members_are_where_they_are(members: dict[str, object], style: dict[str, Any]) -> None:
    text = written(members, style)
    try:
        parse(text)
    except ValueError:
        return
    found = members_of(text, Span(1, len(text) - 2))
    assert {json.loads(text[slice(*each.key)]): json.loads(text[slice(*each.value)]) for each in found} == members
    assert [each.name for each in found] == list(members)


@pytest.mark.parametrize(
    "text", [b'{"a":[1],"a":[2]}', b'{"a":[1],"b":2,"a":[2]}', b'{"b":[1]}', b'{"a":{}}', b"[]", b"7"]
)
def test_where_there_is_no_one_list_there_is_none(text: bytes) -> None:
    parse(text)
    with pytest.raises(ValueError, match=r"twice|has no 'a'|Expected"):
        items_at(text, ["a"])


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=40), st.text('[]{}",:0123 \\ntrue.e-', max_size=40).map(str.encode)))
def test_anything_is_read_or_refused(text: bytes) -> None:
    try:
        value = parse(text)
    except ValueError:
        return
    assert json.loads(text) == value
    try:
        items = items_at(text, [])
    except ValueError:
        assert not isinstance(value, list)
        return
    assert [json.loads(text[start:end]) for start, end in items] == value


def test_what_is_nested_too_deeply_is_refused() -> None:
    with pytest.raises(ValueError, match="recursion"):
        parse(b"[" * 100_000 + b"]" * 100_000)
