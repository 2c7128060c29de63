from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.detection.fakes.schemas import schemas

from bartizan.detection.fakes import Keyed, fake_value

KEY = b"k" * 32


def valid(value: object, schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(schema).validate(value)


@settings(max_examples=150, deadline=None)
@given(schema=schemas, label=st.integers(0, 1000))
def test_whatever_the_schema_the_value_fits_it(schema: dict[str, Any], label: int) -> None:
    value = fake_value(schema, Keyed(KEY, label))
    valid(value, schema)
    assert value == fake_value(schema, Keyed(KEY, label))


@settings(max_examples=100, deadline=None)
@given(
    schema=st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(
                st.sampled_from(
                    [
                        "type",
                        "properties",
                        "items",
                        "enum",
                        "allOf",
                        "oneOf",
                        "required",
                        "minimum",
                        "maximum",
                        "$ref",
                        "minLength",
                        "maxLength",
                        "pattern",
                        "format",
                        "multipleOf",
                        "minItems",
                        "additionalProperties",
                    ]
                ),
                st.one_of(inner, st.sampled_from(["object", "array", "string", "integer", "number"])),
                max_size=4,
            ),
        ),
        max_leaves=10,
    ).filter(lambda value: isinstance(value, dict))
)
def test_schemas_that_are_nonsense_raise_nothing(schema: dict[str, Any]) -> None:
    fake_value(schema, Keyed(KEY), root=schema)


def test_another_key_and_other_labels_make_other_values() -> None:
    schema = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "format": "uuid"}}}
    made = [fake_value(schema, Keyed(key, label)) for key in (KEY, b"o" * 32) for label in ("a", "b")]
    assert len({str(each) for each in made}) == 4


def test_what_a_schema_shares_with_another_has_the_same_value_in_both() -> None:
    short = {"type": "object", "required": ["email"], "properties": {"email": {"type": "string"}}}
    more = {"iban": {"type": "string"}, "email": {"type": "string"}}
    long = {"type": "object", "required": ["email", "iban"], "properties": more}
    one, other = fake_value(short, Keyed(KEY)), fake_value(long, Keyed(KEY))
    assert isinstance(one, dict)
    assert isinstance(other, dict)
    assert one["email"] == other["email"]


def test_a_schema_that_refers_to_itself_ends() -> None:
    root = {"node": {"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#/node"}}}}
    value = fake_value({"$ref": "#/node"}, Keyed(KEY), root=root)
    for _ in range(3):
        assert isinstance(value, dict)
        value = value["next"]


def test_a_schema_that_asks_for_millions_of_values_gets_a_few() -> None:
    wide: dict[str, Any] = {"type": "integer"}
    for _ in range(6):
        wide = {"type": "array", "minItems": 1000, "items": wide}
    assert len(str(fake_value(wide, Keyed(KEY)))) < 100_000


@pytest.mark.parametrize("kind", ["readOnly", "writeOnly"])
def test_a_response_has_what_is_read_only_and_not_what_is_write_only(kind: str) -> None:
    schema = {"type": "object", "properties": {"x": {"type": "integer", kind: True}}}
    shown = [fake_value(schema, Keyed(KEY, index)) != {} for index in range(40)]
    assert any(shown) == (kind == "readOnly")


def test_items_are_unique_where_they_have_to_be() -> None:
    schema = {"type": "array", "minItems": 3, "maxItems": 3, "uniqueItems": True, "items": {"enum": [1, 2, 3]}}
    value = fake_value(schema, Keyed(KEY))
    assert isinstance(value, list)
    assert sorted(map(str, value)) == ["1", "2", "3"]


def test_branches_of_one_of_are_told_apart() -> None:
    cat = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    dog = {"type": "object", "required": ["name", "bark"], "properties": {"bark": {"type": "boolean"}}}
    schema = {"oneOf": [cat, {**dog, "properties": {"name": {"type": "string"}, **dog["properties"]}}]}
    schema["oneOf"][0]["additionalProperties"] = False
    for label in range(10):
        valid(fake_value(schema, Keyed(KEY, label)), schema)
