"""Decoys stand in an OpenAPI document as if they had always been there, and nothing else of it changes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.detection.announcements.openapi import document
from bartizan.detection.fakes.keyed import Keyed

KEYED = Keyed(b"k" * 32, "place")
PATHS = ("/internal/users", "/api/v0/users")


def operation(name: str, schema: str) -> dict[str, Any]:
    reference = {"type": "array", "items": {"$ref": f"#/components/schemas/{schema}"}}
    return {
        "tags": [name],
        "summary": f"List {name}",
        "operationId": f"list{name.title()}",
        "parameters": [{"name": "page", "in": "query"}],
        "responses": {
            "200": {"description": f"All {name}", "content": {"application/json": {"schema": reference}}},
            "401": {"$ref": "#/components/responses/Denied"},
            "422": {"description": "bad parameter"},
        },
    }


def shop(**more: object) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": "Shop", "version": "1"},
        "paths": {
            "/orders": {"get": operation("orders", "Order"), "post": {}},
            "/orders/{id}": {"get": operation("orders", "Order")},
            "/status": {"get": operation("status", "Status")},
        },
        "components": {"schemas": {"Customer": {}, "Order": {}, "Status": {}}, "responses": {"Denied": {}}},
        **more,
    }


def added(text: bytes, paths: tuple[str, ...] = PATHS) -> dict[str, Any]:
    changed = json.loads(document(text, paths, KEYED))
    known = json.loads(text)
    new = {path: item for path, item in changed["paths"].items() if path not in known["paths"]}
    changed["paths"] = {path: item for path, item in changed["paths"].items() if path not in new}
    assert changed == known
    assert list(changed["paths"]) == list(known["paths"])
    return new


def test_an_operation_has_the_form_of_the_others_and_schemas_that_there_are() -> None:
    new = added(json.dumps(shop()).encode())
    assert list(new) == ["/internal/users", "/api/v0/users"] or list(new) == ["/api/v0/users", "/internal/users"]
    get = new["/internal/users"]["get"]
    assert list(new["/internal/users"]) == ["get"]
    assert (get["summary"], get["operationId"]) == ("List internal users", "listInternalUsers")
    assert list(get["responses"]) == ["200", "401"]
    assert get["responses"]["200"] == {
        "description": "OK",
        "content": {
            "application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Customer"}}}
        },
    }
    assert not {"tags", "parameters"} & get.keys()


def test_without_a_schema_about_people_nothing_is_said_of_the_answer() -> None:
    known = shop(components={"schemas": {"Order": {}}})
    assert added(json.dumps(known).encode())["/internal/users"]["get"]["responses"]["200"] == {"description": "OK"}


def test_one_about_the_same_is_taken_first() -> None:
    known = shop()
    known["paths"]["/users"] = {"get": operation("users", "Person")}
    get = added(json.dumps(known).encode())["/internal/users"]["get"]
    assert get["responses"]["200"] == operation("users", "Person")["responses"]["200"]
    assert get["tags"] == ["users"]


@pytest.mark.parametrize("separators", [None, (",", ":"), (", ", " : ")])
@pytest.mark.parametrize("indent", [None, 2, 4, "\t"])
def test_white_space_and_order_are_those_of_the_document(
    indent: int | str | None, separators: tuple[str, str] | None
) -> None:
    known = shop()
    text = json.dumps(known, indent=indent, separators=separators)
    changed = document(text.encode(), PATHS, KEYED)
    assert json.dumps(json.loads(changed), indent=indent, separators=separators).encode() == changed
    ordered = json.dumps(known, indent=indent, separators=separators, sort_keys=True)
    assert list(json.loads(document(ordered.encode(), PATHS, KEYED))["paths"]) == sorted((*known["paths"], *PATHS))


def test_slashes_are_escaped_where_the_others_are() -> None:
    text = json.dumps(shop()).replace("/", "\\/").encode()
    changed = document(text, PATHS, KEYED)
    assert json.dumps(json.loads(changed)).replace("/", "\\/").encode() == changed


@pytest.mark.parametrize(
    ("servers", "new"),
    [
        ([{"url": "https://api.test/"}], {"/internal/users", "/api/v0/users"}),
        ([{"url": "https://api.test/api"}, {"url": "/"}], {"/v0/users"}),
        ([{"url": "/v1"}], set()),
    ],
)
def test_paths_are_as_the_server_has_them(servers: object, new: set[str]) -> None:
    assert set(added(json.dumps(shop(servers=servers)).encode())) == new


def test_what_is_there_already_stays_alone() -> None:
    known = shop()
    known["paths"]["/internal/users"] = {"get": {"responses": {}}}
    assert set(added(json.dumps(known).encode())) == {"/api/v0/users"}
    assert added(json.dumps(known).encode(), ("/internal/users",)) == {}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{}",
        b'{"openapi":"3.1.0"}',
        b'{"openapi":"3.1.0","paths":{}}',
        b'{"openapi":"3.1.0","paths":[1]}',
        b'{"swagger":"2.0","paths":{"/a":{}}}',
        b'{"openapi":"3.0.0","paths":{"/a":{}},"paths":{"/a":{}}}',
        b'{"openapi":"3.0.0","paths":{"/a":{}},"servers":[{"url":"https://{host}/"}]}',
        b'{"openapi":"3.0.0","paths":{"/a":{}},"servers":[{"url":"v1"}]}',
        b"[" * 10_000,
    ],
)
def test_what_is_no_such_document_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        document(text, PATHS, KEYED)


LEAF = st.none() | st.booleans() | st.integers() | st.text(max_size=6)
ANY = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)
ANSWER = st.fixed_dictionaries({"description": st.text(max_size=8)}, optional={"content": ANY})
GET = st.fixed_dictionaries(
    {"responses": st.dictionaries(st.sampled_from(["200", "404", "default"]), ANY | ANSWER)},
    optional={"summary": st.text(max_size=8), "operationId": ANY, "tags": ANY, "security": ANY},
)
ITEMS = st.dictionaries(
    st.sampled_from(["/orders", "/users", "/a/{b}", "/cafés", "/"]),
    ANY | st.fixed_dictionaries({"get": GET}),
    min_size=1,
)


@settings(max_examples=60)
@given(ITEMS, st.dictionaries(st.text(max_size=5), ANY, max_size=2), st.sampled_from([None, 0, 3]), st.booleans())
def test_whatever_is_in_a_document_nothing_of_it_changes(
    items: dict[str, Any], more: dict[str, Any], indent: int | None, ascii_only: bool
) -> None:
    known = {**more, "openapi": "3.0.3", "paths": items, "z": "ü"}
    text = json.dumps(known, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    try:
        new = added(text)
    except ValueError:
        return
    assert set(new) <= set(PATHS)
    for item in new.values():
        assert all("description" in answer for code, answer in item["get"]["responses"].items() if code == "200")
