from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from bartizan.config.document import read_document
from bartizan.config.model import Config
from bartizan.config.schema import bare_schema, json_schema
from bartizan.config.starter import STARTER

VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def _objects(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "Config", schema
    yield from schema["$defs"].items()


def test_it_is_a_schema_with_title_and_descriptions() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["title"] == "bartizan.yaml"
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_field_is_described() -> None:
    bare = [
        f"{name}.{field}"
        for name, part in _objects(bare_schema())
        if not name.endswith("Override")
        for field, about in part["properties"].items()
        if not about.get("description")
    ]
    assert not bare


def test_unknown_fields_are_refused_everywhere() -> None:
    assert all(part["additionalProperties"] is False for name, part in _objects(bare_schema()))


def test_every_default_fits_its_own_schema() -> None:
    schema = json_schema()
    for name, part in _objects(schema):
        for field, about in part.get("properties", {}).items():
            if "default" in about:
                jsonschema.Draft202012Validator({**about, "$defs": schema["$defs"]}).validate(about["default"])
                assert not isinstance(about["default"], dict), (name, field)


def test_the_starter_fits() -> None:
    VALIDATOR.validate(read_document("", STARTER.encode()).data)


@pytest.mark.parametrize(
    "change",
    [
        {"workers": "${N}"},
        {"workers": 4},
        {"grace_period": "${file:grace}"},
        {"logging": {"level": "${LEVEL}"}},
        {"storage": {"journal": {"enabled": "${ON}", "segment_bytes": "${SIZE}"}}},
    ],
)
def test_references_fit_wherever_values_do(change: dict[str, Any]) -> None:
    VALIDATOR.validate({"listeners": [{"address": "a:1"}], **change})


@pytest.mark.parametrize(
    "change", [{"workers": 0}, {"workers": "many"}, {"grace_period": 30}, {"logging": {"level": "loud"}}, {"extra": 1}]
)
def test_what_the_model_refuses_does_not_fit(change: dict[str, Any]) -> None:
    data = {"listeners": [{"address": "a:1"}], **change}
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(data)
    with pytest.raises(ValueError, match="validation error"):
        Config.model_validate(data, context={"from_file": True})
