from __future__ import annotations

import random

from tests.detection.profile.traffic import respond
from tests.support.decoys import KEY, NOW, baits, decoy_set

from bartizan.config.model import DecoyPath, DecoySettings
from bartizan.detection.decoys.answers import Answers
from bartizan.detection.profile.learner import Learner
from bartizan.detection.profile.profile import Profile
from bartizan.http.headers import Headers
from bartizan.http.message import Request


def test_a_visit_changes_nothing_of_the_content() -> None:
    decoys = decoy_set()
    decoy = decoys.by_path["/.env"]
    one = decoys.answers.response(decoy, Profile(), "visit-1", NOW, method="GET")
    two = decoys.answers.response(decoy, Profile(), "visit-2", NOW + 99, method="GET")
    assert one.body.peek() == two.body.peek() == decoy_set().answers.content(decoy, Profile()).body  # type: ignore[union-attr]
    assert one.length == len(one.body.peek())


def test_head_has_the_length_and_no_body() -> None:
    decoys = decoy_set()
    answer = decoys.answers.response(decoys.by_path["/.env"], Profile(), "visit", NOW, method="HEAD")
    assert (answer.body.peek(), answer.status) == (b"", 200)
    assert answer.length
    assert answer.length > 100


def test_what_has_no_content_is_an_error() -> None:
    settings = DecoySettings(paths=[DecoyPath(path="/a", kind="not_found"), DecoyPath(path="/b", kind="forbidden")])
    decoys = decoy_set(settings)
    statuses = [
        decoys.answers.response(decoys.by_path[path], Profile(), "visit", NOW, method="GET").status
        for path in ("/a", "/b")
    ]
    assert statuses == [404, 403]


def test_credentials_are_refused() -> None:
    decoys = decoy_set()
    decoy = decoys.by_path["/admin/login"]
    asked = decoys.answers.content(decoy, Profile())
    refused = decoys.answers.content(decoy, Profile(), "form")
    assert asked is not None
    assert refused is not None
    assert (asked.status, refused.status) == (200, 401)


def test_a_program_gets_the_refusal_of_the_upstreams_own_logins() -> None:
    learner = Learner()
    for number in range(3):
        response, body = respond(401, {"detail": "Wrong name or password"}, random.Random(number))
        request = Request("POST", b"/login", Headers(), path="/login", authority="shop.test")
        learner.head(request, response, f"192.0.2.{number}", 0.05, NOW)
        learner.body(request, response, body, NOW, f"192.0.2.{number}")
    decoys, profile = decoy_set(), learner.take()
    decoy = decoys.by_path["/admin/login"]
    told = decoys.answers.response(decoy, profile, "visit", NOW, method="POST", tried="json")
    assert (told.status, told.body.peek()) == (401, b'{"detail": "Wrong name or password"}')
    assert decoys.answers.content(decoy, profile, "form") is not None


def test_every_token_in_a_decoy_is_known_once_all_are_made() -> None:
    tokens = baits()
    decoys = decoy_set()
    Answers(KEY, decoys.by_path.values(), tokens.secret)
    assert len(tokens.tokens) > 15
    assert {token.place for token in tokens.tokens.values()} <= set(decoys.by_path)
