import json

import pytest

from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.profile.candidates import Candidates
from bartizan.detection.profile.schemas import Shape, Style, objects_in, schema_of, style_of
from bartizan.detection.profile.shapes import Node, learn

ROW = Keyed(b"k" * 32, "fakes")


def node_of(*documents: object) -> Node:
    node, candidates = Node(), Candidates()
    for index, document in enumerate(documents):
        learn(node, json.loads(json.dumps(document)), "p", index, candidates)
    return node


@pytest.mark.parametrize(
    "style", [Style(), Style(spaced=True), Style(2, True), Style(4, True, True, True), Style(ascii=True)]
)
def test_json_is_written_as_it_was_read(style: Style) -> None:
    body = style.encode({"name": "Zoë", "tags": ["a", "b"]})
    assert json.loads(body) == {"name": "Zoë", "tags": ["a", "b"]}
    found = style_of(body)
    assert found.encode({"name": "Zoë", "tags": ["a", "b"]}) == body


def test_a_schema_says_what_was_seen() -> None:
    schema = schema_of(
        node_of(*[{"id": n, "at": "2024-01-02", "x": None if n % 2 else n / 4} for n in range(100, 120)])
    )
    properties = schema["properties"]
    assert isinstance(properties, dict)
    assert properties["id"] == {"type": "integer", "minimum": 100, "maximum": 120, "x-seen": True, "x-share": 1}
    assert properties["at"]["x-form"] == "date"
    assert properties["x"]["type"] == ["number", "null"]
    assert schema["required"] == ["id", "at", "x"]
    assert schema_of(Node()) == {"type": "null"}
    assert schema_of(node_of(["a", "b"]))["type"] == "array"
    assert schema_of(node_of({"17": 1, "18": 2}))["additionalProperties"] == {
        "type": "integer", "minimum": 1, "maximum": 2, "x-seen": True,
    }  # fmt: skip


def test_small_changes_of_ranges_leave_fakes_as_they_are() -> None:
    assert schema_of(node_of(1201, 8412)) == schema_of(node_of(1234, 8477))


def test_a_shape_makes_fakes_and_merges() -> None:
    shape, other = Shape(count=1, last=1.0), Shape(count=2, last=2.0, status=201, media_type="application/json")
    shape.node, other.node = node_of({"id": 5, "at": "2024-03-04T00:00:00Z"}), node_of({"id": 9})
    shape.merge(other)
    assert (shape.count, shape.status) == (3, 201)
    made = shape.fake(ROW, "/orders/7")
    assert isinstance(made, dict)
    assert made["id"] == 7
    assert shape.until < 1_709_600_000
    assert Shape().fake(ROW, "/x") is None
    assert Shape().schema() == {}
    assert shape.encode({"a": 1}) == b'{"a":1}'


def test_objects_of_a_document_are_itself_its_items_or_those_of_its_one_list() -> None:
    for document, way in (
        ([{"id": 1}], ("[]",)),
        ({"data": [{"id": 1}], "n": 1}, ("data", "[]")),
        ({"id": 1}, ()),
        ({"data": {"id": 1}}, ("data",)),
    ):
        found = objects_in(node_of(document))
        assert found is not None
        assert found[0] == way
    assert objects_in(node_of(5)) is None


def test_documents_that_somebody_made_up_do_not_make_a_shape_grow() -> None:
    shape = Shape()
    for outer in "abcdefgh":
        other = Shape()
        other.node = node_of({f"{outer}{x}": {f"{x}{y}": {"z": 1} for y in "abcdefghijklm"} for x in "abcdefghijklm"})
        shape.merge(other)
    assert shape.node is not None
    assert shape.node.size() <= 1000
    assert shape.node.objects == 8


def test_times_as_numbers_are_not_put_into_the_future() -> None:
    schema = schema_of(node_of(1_750_000_000_123, 1_755_000_000_456))
    maximum = schema["maximum"]
    assert isinstance(maximum, int)
    assert 1_750_000_000_000 < maximum <= 1_755_000_000_456
