"""Schemas as plain data, with what is read from them: references, merged branches, numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeAlias

__all__ = ["Json", "Lookup", "Schema", "is_integer", "lookup_in", "merged", "number_of", "types_of"]

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
Schema: TypeAlias = "Mapping[str, object] | bool"
Lookup: TypeAlias = "Callable[[Mapping[str, object]], Mapping[str, object]]"

MAX_HOPS = 16
_HIGHEST = ("minimum", "minLength", "minItems", "minProperties")
_LOWEST = ("maximum", "maxLength", "maxItems", "maxProperties")


def number_of(value: object) -> float | None:
    """Return a finite number of a schema, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value


def is_integer(value: object) -> bool:
    """Tell whether JSON Schema takes a value for an integer: 1.0 is one."""
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())


def types_of(schema: Mapping[str, object]) -> list[str]:
    """Return the types that a schema names, or that its keywords are about; empty for any."""
    kind = schema.get("type")
    if isinstance(kind, str):
        return [kind, "null"] if schema.get("nullable") is True else [kind]
    if isinstance(kind, list):
        return [each for each in kind if isinstance(each, str)]
    if "properties" in schema or "additionalProperties" in schema or "required" in schema:
        return ["object"]
    if "items" in schema or "prefixItems" in schema or "minItems" in schema:
        return ["array"]
    if "pattern" in schema or "format" in schema or "minLength" in schema or "maxLength" in schema:
        return ["string"]
    if "minimum" in schema or "maximum" in schema or "multipleOf" in schema or "exclusiveMinimum" in schema:
        return ["number"]
    return []


def lookup_in(root: Mapping[str, object]) -> Lookup:
    """Return what follows ``$ref`` within a document (RFC 6901); what leads nowhere or elsewhere is any value."""

    def lookup(schema: Mapping[str, object]) -> Mapping[str, object]:
        for _ in range(MAX_HOPS):
            target = schema.get("$ref")
            if not isinstance(target, str):
                return schema
            beside = {name: value for name, value in schema.items() if name != "$ref"}
            found = _at(root, target)
            if not isinstance(found, Mapping):
                return beside
            schema = {**found, **beside}
        return {}

    return lookup


def _at(root: object, target: str) -> object:
    if target == "#":
        return root
    if not target.startswith("#/"):
        return None
    place = root
    for token in target[2:].split("/"):
        name = token.replace("%25", "%").replace("~1", "/").replace("~0", "~")
        if isinstance(place, Mapping):
            place = place.get(name)
        elif isinstance(place, list) and name.isdecimal() and int(name) < len(place):
            place = place[int(name)]
        else:
            return None
    return place


def merged(one: Mapping[str, object], other: Mapping[str, object]) -> dict[str, object]:
    """Return a schema that asks for what both ask for, as far as that can be said in one."""
    both = {**one, **other}
    for name in one.keys() & other.keys():
        both[name] = _joined(name, one[name], other[name])
    return both


def _joined(name: str, left: object, right: object) -> object:
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        if name in ("properties", "patternProperties"):
            return {**left, **right, **{key: _both(left[key], right[key]) for key in left.keys() & right.keys()}}
        return merged(left, right)
    low, high = number_of(left), number_of(right)
    if low is not None and high is not None and name in (*_HIGHEST, "exclusiveMinimum"):
        return max(low, high)
    if low is not None and high is not None and name in (*_LOWEST, "exclusiveMaximum"):
        return min(low, high)
    if name == "required" and isinstance(left, list) and isinstance(right, list):
        return [*left, *(each for each in right if each not in left)]
    if name == "enum" and isinstance(left, list) and isinstance(right, list):
        return [each for each in left if each in right] or right
    if name == "type":
        return _types(left, right)
    if name == "allOf" and isinstance(left, list) and isinstance(right, list):
        return [*left, *right]
    return right


def _both(one: object, other: object) -> object:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return {"allOf": [one, other]} if "$ref" in one or "$ref" in other else merged(one, other)
    return one if isinstance(other, bool) and other else other


def _types(left: object, right: object) -> object:
    lefts = left if isinstance(left, list) else [left]
    rights = right if isinstance(right, list) else [right]
    common = [each for each in lefts if each in rights]
    if not common and "number" in lefts and "integer" in rights:
        return "integer"
    if not common and "integer" in lefts and "number" in rights:
        return "integer"
    return common if len(common) > 1 else common[0] if common else right
