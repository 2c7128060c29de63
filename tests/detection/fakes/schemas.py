"""Schemas as APIs write them, for hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

NAMES = ("id", "email", "first_name", "created_at", "price", "iban", "status", "tags", "name", "count", "url", "x")
FORMATS = ("date-time", "date", "uuid", "email", "uri", "hostname", "ipv4", "ipv6", "byte", "unknown")

Schema = dict[str, Any]


def _limits(low: str, high: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Schema]:
    pair = st.tuples(values, values).map(sorted)
    return st.one_of(
        st.just({}),
        pair.map(lambda both: {low: both[0], high: both[1]}),
        values.map(lambda value: {low: value}),
    )


small = st.integers(0, 12)
texts = st.one_of(
    _limits("minLength", "maxLength", small),
    st.sampled_from(FORMATS).map(lambda name: {"format": name}),
    st.sampled_from(["^[A-Z]{3}-[0-9]{4}$", "^(a|bc)+$", r"^\d{2,5}$", "^[^a-z]{2}x?$"]).map(lambda p: {"pattern": p}),
    st.sampled_from(["paid", "ORD-1234", "some words here"]).map(lambda value: {"example": value}),
).map(lambda more: {"type": "string", **more})
numbers = st.one_of(
    _limits("minimum", "maximum", st.integers(-(10**6), 10**12)),
    _limits("minimum", "maximum", st.floats(-1e6, 1e6)),
    st.integers(-50, 50).map(lambda low: {"exclusiveMinimum": low, "exclusiveMaximum": low + 3}),
    st.integers(-50, 50).map(lambda low: {"minimum": low, "maximum": low + 40, "multipleOf": 5}),
)
scalars = st.one_of(
    texts,
    numbers.map(lambda more: {"type": "number", **more}),
    _limits("minimum", "maximum", st.integers(-(10**6), 10**12)).map(lambda more: {"type": "integer", **more}),
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"const": 5}, {"type": ["string", "null"]}]),
    st.lists(st.one_of(st.integers(), st.text(max_size=5), st.none()), min_size=1, max_size=4).map(
        lambda values: {"enum": values}
    ),
)


def _objects(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    @st.composite
    def draw(draw: Any) -> Schema:
        properties = draw(st.dictionaries(st.sampled_from(NAMES), inner, max_size=5))
        names = sorted(properties)
        required = draw(st.lists(st.sampled_from(names), unique=True)) if names else []
        more: Schema = draw(st.sampled_from([{}, {"additionalProperties": False}]))
        return {"type": "object", "properties": properties, "required": required, **more}

    return draw()


def _lists(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    limits = _limits("minItems", "maxItems", st.integers(0, 5))
    return st.tuples(inner, limits).map(lambda both: {"type": "array", "items": both[0], **both[1]})


def _combined(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    two = st.lists(_objects(inner), min_size=1, max_size=2)
    distinct = st.just({"oneOf": [{"type": "string", "maxLength": 9}, {"type": "integer"}, {"type": "boolean"}]})
    return st.one_of(
        two.map(lambda branches: {"anyOf": branches}),
        st.tuples(_objects(inner)).map(lambda one: {"allOf": [one[0]]}),
        distinct,
    )


schemas = st.recursive(scalars, lambda inner: st.one_of(_objects(inner), _lists(inner), _combined(inner)), max_leaves=8)
