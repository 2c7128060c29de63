"""Answers from a small API that is known: /orders with details, /ping without JSON, /secret for who logs in."""

from __future__ import annotations

import json
import re

import pytest
from tests.decoy.test_app import CONTEXT

from bartizan.decoy.answers import DecoyAnswers, Example
from bartizan.decoy.asked import Answer, Asked
from bartizan.decoy.objects import Json
from bartizan.decoy.writes import Writes

JSON = "application/json"
ORDER = re.compile(r"/orders/(\d+)")


class Shop:
    """What is known of it; it never said 401."""

    def example(self, method: str, path: str, number: int = 0) -> Example | None:
        if path == "/ping" and method == "GET":
            return Example(200, "text/plain", body=b"pong")
        if path == "/secret" and method == "GET":
            return Example(200, JSON, {"id": 1}, wants_credentials=True)
        if path == "/orders":
            listing: Json = {"total": 2, "items": [self._order(1), self._order(2)]}
            return {
                "GET": Example(200, JSON, listing),
                "POST": Example(201, JSON, self._order(77), wants_json=True),
            }.get(method)
        found = ORDER.fullmatch(path)
        if found is None or int(found[1]) > 999:
            return None
        if method == "DELETE":
            return Example(204, "")
        return Example(200, JSON, self._order(int(found[1]))) if method in ("GET", "PUT") else None

    def methods(self, path: str) -> list[str]:
        return [method for method in ("GET", "POST", "PUT", "DELETE") if self.example(method, path)]

    def error(self, status: int, path: str) -> tuple[list[tuple[bytes, bytes]], bytes] | None:
        body = b'{"error":%d}' % status
        fields = [(b"allow", b"?")] if status == 405 else []
        return ([*fields, (b"x-error", path.encode())], body) if status in (400, 404, 405) else None

    def fields(self, status: int, media_type: str, body: bytes, path: str) -> list[tuple[bytes, bytes]]:
        return [(b"server", b"shop"), (b"content-type", media_type.encode()), (b"content-length", b"%d" % len(body))]

    def encode(self, document: Json) -> bytes:
        return json.dumps(document).encode()

    def latency(self, uniform: float, method: str, status: int) -> float:
        return 0.01 + uniform

    @staticmethod
    def _order(number: int) -> Json:
        return {"id": number, "name": f"order {number}", "paid": False}


@pytest.fixture
def answers() -> DecoyAnswers:
    return DecoyAnswers(lambda _: Shop(), Writes(10), lambda: 0.5)


def ask(
    answers: DecoyAnswers, method: str, path: str, given: object = None, actor: str = "a", **more: object
) -> tuple[int, object]:
    answer = whole(answers, method, path, b"" if given is None else json.dumps(given).encode(), actor, **more)
    return answer.status, json.loads(answer.body) if answer.body[:1] in (b"{", b"[") else answer.body


def whole(
    answers: DecoyAnswers, method: str, path: str, body: bytes = b"", actor: str = "a", **fields: object
) -> Answer:
    told = type(CONTEXT)(**{**{name: getattr(CONTEXT, name) for name in CONTEXT.__struct_fields__}, "actor": actor})
    said = [(name.encode(), str(value).encode()) for name, value in fields.items()]
    if body:
        said.append((b"content-type", JSON.encode()))
    return answers.answer(Asked(told, method, path, "", said, body, len(body)))


def test_what_is_known_is_answered_in_its_time(answers: DecoyAnswers) -> None:
    answer = whole(answers, "GET", "/orders/5")
    assert (answer.status, answer.body, answer.wait) == (200, b'{"id": 5, "name": "order 5", "paid": false}', 0.51)
    assert answer.fields == [(b"server", b"shop"), (b"content-type", b"application/json"), (b"content-length", b"43")]
    assert ask(answers, "GET", "/ping") == (200, b"pong")


def test_head_is_answered_as_get(answers: DecoyAnswers) -> None:
    assert whole(answers, "HEAD", "/orders/5").fields == whole(answers, "GET", "/orders/5").fields


def test_errors_are_the_upstreams_own(answers: DecoyAnswers) -> None:
    assert ask(answers, "GET", "/nowhere") == (404, {"error": 404})
    assert ask(answers, "GET", "/orders/1000") == (404, {"error": 404})
    assert ask(answers, "PATCH", "/orders") == (405, {"error": 405})
    assert whole(answers, "PATCH", "/orders").fields[0] == (b"allow", b"GET, POST")
    assert ask(answers, "OPTIONS", "/orders") == (405, {"error": 405})


@pytest.mark.parametrize("body", [b"{", b"name=x", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_is_refused_as_the_upstream_does(answers: DecoyAnswers, body: bytes) -> None:
    assert whole(answers, "POST", "/orders", body).status == 400
    assert ask(answers, "GET", "/orders/78")[0] == 200


def test_who_presents_nothing_is_refused_where_something_is_needed(answers: DecoyAnswers) -> None:
    refused = whole(answers, "GET", "/secret")
    assert (refused.status, refused.body) == (401, b"")
    assert dict(refused.fields)[b"server"] == b"shop"
    assert ask(answers, "GET", "/secret", authorization="Bearer ***") == (200, {"id": 1})


def test_what_was_created_is_read_back_by_whoever_did_it(answers: DecoyAnswers) -> None:
    made = ask(answers, "POST", "/orders", {"name": "mine", "admin": True, "id": 1})
    assert made == (201, {"id": 77, "name": "mine", "paid": False})
    assert ask(answers, "GET", "/orders/77") == (200, made[1])
    assert [order["id"] for order in ask(answers, "GET", "/orders")[1]["items"]] == [1, 2, 77]  # type: ignore[index]
    assert ask(answers, "GET", "/orders/77", actor="b") == (200, {"id": 77, "name": "order 77", "paid": False})
    assert len(ask(answers, "GET", "/orders", actor="b")[1]["items"]) == 2  # type: ignore[index]


def test_each_object_that_is_created_is_another_one(answers: DecoyAnswers) -> None:
    made = [ask(answers, "POST", "/orders", {"name": name})[1]["id"] for name in "abc"]  # type: ignore[index]
    assert made == [77, 78, 79]
    assert ask(answers, "GET", "/orders/78")[1]["name"] == "b"  # type: ignore[index]


def test_what_was_changed_stays_changed(answers: DecoyAnswers) -> None:
    assert ask(answers, "PUT", "/orders/2", {"paid": True}) == (200, {"id": 2, "name": "order 2", "paid": True})
    assert ask(answers, "PUT", "/orders/2", {"name": "n"}) == (200, {"id": 2, "name": "n", "paid": True})
    assert ask(answers, "GET", "/orders/2") == (200, {"id": 2, "name": "n", "paid": True})
    assert ask(answers, "GET", "/orders")[1]["items"][1]["name"] == "n"  # type: ignore[index]


def test_what_was_deleted_is_gone(answers: DecoyAnswers) -> None:
    assert whole(answers, "DELETE", "/orders/2").status == 204
    assert ask(answers, "GET", "/orders/2") == (404, {"error": 404})
    assert ask(answers, "DELETE", "/orders/2") == (404, {"error": 404})
    assert [order["id"] for order in ask(answers, "GET", "/orders")[1]["items"]] == [1]  # type: ignore[index]
