import json
from pathlib import Path

import pytest

from bartizan.detection.fakes import Keyed, OpenApi, fake_document
from bartizan.errors import OpenApiError

DOCUMENT = b"""
openapi: 3.0.3
servers: [{url: https://api.shop.test/v1}]
security: [{key: []}]
paths:
  /orders:
    get:
      responses:
        default: {description: error}
        '200': {content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Order'}}}}}
        '401': {content: {application/problem+json: {example: {title: Unauthorized}}}}
    post:
      requestBody: {$ref: '#/components/requestBodies/Order'}
      responses: {'201': {$ref: '#/components/responses/Made'}, 4XX: {description: refused}}
  /orders/{id}:
    get:
      security: []
      responses:
        '200': {content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
    delete: {responses: {'204': {description: gone}}}
  /users/{user}:
    parameters: [{$ref: '#/components/parameters/User'}]
    get: {responses: {'200': {description: one}}}
  /orders/latest: {get: {responses: {'200': {content: {text/plain: {schema: {type: string}}}}}}}
  /files/{name}.pdf: {get: {responses: {}}}
components:
  parameters: {User: {in: path, name: user, schema: {type: integer}}}
  requestBodies: {Order: {content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}}
  responses: {Made: {content: {application/json: {examples: {one: {value: {id: 7}}}}}}}
  schemas: {Order: {type: object, required: [id], properties: {id: {type: integer}, total: {type: number}}}}
"""


@pytest.fixture(scope="module")
def shop() -> OpenApi:
    return OpenApi.read(DOCUMENT, "shop.yaml")


def test_operations_are_found_by_concrete_paths_with_and_without_the_servers_own(shop: OpenApi) -> None:
    for path in ("/orders/17", "/v1/orders/17"):
        found = shop.find("GET", path)
        assert found is not None
        assert found.template == "/orders/{id}"
    latest = shop.find("get", "/orders/latest")
    assert latest is not None
    assert latest.success.media_type == "text/plain"
    assert shop.find("GET", "/files/a.pdf") is not None
    assert shop.find("GET", "/files/.pdf") is None
    assert shop.find("PUT", "/orders/17") is None
    assert shop.find("GET", "/nothing") is None
    assert shop.methods("/orders/17") == ["GET", "DELETE"]
    assert shop.methods("/nothing") == []
    assert shop.templates()[0] == "/orders"


def test_a_segment_that_stands_for_a_number_is_one(shop: OpenApi) -> None:
    assert shop.methods("/users/17") == ["GET"]
    assert shop.methods("/users/ada") == []
    assert shop.methods("/orders/ada") == ["GET", "DELETE"]


def test_responses_are_in_order_with_references_resolved(shop: OpenApi) -> None:
    made = shop.find("POST", "/orders")
    assert made is not None
    assert made.wants_json
    assert made.wants_credentials
    assert made.success.status == 201
    assert made.success.example == {"id": 7}
    assert made.error(400) is not None
    assert made.error(500) is None
    listed = shop.find("GET", "/orders")
    assert listed is not None
    error = listed.error(401)
    assert error is not None
    assert error.example == {"title": "Unauthorized"}
    page = shop.find("GET", "/orders/1")
    assert page is not None
    assert not page.wants_credentials
    removed = shop.find("DELETE", "/orders/1")
    assert removed is not None
    assert (removed.success.status, removed.success.schema) == (204, None)


def test_fakes_of_lists_and_pages_agree(shop: OpenApi) -> None:
    row = Keyed(b"k" * 32, "fakes")
    listed, page = shop.find("GET", "/orders"), shop.find("GET", "/orders/1")
    assert listed is not None
    assert page is not None
    assert listed.success.schema is not None
    assert page.success.schema is not None
    items = fake_document(listed.success.schema, row, "/orders", root=shop.document)
    assert isinstance(items, list)
    for item in items:
        assert isinstance(item, dict)
        path = f"/orders/{item['id']}"
        assert fake_document(page.success.schema, row, path, root=shop.document) == item


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"swagger": "2.0", "paths": {"/": {}}}, "openapi: None"),
        ({"openapi": "4.0.0", "paths": {"/": {}}}, "4.0.0"),
        ({"openapi": "3.1.0"}, "paths: there are none"),
        ({"openapi": "3.1.0", "paths": {"orders": {}}}, "orders is no path"),
        ({"openapi": "3.1.0", "paths": {f"/{n}": {} for n in range(2001)}}, "2001"),
    ],
)
def test_what_is_no_such_document_is_refused(document: dict[str, object], said: str) -> None:
    with pytest.raises(OpenApiError, match=said):
        OpenApi.read(json.dumps(document).encode(), "x.json")


def test_files_are_read_or_said_not_to_be_there(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_bytes(DOCUMENT)
    assert OpenApi.load(path).templates()
    with pytest.raises(OpenApiError, match=r"deception\.divert\.openapi"):
        OpenApi.load(tmp_path / "none.yaml")
