import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.http.lenient import LenientRequest
from bartizan.perimeter.waf.testing import Generation
from bartizan.perimeter.waf.testing.reflect import Answer, answer


def posted(document: Any, uri: bytes = b"/reflect") -> Answer:
    return answer(LenientRequest(b"POST", uri, b"HTTP/1.1", [], json.dumps(document).encode()))


def test_a_response_is_given_as_asked() -> None:
    asked = {"status": 503, "headers": {"Content-Type": "text/html", "Content-Length": "9"}, "body": "<é>"}
    assert posted(asked) == Answer(503, ((b"Content-Type", b"text/html"),), "<é>".encode())
    assert posted({"encodedBody": "AP8="}, b"/reflect/x?y") == Answer(
        200, ((b"Content-Type", b"application/octet-stream"),), b"\x00\xff"
    )


def test_a_response_says_what_it_is_as_its_body_begins_unless_told_otherwise() -> None:
    def fields(**document: Any) -> list[tuple[bytes, bytes]]:
        return list(posted(document).headers)

    assert fields(body="Error: x") == [(b"Content-Type", b"text/plain; charset=utf-8")]
    assert fields(body=" <h1>Error</h1>") == [(b"Content-Type", b"text/html; charset=utf-8")]
    assert fields(body="Error: x", headers={"content-type": "a/b"}) == [(b"content-type", b"a/b")]
    assert fields(body="Error: x", headers={"Content-Encoding": "br"}) == [(b"Content-Encoding", b"br")]
    assert fields(status=403) == []


@pytest.mark.parametrize(
    "document", [[], 1, {"status": "x"}, {"status": 600}, {"status": 99}, {"encodedBody": "%"}, {"headers": 3}]
)
def test_what_cannot_be_given_is_a_bad_request(document: Any) -> None:
    assert posted(document).status == 400


def test_header_fields_that_http_forbids_are_dropped() -> None:
    assert posted({"headers": {"a b": "1", "c": "x\r\ny", "d": "2"}}).headers == ((b"d", b"2"),)


def test_everything_else_is_fine_and_anything_comes_back() -> None:
    request = LenientRequest(b"PUT", b"/anything/x", b"HTTP/1.1", [(b"content-type", b"text/plain")], b"hello")
    assert answer(request) == Answer(200, ((b"Content-Type", b"text/plain"),), b"hello")
    assert answer(LenientRequest(b"GET", b"/reflect", b"HTTP/1.1", [], b"")) == Answer()


def test_the_older_suites_backend_has_some_places_only() -> None:
    def status(target: bytes) -> int:
        return answer(LenientRequest(b"GET", target, b"HTTP/1.1", [], b""), Generation.V3).status

    assert [status(each) for each in (b"/", b"/?a", b"/get?a", b"/status/1", b"*", b"/i%FFndex.html")] == [
        200, 200, 200, 200, 200, 404,
    ]  # fmt: skip


def test_a_response_goes_out_with_its_length_where_it_may_have_one() -> None:
    assert Answer(200, ((b"A", b"b"),), b"xy").wire() == (
        b"HTTP/1.1 200 -\r\nA: b\r\nContent-Length: 2\r\nConnection: close\r\n\r\nxy"
    )
    assert Answer(204, (), b"xy").wire() == b"HTTP/1.1 204 -\r\nConnection: close\r\n\r\n"


@given(st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["status", "headers", "body", "encodedBody", "a"]), inner)))  # fmt: skip
def test_any_document_is_answered(document: Any) -> None:
    assert 100 <= posted(document).status < 600
