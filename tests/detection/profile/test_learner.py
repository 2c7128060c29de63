import gzip
import json
import random
import zlib

import pytest
from tests.detection.profile.traffic import NOW, see

from bartizan.detection.profile.learner import MAX_BODY, Learner
from bartizan.http.headers import Headers
from bartizan.http.message import Request, Response

DRAW = random.Random(1)


def look(learner: Learner, response: Response, body: bytes, method: str = "GET", path: str = "/orders/1") -> int:
    request = Request(method, path.encode(), Headers(), path=path)
    wanted = learner.head(request, response, "192.0.2.1", 0.01, NOW)
    if wanted:
        learner.body(request, response, body, NOW)
    return wanted


def typed(status: int, media: str, body: bytes, *more: tuple[str, str]) -> Response:
    return Response(status, Headers.of([("content-type", media), *more]), length=len(body))


def test_a_few_responses_a_second_are_looked_at_and_errors_besides() -> None:
    learner = Learner()
    looked = [learner.wants(200, at / 1000) for at in range(1000, 2000)]
    assert sum(looked) == 5
    assert learner.wants(404, 1.999)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "identity"])
def test_coded_bodies_are_read(coding: str) -> None:
    body = b'{"id": 1}'
    sent = {"gzip": gzip.compress, "deflate": zlib.compress, "identity": bytes}[coding](body)
    learner = Learner()
    look(learner, typed(200, "application/json", sent, ("content-encoding", coding)), sent)
    shape = learner.fresh.shape("GET", "/orders/7")
    assert shape is not None
    assert shape.node is not None


@pytest.mark.parametrize(
    ("coding", "sent"),
    [("br", b"x"), ("gzip", b"none"), ("gzip", gzip.compress(b"[" + b"0," * 400_000 + b"0]")), ("identity", b"{")],
)
def test_bodies_that_cannot_be_read_teach_nothing(coding: str, sent: bytes) -> None:
    learner = Learner()
    assert look(learner, typed(200, "application/json", sent, ("content-encoding", coding)), sent)
    assert learner.fresh.shapes == {}


def test_only_bodies_that_teach_something_are_wanted() -> None:
    learner = Learner()
    assert look(learner, typed(200, "text/html", b"<p>"), b"<p>") == 0
    assert look(learner, typed(200, "application/json", b"[]"), b"", "HEAD") == 0
    assert look(learner, typed(200, "application/json", b" " * (MAX_BODY + 1)), b"") == 0
    assert look(learner, typed(302, "text/html", b"x"), b"") == 0
    assert look(learner, typed(204, "", b""), b"", "DELETE") == 0
    assert look(learner, typed(500, "text/html", b"x" * 5000), b"") == 0
    assert look(learner, typed(404, "text/html", b"no"), b"no") > 0
    assert learner.fresh.methods("/orders/9") == ["GET", "DELETE"]


def test_what_was_learned_is_taken_once() -> None:
    learner = Learner()
    see(learner, "GET", "/orders/1", 200, {"id": 1}, DRAW)
    assert learner.take().shapes
    assert not learner.take().shapes
    assert learner.learned == 1


def test_what_requests_wrote_as_json_is_remembered() -> None:
    learner = Learner()
    body = json.dumps({"id": 1}).encode()
    request = Request("POST", b"/orders", Headers.of([("content-type", "application/json")]), path="/orders")
    response = typed(201, "application/json", body)
    assert learner.head(request, response, "x", 0.01, NOW)
    learner.body(request, response, body, NOW)
    shape = learner.fresh.shape("POST", "/orders")
    assert shape is not None
    assert shape.wants_json
    assert shape.status == 201


def test_names_of_objects_in_paths_are_not_kept() -> None:
    learner = Learner()
    for name in ("miller", "smith"):
        see(learner, "GET", f"/users/{name}", 200, {"login": name, "id": 7}, DRAW)
        see(learner, "GET", f"/users/{name}/orders", 200, [], DRAW)
    profile = learner.take()
    assert profile.templates() == ["/users/{text}", "/users/{text}/orders"]
    assert profile.methods("/users/anybody/orders") == ["GET"]


@pytest.mark.parametrize("field", ["authorization", "cookie", "x-api-key"])
def test_what_is_said_to_one_person_is_not_kept_however_often(field: str) -> None:
    learner, body = Learner(), b"Sorry Erika, you may not see this"
    for number in range(20):
        headers = Headers.of([(field, "hers" if number < 10 else "his")])
        request = Request("GET", b"/", headers, path=f"/orders/{number}")
        response = typed(403, "text/plain", body, ("x-plan", "gold"))
        assert learner.head(request, response, "192.0.2.1", 0.01, NOW)
        learner.body(request, response, body, NOW)
    data = learner.take().encode()
    assert b"Erika" not in data
    assert b"gold" not in data


def refused(path: str, body: bytes, *, query: bytes | None = None, sent: int = 0) -> bytes:
    """Return the profile after the same client has had the same error ten times."""
    learner = Learner()
    for _ in range(10):
        request = Request("GET", path.encode(), Headers(), path=path, query=query, length=sent)
        response = typed(404, "text/plain", body)
        assert learner.head(request, response, "192.0.2.1", 0.01, NOW)
        learner.body(request, response, body, NOW, "192.0.2.1")
    return learner.take().encode()


def test_an_error_that_repeats_nothing_of_a_request_is_the_upstreams_own() -> None:
    assert b"here" in refused("/nowhere", b"nothing is here")
    assert b"here" in refused("/nowhere", b"nothing is here: /nowhere")


def test_an_error_that_repeats_what_one_client_said_is_not_kept() -> None:
    assert b"miller" not in refused("/users/miller", b"user miller is not here")
    assert b"miller" not in refused("/users", b"user miller is not here", query=b"q=miller&x=1")
    assert b"miller" not in refused("/users/Miller", b"no such user: shop:miller.")
    assert b"here" not in refused("/users", b"user miller is not here", sent=20)
