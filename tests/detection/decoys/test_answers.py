from __future__ import annotations

from tests.support.decoys import KEY, NOW, baits, decoy_set

from bartizan.config.model import DecoyPath, DecoySettings
from bartizan.detection.decoys.answers import Answers
from bartizan.detection.profile.profile import Profile


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
    refused = decoys.answers.content(decoy, Profile(), refusing=True)
    assert asked is not None
    assert refused is not None
    assert (asked.status, refused.status) == (200, 401)


def test_every_token_in_a_decoy_is_known_once_all_are_made() -> None:
    tokens = baits()
    decoys = decoy_set()
    Answers(KEY, decoys.by_path.values(), tokens.secret)
    assert len(tokens.tokens) > 15
    assert {token.place for token in tokens.tokens.values()} <= set(decoys.by_path)
