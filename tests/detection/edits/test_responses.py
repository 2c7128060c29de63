"""Whoever gets a changed body finds nothing else of its response at odds with it."""

from __future__ import annotations

import pytest
from tests.support.exchange import make_exchange

from bartizan.detection.edits.responses import editable, is_json, put, want_whole
from bartizan.http.body import Body
from bartizan.http.headers import Headers
from bartizan.http.message import Response

FIELDS = {"content-type": "text/plain", "etag": '"a"', "accept-ranges": "bytes"}


def response(body: bytes = b"old", **fields: str) -> Response:
    return Response(200, Headers.of({**FIELDS, **fields}.items()), Body.of(body), len(body))


def test_length_and_tag_are_those_of_the_new_body() -> None:
    changed = response()
    put(make_exchange().request, changed, b"new one", b'"b"', current=False)
    assert (changed.status, changed.length, changed.body.take()) == (200, 7, b"new one")
    assert changed.headers == Headers.of([("content-type", "text/plain"), ("etag", '"b"')])


def test_who_has_it_is_told_so() -> None:
    changed = response()
    put(make_exchange().request, changed, b"new one", b'"b"', current=True)
    assert (changed.status, changed.length, changed.body.take()) == (304, None, b"")
    assert changed.headers == Headers.of([("etag", '"b"')])


def test_head_tells_the_length_alone_and_chunks_stay_chunks() -> None:
    changed = response(b"")
    put(make_exchange("HEAD").request, changed, b"new one", None, current=False)
    assert (changed.length, changed.body.take()) == (7, b"")
    chunked = response()
    chunked.length = None
    put(make_exchange().request, chunked, b"new one", None, current=False)
    assert (chunked.length, chunked.body.take()) == (None, b"new one")


@pytest.mark.parametrize(
    ("fields", "may"),
    [
        ({}, True),
        ({"content-encoding": "identity"}, True),
        ({"content-encoding": "gzip"}, False),
        ({"content-digest": "sha-256=:x:"}, False),
    ],
)
def test_only_plain_bytes_that_nothing_vouches_for_may_be_changed(fields: dict[str, str], may: bool) -> None:
    assert editable(response(b"old", **fields), 3) is may
    assert not editable(response(b"older", **fields), 3)


def test_json_is_told_by_its_media_type() -> None:
    for kind, told in (("application/json; charset=utf-8", True), ("application/a+json", True), ("text/json", False)):
        assert is_json(Headers.of([("content-type", kind)])) is told


def test_whole_responses_are_asked_for() -> None:
    headers = Headers.of([("accept-encoding", "gzip"), ("range", "bytes=0-1"), ("if-range", '"a"'), ("accept", "*/*")])
    want_whole(headers)
    assert headers == Headers.of([("accept", "*/*"), ("accept-encoding", "identity")])
