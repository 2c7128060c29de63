import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.perimeter.waf.testing.sniff import media_type


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"<!doctype html><p>", b"text/html; charset=utf-8"),
        (b"\n <TITLE>x</title>", b"text/html; charset=utf-8"),
        (b"<a href=x>", b"text/html; charset=utf-8"),
        (b"<abc>", b"text/plain; charset=utf-8"),
        (b"<!-- x -->", b"text/html; charset=utf-8"),
        (b"<!--x-->", b"text/plain; charset=utf-8"),
        (b'<?xml version="1.0"?><a/>', b"text/xml; charset=utf-8"),
        (b"%PDF-1.7\n", b"application/pdf"),
        (b"\x89PNG\r\n\x1a\n\x00", b"image/png"),
        (b"Fatal error: \xe9", b"text/plain; charset=utf-8"),
        (b"\xef\xbb\xbfa", b"text/plain; charset=utf-8"),
        (b"a\x00b", b"application/octet-stream"),
        (b"\x1b[31mred", b"text/plain; charset=utf-8"),
        (b"a" * 512 + b"\x00", b"text/plain; charset=utf-8"),
    ],
)
def test_a_body_is_what_it_begins_like(body: bytes, expected: bytes) -> None:
    assert media_type(body) == expected


@given(st.binary())
def test_any_body_is_something(body: bytes) -> None:
    assert b"/" in media_type(body)
