"""Whether a value fits a schema: as much of JSON Schema as is needed to choose between branches and examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bartizan.detection.fakes.plain import Json, Lookup, Schema, is_integer, number_of

__all__ = ["fits"]

MAX_DEPTH = 24
MAX_STEPS = 2000


def fits(value: Json, schema: Schema, lookup: Lookup) -> bool:
    """Tell whether a value fits; ``pattern``, ``format`` and ``not`` are not looked at.

    At most ``MAX_STEPS`` schemas are looked at; beyond that everything fits.
    """
    return _fits(value, schema, lookup, [MAX_STEPS], 0)


def _fits(value: Json, schema: Schema, lookup: Lookup, left: list[int], depth: int) -> bool:
    left[0] -= 1
    if not isinstance(schema, Mapping):
        return schema is not False
    if left[0] < 0 or depth > MAX_DEPTH:
        return True
    schema = lookup(schema)
    if value is None and schema.get("nullable") is True:
        return True
    if not _fits_type(value, schema.get("type")):
        return False
    if "const" in schema and not _same(schema["const"], value):
        return False
    options = schema.get("enum")
    if isinstance(options, Sequence) and not any(_same(option, value) for option in options):
        return False
    return _fits_own(value, schema, lookup, left, depth) and _fits_branches(value, schema, lookup, left, depth)


def _same(one: object, other: object) -> bool:
    """Tell whether two values are the same in JSON, where true is not 1."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _fits_type(value: Json, kind: object) -> bool:
    if kind is None:
        return True
    kinds = [kind] if isinstance(kind, str) else kind
    if not isinstance(kinds, list):
        return True
    return any(_TYPES[each](value) for each in kinds if isinstance(each, str) and each in _TYPES)


_TYPES: Mapping[str, Callable[[Json], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": is_integer,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def _fits_own(value: Json, schema: Mapping[str, object], lookup: Lookup, left: list[int], depth: int) -> bool:
    if isinstance(value, str):
        return _within(len(value), schema, "minLength", "maxLength")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _fits_number(value, schema)
    if isinstance(value, list):
        items = schema.get("items")
        return _within(len(value), schema, "minItems", "maxItems") and (
            not isinstance(items, Mapping | bool) or all(_fits(item, items, lookup, left, depth + 1) for item in value)
        )
    return not isinstance(value, dict) or _fits_object(value, schema, lookup, left, depth)


def _fits_object(
    value: dict[str, Json], schema: Mapping[str, object], lookup: Lookup, left: list[int], depth: int
) -> bool:
    required, known, more = schema.get("required"), schema.get("properties"), schema.get("additionalProperties", True)
    if isinstance(required, list) and any(name not in value for name in required):
        return False
    properties = known if isinstance(known, Mapping) else {}
    for name, member in value.items():
        expected = properties.get(name, more)
        if isinstance(expected, Mapping | bool) and not _fits(member, expected, lookup, left, depth + 1):
            return False
    return _within(len(value), schema, "minProperties", "maxProperties")


def _fits_number(value: float, schema: Mapping[str, object]) -> bool:
    low, high = number_of(schema.get("minimum")), number_of(schema.get("maximum"))
    above, under = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if low is not None and (value < low or (above is True and value == low)):
        return False
    if high is not None and (value > high or (under is True and value == high)):
        return False
    if (above := number_of(above)) is not None and value <= above:
        return False
    if (under := number_of(under)) is not None and value >= under:
        return False
    step = number_of(schema.get("multipleOf"))
    return not step or abs(value / step - round(value / step)) < 1e-9


def _within(size: int, schema: Mapping[str, object], least: str, most: str) -> bool:
    low, high = number_of(schema.get(least)), number_of(schema.get(most))
    return (low is None or size >= low) and (high is None or size <= high)


def _fits_branches(value: Json, schema: Mapping[str, object], lookup: Lookup, left: list[int], depth: int) -> bool:
    for name, judge in (("allOf", all), ("anyOf", any)):
        branches = schema.get(name)
        if (
            isinstance(branches, list)
            and branches
            and not judge(_fits(value, each, lookup, left, depth + 1) for each in branches)
        ):
            return False
    one = schema.get("oneOf")
    return not isinstance(one, list) or not one or sum(_fits(value, each, lookup, left, depth + 1) for each in one) == 1
