from hypothesis import given
from hypothesis import strategies as st

from bartizan.perimeter.waf.testing.plain import Plain, read_request, read_response


def test_a_request_is_taken_apart() -> None:
    assert read_request(b"GET /a b HTTP/1.1\r\nHost: x\r\nX:  y \r\n\r\nbody") == Plain(
        b"GET", b"/a b", b"HTTP/1.1", ((b"Host", b"x"), (b"X", b"y")), b"body"
    )


def test_leading_spaces_stay_with_the_method() -> None:
    assert read_request(b"     GET / HTTP/1.1\r\n\r\n").method == b"     GET"


def test_bare_line_feeds_and_folded_fields_are_read() -> None:
    request = read_request(b"GET / HTTP/1.1\nA: 1\n 2\nB: 3\n\nx")
    assert request.headers == ((b"A", b"1 2"), (b"B", b"3"))
    assert request.body == b"x"


def test_chunks_are_put_together_and_what_is_none_is_left() -> None:
    head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert read_request(head + b"3;x\r\nabc\r\n2\r\nde\r\n0\r\n\r\n").body == b"abcde"
    assert read_request(head + b"foo=bar").body == b"foo=bar"


def test_a_response_is_taken_apart() -> None:
    assert read_response(b"HTTP/1.1 403 No\r\nA: b\r\n\r\nx") == (403, ((b"A", b"b"),), b"x")
    assert read_response(b"<html>")[0] is None
    assert read_response(b"")[0] is None


@given(st.binary())
def test_any_bytes_are_read(content: bytes) -> None:
    read_request(content)
    read_request(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + content)
    read_response(content)
