from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.perimeter.waf.bodies.processors import PROCESSORS
from bartizan.perimeter.waf.bodies.result import Limits

LIMITS = Limits()


def test_a_form_is_read_with_its_separator_and_its_limit() -> None:
    parsed = PROCESSORS[b"URLENCODED"](b"a=1;b=2;c=3", b"", Limits(arguments=2), ord(";"))
    assert parsed.arguments == [(b"a", b"1"), (b"b", b"2")]
    assert parsed.limit_exceeded
    assert not parsed.error


@pytest.mark.parametrize(
    ("name", "body", "arguments"),
    [
        (b"JSON", b'{"a":1}', [(b"json.a", b"1")]),
        (b"MULTIPART", b'--q\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--q--\r\n', [(b"a", b"1")]),
    ],
)
def test_bodies_are_read_by_their_processor(name: bytes, body: bytes, arguments: list[tuple[bytes, bytes]]) -> None:
    parsed = PROCESSORS[name](body, b"multipart/form-data; boundary=q", LIMITS, ord("&"))
    assert parsed.arguments == arguments
    assert not parsed.error


def test_xml_gives_a_document() -> None:
    parsed = PROCESSORS[b"XML"](b"<a>b</a>", b"", LIMITS, ord("&"))
    assert parsed.xml is not None
    assert parsed.xml.xpath(b"/*") == [b"b"]


@given(st.sampled_from(sorted(PROCESSORS)), st.binary(), st.binary())
def test_no_processor_raises(name: bytes, body: bytes, content_type: bytes) -> None:
    PROCESSORS[name](body, content_type, LIMITS, ord("&"))
