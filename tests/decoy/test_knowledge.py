from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from tests.decoy.test_app import CONTEXT

from bartizan.decoy.answers import DecoyAnswers
from bartizan.decoy.asked import Asked
from bartizan.decoy.knowledge import Library, Unknown
from bartizan.decoy.writes import Writes
from bartizan.errors import BartizanError

KEY = b"k" * 32
ORDER = {"type": "object", "required": ["id", "name", "paid"], "properties": {
    "id": {"type": "integer", "minimum": 1, "maximum": 900}, "name": {"type": "string"}, "paid": {"type": "boolean"},
}}  # fmt: skip
ERROR = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string", "enum": ["not found"]}}}


def content(schema: object) -> dict[str, object]:
    return {"description": "", "content": {"application/json": {"schema": schema}}}


DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1"},
    "servers": [{"url": "https://shop.test/v2"}],
    "paths": {
        "/orders": {
            "get": {"responses": {"200": content({"type": "array", "items": {"$ref": "#/components/schemas/Order"}})}},
            "post": {
                "requestBody": content({"$ref": "#/components/schemas/Order"}),
                "responses": {"201": content({"$ref": "#/components/schemas/Order"})},
            },
        },
        "/orders/{id}": {
            "get": {"responses": {"200": content({"$ref": "#/components/schemas/Order"}), "404": content(ERROR)}},
            "delete": {"security": [{"key": []}], "responses": {"204": {"description": ""}}},
        },
    },
    "components": {"schemas": {"Order": ORDER}},
}


@pytest.fixture
def answers(tmp_path: Path) -> DecoyAnswers:
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(DOCUMENT))
    return DecoyAnswers(Library(KEY, {"api": str(file)}), Writes(10))


def ask(answers: DecoyAnswers, method: str, path: str, given: object = None, **fields: str) -> tuple[int, object]:
    context = msgspec.structs.replace(CONTEXT, path=f"/v2{path}")
    body = b"" if given is None else json.dumps(given).encode()
    said = [(name.encode(), value.encode()) for name, value in fields.items()]
    answer = answers.answer(Asked(context, method, path, "", said, body, len(body)))
    assert dict(answer.fields)[b"content-length"] == b"%d" % len(answer.body)
    return answer.status, json.loads(answer.body) if answer.body else None


def test_of_what_is_not_known_there_is_nothing_but_framing() -> None:
    known = Unknown()
    assert known.example("GET", "/") is None
    assert known.methods("/") == []
    assert known.error(404, "/") is None
    assert known.fields(404, "", b"", "/") == [(b"content-length", b"0")]
    assert known.encode({"a": [1]}) == b'{"a":[1]}'
    assert 0.01 <= known.latency(0.0) <= known.latency(1.0) <= 0.04
    assert isinstance(Library(KEY, {})(Asked(CONTEXT, "GET", "/", "", [])), Unknown)


def test_a_list_and_its_pages_agree_and_stay_the_same(answers: DecoyAnswers) -> None:
    status, orders = ask(answers, "GET", "/orders")
    assert status == 200
    assert isinstance(orders, list)
    assert [set(order) for order in orders] == [{"id", "name", "paid"}] * len(orders)
    for order in orders:
        assert ask(answers, "GET", f"/orders/{order['id']}") == (200, order)
    assert ask(answers, "GET", "/orders") == (200, orders)


def test_what_is_written_is_read_back_in_the_documents_shape(answers: DecoyAnswers) -> None:
    status, made = ask(answers, "POST", "/orders", {"name": "mine", "admin": True})
    assert status == 201
    assert isinstance(made, dict)
    assert made["name"] == "mine"
    assert set(made) == {"id", "name", "paid"}
    assert ask(answers, "GET", f"/orders/{made['id']}") == (200, made)
    assert ask(answers, "GET", "/orders")[1][-1] == made  # type: ignore[index]
    assert ask(answers, "POST", "/orders", {"name": "second"})[1]["id"] != made["id"]  # type: ignore[index]
    assert ask(answers, "DELETE", f"/orders/{made['id']}", authorization="Bearer ***") == (204, None)
    assert ask(answers, "GET", f"/orders/{made['id']}") == (404, {"error": "not found"})


def test_errors_are_the_documents_own(answers: DecoyAnswers) -> None:
    assert ask(answers, "GET", "/nowhere") == (404, {"error": "not found"})
    assert ask(answers, "PUT", "/orders/1") == (405, {"error": "not found"})
    assert ask(answers, "DELETE", "/orders/1") == (401, None)
    assert ask(answers, "POST", "/orders") == (400, None)


def test_a_document_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(BartizanError, match="No such file"):
        Library(KEY, {"api": str(tmp_path / "none.yaml")})
