from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.exchange import make_exchange

from bartizan.detection.decoys.conditions import Unsatisfiable, conditioned
from bartizan.http.body import Body
from bartizan.http.headers import Headers
from bartizan.http.message import Response

TEXT = b"ref: refs/heads/main\n"
TAG, AT = '"65a1-15"', "Thu, 26 Nov 2026 02:59:00 GMT"
FIELDS = [
    (b"server", b"nginx"),
    (b"content-type", b"text/plain"),
    (b"last-modified", AT.encode()),
    (b"etag", TAG.encode()),
    (b"accept-ranges", b"bytes"),
]


def answered(fields: list[tuple[bytes, bytes]] = FIELDS, method: str = "GET", **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = Response(200, Headers(list(fields)), Body.of(TEXT), len(TEXT))
    conditioned(make_exchange(method, path="/.git/HEAD", headers=named).request, response)
    return response


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"if_none_match": TAG}, 304),
        ({"if_none_match": f'"a", W/{TAG}'}, 304),
        ({"if_none_match": "*"}, 304),
        ({"if_none_match": '"other"', "if_modified_since": AT}, 200),
        ({"if_modified_since": AT}, 304),
        ({"if_modified_since": "Thu, 26 Nov 2026 02:58:59 GMT"}, 200),
        ({"if_modified_since": "yesterday"}, 200),
    ],
)
def test_conditions_hold_as_for_a_file(headers: dict[str, str], status: int) -> None:
    response = answered(**headers)
    assert response.status == status
    if status == 304:
        assert response.body.peek() == b""
        assert response.length is None
        assert [name for name, _ in response.headers.items] == [b"server", b"last-modified", b"etag"]


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("bytes=0-3", b"ref:"),
        ("bytes=5-", TEXT[5:]),
        ("bytes=-5", TEXT[-5:]),
        ("bytes=-99", TEXT),
        ("bytes=0-99", TEXT),
    ],
)
def test_a_range_is_a_part(wanted: str, part: bytes) -> None:
    response = answered(range=wanted)
    assert (response.status, response.body.peek(), response.length) == (206, part, len(part))
    start = TEXT.index(part)
    assert response.headers.get(b"content-range") == b"bytes %d-%d/%d" % (start, start + len(part) - 1, len(TEXT))
    assert response.headers.get(b"accept-ranges") is None


@pytest.mark.parametrize("wanted", ["bytes=0-1,3-4", "lines=1-2", "bytes=", "bytes=a-b", "bytes=5-2", "bytes=--1"])
def test_other_ranges_are_passed_over(wanted: str) -> None:
    assert answered(range=wanted).status == 200


def test_a_range_of_another_content_is_passed_over() -> None:
    assert answered(range="bytes=0-3", if_range='"other"').status == 200
    assert answered(range="bytes=0-3", if_range=TAG).status == 206
    assert answered(range="bytes=0-3", if_range=AT).status == 206
    assert answered(range="bytes=0-3", method="HEAD").status == 200
    assert answered(FIELDS[:2], range="bytes=0-3", if_none_match=TAG, if_modified_since=AT).status == 200


def test_behind_the_end_there_is_nothing() -> None:
    with pytest.raises(Unsatisfiable) as caught:
        answered(range="bytes=21-")
    assert caught.value.args == (21,)


@settings(max_examples=60, deadline=None)
@given(st.text("bytes=-0123456789, ", max_size=20))
def test_whatever_range_is_asked_for_it_is_answered(wanted: str) -> None:
    try:
        response = answered(range=wanted)
    except Unsatisfiable:
        return
    assert response.status in (200, 206)
    assert response.body.peek() in TEXT
