from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.malformed import MALFORMED

from bartizan.http.lenient import MAX_BYTES, MAX_FIELDS, LenientRequest, read_request


def test_a_well_formed_request_is_read_as_it_is() -> None:
    data = b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nX-Two:  1 \r\nX-Two: 2\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1"
    fields = [(b"host", b"x"), (b"x-two", b"1"), (b"x-two", b"2"), (b"content-length", b"3")]
    assert read_request(data) == LenientRequest(b"POST", b"/a?b=c", b"HTTP/1.1", fields, b"abc")


@pytest.mark.parametrize(
    ("line", "method", "target", "protocol"),
    [
        (b"GET /a b\tc HTTP/1.1", b"GET", b"/a b\tc", b"HTTP/1.1"),
        (b"GET  /  HTTP/1.1", b"GET", b"/", b"HTTP/1.1"),
        (b"get /\\..\\%zz\x01\xff HTTP/3.0", b"get", b"/\\..\\%zz\x01\xff", b"HTTP/3.0"),
        (b"GET /a", b"GET", b"/a", b"HTTP/0.9"),
        (b"GET / JUNK/1.0", b"GET", b"/ JUNK/1.0", b"HTTP/0.9"),
        (b"GET / http/1.1", b"GET", b"/", b"http/1.1"),
        (b"\x16\x03\x01", b"\x16\x03\x01", b"", b"HTTP/0.9"),
        (b"", b"", b"", b"HTTP/0.9"),
    ],
)
def test_request_lines_are_read_as_they_came(line: bytes, method: bytes, target: bytes, protocol: bytes) -> None:
    assert read_request(line + b"\r\nHost: a\r\n\r\n")[:3] == (method, target, protocol) or not line
    assert read_request(line)[:3] == (method, target, protocol)


def test_bare_line_feeds_end_lines_and_folded_lines_go_on() -> None:
    read = read_request(b"\r\n\nGET / HTTP/1.1\nA: b\n c\n\td\r\nno colon\nOdd name(: x\rz\n: empty\n\nrest")
    assert read.fields == [(b"a", b"b c d"), (b"no colon", b""), (b"odd name(", b"x\rz"), (b"", b"empty")]
    assert read.body == b""


@pytest.mark.parametrize(
    ("head", "rest", "body"),
    [
        (b"Content-Length: 3", b"abcdef", b"abc"),
        (b"Content-Length: 9", b"abc", b"abc"),
        (b"Content-Length: 3\r\nContent-Length: 4", b"abcdef", b"abcdef"),
        (b"Content-Length: +3", b"abcdef", b"abcdef"),
        (b"Transfer-Encoding: identity", b"abcdef", b"abcdef"),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 1", b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\nGET", b"abcde"),
        (b"Transfer-Encoding: x, Chunked", b"3\nabc\n5\nde", b"abcde"),
        (b"Transfer-Encoding: chunked", b"3\r\nabc\r\nzz\r\nde", b"abczz\r\nde"),
        (b"Transfer-Encoding: chunked", b"-1\r\nabc", b"-1\r\nabc"),
        (b"X: y", b"GET /next HTTP/1.1", b""),
    ],
)
def test_bodies_are_cut_where_they_end_as_far_as_that_can_be_told(head: bytes, rest: bytes, body: bytes) -> None:
    assert read_request(b"POST / HTTP/1.1\r\n" + head + b"\r\n\r\n" + rest).body == body


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_every_malformed_request_is_read_somehow(data: bytes) -> None:
    read = read_request(data)
    assert all(name == name.lower() for name, _ in read.fields)


PIECES = [b"GET ", b"/", b" HTTP/1.1", b"\r\n", b"\n", b"a: b", b"Transfer-Encoding: chunked", b"5", b" "]


@given(st.binary() | st.lists(st.sampled_from(PIECES)).map(b"".join))
def test_nothing_raises(data: bytes) -> None:
    read = read_request(data)
    assert read.method in data
    assert read.target in data


def test_what_is_read_is_bounded() -> None:
    read = read_request(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 1_000_000)
    assert len(read.fields) == MAX_FIELDS
    assert len(read_request(b"x" * 10_000_000).method) == MAX_BYTES
