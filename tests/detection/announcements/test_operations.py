"""An operation for a decoy says no word of what the one is about that it was made from."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.detection.announcements.test_openapi import operation

from bartizan.detection.announcements.operations import Source, path_item, quoted
from bartizan.detection.edits.scan import Span


def made(item: dict[str, Any], path: str = "/internal/export", of: str = "/orders", **known: list[str]) -> Any:
    body = json.dumps(item, indent=1).encode()
    source = Source(body, of, Span(0, len(body)), known.get("tags", []), known.get("schemas", []))
    return json.loads(path_item(source, path))


def test_only_what_is_not_about_it_is_kept() -> None:
    get = operation("orders", "Order")
    get["responses"] |= {"403": {"description": "not your orders"}, "500": {"description": "broken"}}
    get |= {"description": "All orders", "security": [{"bearer": []}], "x-owner": "orders"}
    item = made({"get": get, "delete": {}, "parameters": []}, tags=["orders", "Internal"], schemas=["UserRead"])
    assert "order" not in json.dumps(item).lower()
    assert item == {
        "get": {
            "tags": ["Internal"],
            "summary": "Get internal export",
            "operationId": "getInternalExport",
            "responses": {
                "200": {
                    "description": "OK",
                    "content": {
                        "application/json": {
                            "schema": {"type": "array", "items": {"$ref": "#/components/schemas/UserRead"}}
                        }
                    },
                },
                "401": {"$ref": "#/components/responses/Denied"},
                "500": {"description": "broken"},
            },
            "security": [{"bearer": []}],
        }
    }


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"$ref": "other.json#/Order"},
        {"allOf": [{"$ref": "#/components/schemas/Page"}, {"$ref": "#/components/schemas/Order"}]},
        {"properties": {"orders": {"$ref": "#/components/schemas/Order"}}},
    ],
)
def test_a_schema_that_cannot_be_another_is_left_out(schema: dict[str, Any]) -> None:
    get = operation("orders", "Order")
    get["responses"]["200"]["content"]["application/json"]["schema"] = schema
    assert made({"get": get}, schemas=["User"])["get"]["responses"]["200"] == {"description": "OK"}


def test_what_has_no_success_or_no_name_is_no_source() -> None:
    for of, item in (("/orders", {"get": {"responses": {"404": {}}}}), ("/", {"get": operation("orders", "Order")})):
        with pytest.raises(ValueError, match="no"):
            made(item, of=of)


def test_a_name_that_there_is_already_is_left_out() -> None:
    get = operation("orders", "Order")
    assert "operationId" not in made({"get": get, "x-old": "getInternalExport"})["get"]


def test_slashes_are_escaped_as_in_another_string() -> None:
    assert quoted("/a", b'"\\/b"') == b'"\\/a"'
    assert quoted("/a", b'"/b"') == b'"/a"'
