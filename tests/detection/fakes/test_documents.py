from typing import Any

import pytest

from bartizan.detection.fakes import Keyed, fake_document

ROW = Keyed(b"k" * 32, "fakes", "shop")
ORDER: dict[str, Any] = {
    "type": "object",
    "required": ["id", "email", "total"],
    "properties": {"id": {"type": "integer", "minimum": 1000, "maximum": 9000}, "email": {"type": "string"},
                   "total": {"type": "number"}, "lines": {"type": "array", "items": {"type": "object", "properties": {
                       "sku": {"type": "string"}}}}},
}  # fmt: skip
TOKEN = {**ORDER, "properties": {**ORDER["properties"], "id": {"type": "string", "format": "uuid"}}}
PLAIN: dict[str, Any] = {"type": "array", "items": ORDER, "minItems": 3}
WRAPPED = {
    "type": "object",
    "required": ["total", "items", "page"],
    "properties": {"total": {"type": "integer"}, "items": {"type": "array", "items": ORDER, "minItems": 2},
                   "page": {"type": "integer", "minimum": 1, "maximum": 1}},
}  # fmt: skip


@pytest.mark.parametrize("schema", [PLAIN, WRAPPED, {"type": "array", "items": TOKEN, "minItems": 2}])
def test_items_of_a_list_are_what_their_pages_show(schema: dict[str, Any]) -> None:
    listed: Any = fake_document(schema, ROW, "/orders")
    items = listed if isinstance(listed, list) else listed["items"]
    page = TOKEN if schema["type"] == "array" and schema["items"] is TOKEN else ORDER
    assert len(items) >= 2
    assert len({item["id"] for item in items}) == len(items)
    for item in items:
        assert fake_document(page, ROW, f"/orders/{item['id']}") == item


def test_a_list_says_how_many_it_has() -> None:
    properties = {name: WRAPPED["properties"][name] for name in ("total", "items")}
    whole = {**WRAPPED, "properties": properties, "required": list(properties)}
    listed: Any = fake_document(whole, ROW, "/orders")
    assert listed["total"] == len(listed["items"])
    assert list(listed) == ["total", "items"]


def test_pages_of_a_list_follow_each_other_until_its_end() -> None:
    items = {"type": "array", "items": ORDER, "minItems": 10, "maxItems": 10}
    schema = {**WRAPPED, "properties": {**WRAPPED["properties"], "items": items, "total": {"const": 34}}}
    pages: list[Any] = [fake_document(schema, ROW, "/orders", query=f"page={number}") for number in range(1, 6)]
    assert [page["page"] for page in pages] == [1, 2, 3, 4, 5]
    assert {page["total"] for page in pages} == {34}
    assert [item["id"] for page in pages for item in page["items"]] == list(range(1000, 1034))
    assert fake_document(schema, ROW, "/orders") == pages[0]
    assert fake_document(ORDER, ROW, "/orders/1011") == pages[1]["items"][1]


def test_pages_of_what_does_not_say_so_have_other_items_too() -> None:
    first, second = (fake_document(PLAIN, ROW, "/orders", query=query) for query in ("", "offset=20&limit=3"))
    assert isinstance(first, list)
    assert isinstance(second, list)
    assert len(second) == 3
    assert not {item["id"] for item in first} & {item["id"] for item in second}  # type: ignore[call-overload, index]
    assert fake_document(PLAIN, ROW, "/orders", query="q=tent") != first


def test_numbers_of_a_list_rise_within_their_limits() -> None:
    listed: Any = fake_document(PLAIN, ROW, "/orders")
    ids = [item["id"] for item in listed]
    assert ids == sorted(ids)
    assert ids[0] >= 1000
    assert ids[-1] <= 9000


def test_a_page_shows_the_id_that_was_asked_for_and_each_id_something_else() -> None:
    one: Any = fake_document(ORDER, ROW, "/orders/17")
    other: Any = fake_document(ORDER, ROW, "/orders/18")
    assert (one["id"], other["id"]) == (17, 18)
    assert one["email"] != other["email"]


def test_a_page_of_what_has_no_id_is_the_same_at_each_visit() -> None:
    schema = {"type": "object", "required": ["host"], "properties": {"host": {"type": "string"}}}
    assert fake_document(schema, ROW, "/settings") == fake_document(schema, ROW, "/settings")
    assert fake_document(True, ROW, "/settings") is None


def test_nested_collections_have_objects_of_their_own() -> None:
    one: Any = fake_document(ORDER, ROW, "/users/1/orders/17")
    other: Any = fake_document(ORDER, ROW, "/users/2/orders/17")
    assert one["email"] != other["email"]


def test_an_object_links_to_itself_and_may_stand_in_an_envelope() -> None:
    link = {"type": "string", "x-form": "path"}
    links = {"type": "object", "required": ["self"], "properties": {"self": link}}
    hal = {"type": "object", "required": ["self"], "properties": {"self": {**links, "required": ["href"],
           "properties": {"href": link}}}}  # fmt: skip
    data = {**ORDER, "required": ["id", "links", "_links"],
            "properties": {**ORDER["properties"], "links": links, "_links": hal}}  # fmt: skip
    schema = {"type": "object", "required": ["data"], "properties": {"data": data}}
    found: Any = fake_document(schema, ROW, "/orders/17")
    assert found["data"]["id"] == 17
    assert found["data"]["links"] == {"self": "/orders/17"}
    assert found["data"]["_links"] == {"self": {"href": "/orders/17"}}
