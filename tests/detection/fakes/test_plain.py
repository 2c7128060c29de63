import pytest

from bartizan.detection.fakes.plain import is_integer, lookup_in, merged, number_of, types_of


def test_references_are_followed_within_the_document_and_nowhere_else() -> None:
    lookup = lookup_in({"a/b": {"~": [{"type": "string"}]}, "loop": {"$ref": "#/loop"}})
    assert lookup({"$ref": "#/a~1b/~0/0", "title": "x"}) == {"type": "string", "title": "x"}
    assert lookup({"$ref": "https://elsewhere.test/schema", "title": "x"}) == {"title": "x"}
    assert lookup({"$ref": "#/nothing"}) == {}
    assert lookup({"$ref": "#/a~1b/~0/7"}) == {}
    assert lookup({"$ref": "#/loop"}) == {}


def test_merged_schemas_ask_for_what_both_ask_for() -> None:
    one = {"type": "integer", "minimum": 3, "maximum": 9, "required": ["a"], "properties": {"a": {"minLength": 1}}}
    other = {"type": ["number", "null"], "minimum": 5, "maximum": 20, "required": ["a", "b"],
             "properties": {"a": {"maxLength": 4}}}  # fmt: skip
    both = merged(one, other)
    assert both["type"] == "integer"
    assert (both["minimum"], both["maximum"]) == (5, 9)
    assert both["required"] == ["a", "b"]
    assert both["properties"] == {"a": {"minLength": 1, "maxLength": 4}}
    assert merged({"enum": [1, 2]}, {"enum": [2, 3]})["enum"] == [2]
    assert merged({"properties": {"a": {"$ref": "#/x"}}}, {"properties": {"a": {"type": "string"}}}) == {
        "properties": {"a": {"allOf": [{"$ref": "#/x"}, {"type": "string"}]}}
    }


@pytest.mark.parametrize(
    ("schema", "types"),
    [
        ({"type": "string", "nullable": True}, ["string", "null"]),
        ({"type": ["integer", 5]}, ["integer"]),
        ({"properties": {}}, ["object"]),
        ({"items": {}}, ["array"]),
        ({"format": "uuid"}, ["string"]),
        ({"minimum": 1}, ["number"]),
        ({}, []),
    ],
)
def test_types_are_named_or_follow_from_the_keywords(schema: dict[str, object], types: list[str]) -> None:
    assert types_of(schema) == types


def test_numbers_are_told_from_what_only_looks_like_one() -> None:
    assert number_of(3) == 3
    assert [number_of(value) for value in (True, "3", None, float("inf"))] == [None] * 4
    assert is_integer(2.0)
    assert not is_integer(True)
    assert not is_integer(2.5)
