from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from tests.decoy.test_app import CONTEXT

from bartizan.decoy.answers import DecoyAnswers
from bartizan.decoy.asked import Asked
from bartizan.decoy.knowledge import Library
from bartizan.decoy.writes import Writes
from bartizan.detection.profile import Learner, Profile
from bartizan.detection.profile.book import file_of
from bartizan.errors import BartizanError
from bartizan.http.body import Body
from bartizan.http.headers import Headers
from bartizan.http.message import Request, Response

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
DOCUMENT["paths"]["/report"] = {  # type: ignore[index]
    "get": {"responses": {"200": {"description": "", "content": {"text/csv": {"example": "id,total\n1,12.50\n"}}}}}
}
DOCUMENT["paths"]["/motto"] = {  # type: ignore[index]
    "get": {"responses": {"200": {"description": "", "content": {"text/plain": {"schema": {"type": "string"}}}}}}
}


@pytest.fixture
def answers(tmp_path: Path) -> DecoyAnswers:
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(DOCUMENT))
    return DecoyAnswers(Library(KEY, tmp_path, {"api": str(file)}), Writes(10))


def ask(answers: DecoyAnswers, method: str, path: str, given: object = None, **fields: str) -> tuple[int, object]:
    context = msgspec.structs.replace(CONTEXT, path=f"/v2{path}")
    body = b"" if given is None else json.dumps(given).encode()
    said = [(name.encode(), value.encode()) for name, value in fields.items()]
    answer = answers.answer(Asked(context, method, path, "", said, body, len(body)))
    assert dict(answer.fields)[b"content-length"] == b"%d" % len(answer.body)
    return answer.status, json.loads(answer.body) if answer.body else None


def known(directory: Path, now: float = 1_700_000_000.0) -> DecoyAnswers:
    return DecoyAnswers(Library(KEY, directory, {}, lambda: now), Writes(10), lambda: 0.5)


def learned() -> Profile:
    """What an upstream like this one has shown to the edge."""
    learner = Learner(lambda: 0.5)
    now = 1_700_000_000.0
    for number in range(1, 40):
        for method, path, status, media_type, body in (
            ("GET", f"/orders/{number}", 200, "application/json", b'{"id": %d, "paid": true}' % number),
            ("GET", f"/nowhere/{number}", 404, "text/html", b"<h1>Not Found</h1>"),
        ):
            request = Request(method, path.encode(), Headers(), path=path, body=Body.of(), length=0)
            fields = [(b"server", b"shop/2"), (b"content-type", media_type.encode()), (b"x-frame-options", b"DENY")]
            response = Response(status, Headers(fields), Body.of(body), len(body))
            learner.head(request, response, "192.0.2.1", 0.02 if status == 200 else 0.002, now)
            learner.body(request, response, body, now)
    return learner.take()


def test_without_a_document_it_goes_by_what_was_seen(tmp_path: Path) -> None:
    file = file_of(tmp_path, "api")
    file.write_bytes(learned().encode())
    answers = known(tmp_path)
    found = answers.answer(Asked(CONTEXT, "GET", "/orders/5", "", []))
    assert (found.status, found.wait) == (200, pytest.approx(0.02))
    assert json.loads(found.body)["id"] == 5
    assert b'": ' in found.body  # as the upstream writes JSON
    assert [name for name, _ in found.fields] == [b"server", b"content-type", b"x-frame-options", b"content-length"]
    missing = answers.answer(Asked(CONTEXT, "GET", "/other", "", []))
    assert (missing.status, missing.body, missing.wait) == (404, b"<h1>Not Found</h1>", pytest.approx(0.002))
    assert missing.fields[:2] == [(b"server", b"shop/2"), (b"content-type", b"text/html")]
    refused = answers.answer(Asked(CONTEXT, "DELETE", "/orders/5", "", []))
    assert (refused.status, refused.body) == (405, b"<h1>Not Found</h1>")


def test_a_profile_that_was_learned_meanwhile_is_taken(tmp_path: Path) -> None:
    times = [1000.0]
    answers = DecoyAnswers(Library(KEY, tmp_path, {}, lambda: times[0]), Writes(10))
    asked = Asked(CONTEXT, "GET", "/orders/5", "", [])
    assert answers.answer(asked).status == 404
    file_of(tmp_path, "api").write_bytes(learned().encode())
    assert answers.answer(asked).status == 404
    times[0] += 3
    assert answers.answer(asked).status == 200


def test_of_what_is_not_known_there_is_nothing_but_framing(tmp_path: Path) -> None:
    answers = known(tmp_path)
    found = answers.answer(Asked(CONTEXT, "GET", "/", "", []))
    assert (found.status, found.fields, found.body) == (404, [(b"content-length", b"0")], b"")
    assert 0.01 <= found.wait <= 0.04


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
        Library(KEY, tmp_path, {"api": str(tmp_path / "none.yaml")})


def test_what_was_seen_often_counts_more_than_what_a_document_says(tmp_path: Path) -> None:
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(DOCUMENT))
    file_of(tmp_path, "api").write_bytes(learned().encode())
    answers = DecoyAnswers(Library(KEY, tmp_path, {"api": str(file)}), Writes(10))
    assert ask(answers, "GET", "/orders/5") == (200, {"id": 5, "paid": True})
    assert ask(answers, "DELETE", "/orders/5")[0] == 401
    assert answers.answer(Asked(CONTEXT, "PUT", "/orders/5", "", [])).status == 405


@pytest.mark.parametrize("path", ["/orders/0", "/orders/4000", "/orders/99999999999999999999"])
def test_there_are_no_objects_far_beyond_those_that_were_seen(tmp_path: Path, path: str) -> None:
    file_of(tmp_path, "api").write_bytes(learned().encode())
    answers = known(tmp_path)
    assert answers.answer(Asked(CONTEXT, "GET", "/orders/39", "", [])).status == 200
    assert [answers.answer(Asked(CONTEXT, method, path, "", [])).status for method in ("GET", "DELETE")] == [404, 404]


def test_the_same_is_shown_again_until_the_profile_says_otherwise(tmp_path: Path) -> None:
    times = [1000.0]
    file_of(tmp_path, "api").write_bytes(learned().encode())
    library = Library(KEY, tmp_path, {}, lambda: times[0])
    asked = Asked(CONTEXT, "GET", "/orders/5", "", [])
    first = library(asked).example("GET", "/orders/5")
    again = library(asked).example("GET", "/orders/5")
    assert first is not None
    assert again is not None
    assert again.document is first.document
    changed = learned()
    changed.shapes["GET /orders/{int}"].merge(learned().shapes["GET /orders/{int}"])
    node = changed.shapes["GET /orders/{int}"].node
    assert node is not None
    del node.members["paid"]
    file_of(tmp_path, "api").write_bytes(changed.encode())
    times[0] += 3
    other = library(asked).example("GET", "/orders/5")
    assert other is not None
    assert other.document == {"id": 5}


def test_what_is_no_json_is_sent_as_the_document_has_it(answers: DecoyAnswers) -> None:
    bodies = {}
    for path in ("/report", "/motto"):
        context = msgspec.structs.replace(CONTEXT, path=f"/v2{path}")
        answer = answers.answer(Asked(context, "GET", path, "", [], b"", 0))
        assert answer.status == 200
        bodies[path] = answer.body
    assert bodies["/report"] == b"id,total\n1,12.50\n"
    assert bodies["/motto"]
    assert not bodies["/motto"].startswith(b'"')
