from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.perimeter.waf.bodies.charset import charset_of, invalid_utf8, is_disguise, parse_media_type


@pytest.mark.parametrize(
    ("value", "essence", "parameters"),
    [
        (b"text/html", b"text/html", {}),
        (b"Text/HTML; Charset=UTF-8", b"text/html", {b"charset": b"UTF-8"}),
        (b'a/b; c="d;\\"e"; f=g', b"a/b", {b"c": b'd;"e', b"f": b"g"}),
        (b"a/b;;", b"a/b", {}),
    ],
)
def test_media_types_are_read(value: bytes, essence: bytes, parameters: dict[bytes, bytes]) -> None:
    assert parse_media_type(value) == (essence, parameters)


@pytest.mark.parametrize(
    "value", [b"", b"text", b"a/b; c", b"a/b; c=", b"a/b; c=d; C=e", b'a/b; c="d', b"a/b x", b"a/b; c =d", b"a/b/c"]
)
def test_what_is_no_media_type_is_refused(value: bytes) -> None:
    assert parse_media_type(value) is None


@pytest.mark.parametrize(
    ("value", "charset"),
    [
        (b"text/plain", b""),
        (b"text/plain; charset=UTF-8", b"utf-8"),
        (b'text/plain; x=y; charset="utf-7"', b"utf-7"),
        (b"text/plain; charset = 'ibm037' x", b"ibm037"),
        (b"charset=utf-16", b"utf-16"),
        (b"text/plain; charset=a; charset=b", b"a"),
    ],
)
def test_charsets_are_found_even_where_the_field_is_malformed(value: bytes, charset: bytes) -> None:
    assert charset_of(value) == charset


@pytest.mark.parametrize("charset", [b"", b"utf-8", b"UTF8", b"us-ascii", b"iso-8859-15", b"windows-1252", b"koi8-r"])
def test_extensions_of_ascii_are_no_disguise(charset: bytes) -> None:
    assert not is_disguise(charset)


@pytest.mark.parametrize(
    "charset",
    [
        b"utf-7",
        b"UTF-7",
        b"unicode-1-1-utf-7",
        b"utf-16le",
        b"utf-32",
        b"ibm037",
        b"cp037",
        b"iso-2022-kr",
        b"hz",
        b"x",
    ],
)
def test_other_charsets_are(charset: bytes) -> None:
    assert is_disguise(charset)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("é€😀".encode(), None),
        (b"a\xc0\xafb", (1, True, False)),
        (b"\xe0\x80\xaf", (0, True, False)),
        (b"\xf0\x80\x80\xaf", (0, True, False)),
        (b"\xed\xa0\x80", (0, False, True)),
        (b"\xff", (0, False, False)),
        (b"ab\xe2\x82", (2, False, False)),
        (b"\xf4\x90\x80\x80", (0, False, False)),
    ],
)
def test_invalid_utf8_is_told_apart(text: bytes, fault: tuple[int, bool, bool] | None) -> None:
    assert invalid_utf8(text) == fault


@given(st.binary())
def test_nothing_raises(value: bytes) -> None:
    charset = charset_of(value)
    assert charset == charset.lower()
    is_disguise(charset)
    media_type = parse_media_type(value)
    assert media_type is None or b"/" in media_type.essence
    assert (invalid_utf8(value) is None) == (value.decode(errors="replace").encode() == value)


@pytest.mark.parametrize("text", [b'; a="\\', b"charset", b"charset =", b" ", b";", b"\xc0\xaf", b"a/b;"])
def test_a_megabyte_of_the_same_is_read(text: bytes) -> None:
    value = text * (1_000_000 // len(text))
    assert parse_media_type(b"a/b x" + value) is None
    assert len(charset_of(b"a=" + value)) <= len(value)
    assert (invalid_utf8(value) is None) == value.isascii()
