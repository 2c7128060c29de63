from hypothesis import given
from hypothesis import strategies as st

from bartizan.perimeter.waf.testing.response import read_response


def test_status_and_header_fields_are_read() -> None:
    content = b"HTTP/1.1 403 No\r\nA: b\r\nSet-Cookie:c=1\r\n\r\nD: body"
    assert read_response(content) == (403, [(b"A", b"b"), (b"Set-Cookie", b"c=1")])


def test_what_is_no_response_has_no_status() -> None:
    assert read_response(b"<html>")[0] is None
    assert read_response(b"")[0] is None
    assert read_response(b"HTTP/1.1 4x3 No")[0] is None


@given(st.binary())
def test_any_bytes_are_read(content: bytes) -> None:
    read_response(content)
    read_response(b"HTTP/1.1 " + content)
