"""The JSON Schema (draft 2020-12) of ``bartizan.yaml``, as editors take it."""

from __future__ import annotations

from typing import Any

from bartizan.config.model import Config

__all__ = ["bare_schema", "json_schema"]

_REFERENCE = {"$ref": "#/$defs/Reference"}
_ABOUT = ("title", "description", "default", "examples")
_CONSTRAINTS = ("pattern", "enum", "const", "minLength", "maxLength")
_NUMERIC = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "gt", "ge", "lt", "le")


def json_schema() -> dict[str, Any]:
    """Return the schema of what may be written, with every default: values, or references to secrets in their place."""
    schema = bare_schema()
    definitions = {name: _with_references(definition) for name, definition in schema.pop("$defs").items()}
    reference = {
        "type": "string",
        "pattern": r"\$\{[^{}]+\}",
        "description": "taken from the environment, ${NAME}, or from a file, ${file:path}",
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:bartizan:schema:config",
        **_with_references(schema),
        "title": "bartizan.yaml",
        "$defs": {"Reference": reference, **definitions},
    }


def bare_schema() -> dict[str, Any]:
    """Return the schema of values alone, without references."""
    schema = Config.model_json_schema(mode="validation")
    for definition in (schema, *schema["$defs"].values()):
        for field in definition.get("properties", {}).values():
            _tidy(field)
    return schema


def _tidy(field: dict[str, Any]) -> None:
    """Drop defaults that are told by the fields below, and bounds of numbers that are written as text."""
    if isinstance(field.get("default"), dict):
        del field["default"]
    for option in (field, *field.get("anyOf", ())):
        if option.get("type") == "string":
            for keyword in _NUMERIC:
                option.pop(keyword, None)


def _with_references(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema in which a reference may stand for every value that plain text could not."""
    if "anyOf" in schema:
        options = [option if _is_constrained(option) else _with_references(option) for option in schema["anyOf"]]
        allowed = [_REFERENCE] if any(map(_is_constrained, options)) else []
        return {**schema, "anyOf": [*options, *allowed]}
    if _is_constrained(schema):
        about = {keyword: schema[keyword] for keyword in _ABOUT if keyword in schema}
        value = {keyword: given for keyword, given in schema.items() if keyword not in _ABOUT}
        return {**about, "anyOf": [value, _REFERENCE]}
    changed = dict(schema)
    for keyword in ("properties", "patternProperties"):
        if keyword in schema:
            changed[keyword] = {name: _with_references(field) for name, field in schema[keyword].items()}
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            changed[keyword] = _with_references(schema[keyword])
    return changed


def _is_constrained(schema: dict[str, Any]) -> bool:
    if schema.get("type") in ("integer", "number", "boolean"):
        return True
    return schema.get("type") in ("string", None) and any(keyword in schema for keyword in _CONSTRAINTS)
