from __future__ import annotations

from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.perimeter.waf.bodies.arguments import arguments_exceed, has_invalid_escape, parse_arguments, url_decode

FORM = "application/x-www-form-urlencoded"
PIECES = st.lists(st.sampled_from([b"a", b"b", b"&", b"=", b"%", b"%41", b"%4", b"%zz", b"+", b"%00", b"%26", b"\xff"]))


@pytest.mark.parametrize(
    ("data", "arguments"),
    [
        (b"", []),
        (b"a", [(b"a", b"")]),
        (b"a=1&b=2&a=3", [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")]),
        (b"a=b=c&=d", [(b"a", b"b=c"), (b"", b"d")]),
        (b"&&", [(b"", b""), (b"", b"")]),
        (b"a&", [(b"a", b"")]),
        (b"%41+b=%c3%A9+%2526", [(b"A b", b"\xc3\xa9 %26")]),
        (b"a=%&b=%4&c=%zz&d=%u0041", [(b"a", b"%"), (b"b", b"%4"), (b"c", b"%zz"), (b"d", b"%u0041")]),
        (b"a%3d1=x%26y", [(b"a=1", b"x&y")]),
    ],
)
def test_arguments_are_split_then_decoded(data: bytes, arguments: list[tuple[bytes, bytes]]) -> None:
    assert parse_arguments(data) == arguments


def test_another_separator_takes_the_place_of_the_ampersand() -> None:
    assert parse_arguments(b"a=1;b=2&c", ord(";")) == [(b"a", b"1"), (b"b", b"2&c")]


@given(PIECES.map(b"".join), st.integers(0, 5))
def test_no_more_than_the_limit_are_read_and_more_are_told(data: bytes, limit: int) -> None:
    everything = parse_arguments(data)
    assert parse_arguments(data, limit=limit) == everything[:limit]
    assert arguments_exceed(data, limit=limit) == (len(everything) > limit)


@given(st.binary())
def test_what_was_encoded_is_decoded(text: bytes) -> None:
    assert url_decode(quote_from_bytes(text, safe="").encode()) == text


def test_a_text_without_escapes_stays_the_same_object() -> None:
    text = b"plain"
    assert url_decode(text) is text


@pytest.mark.parametrize(("data", "invalid"), [(b"a=%41", False), (b"a=%", True), (b"a=%4", True), (b"%zz", True)])
def test_invalid_escapes_are_noticed(data: bytes, *, invalid: bool) -> None:
    assert has_invalid_escape(data) == invalid


@given(PIECES.map(b"".join))
def test_libmodsecurity_reads_the_same_arguments(reference, data: bytes) -> None:
    theirs = reference("ARGS_POST ARGS_NAMES")(data, FORM)
    assert sorted(parse_arguments(data)) == sorted(theirs["ARGS_POST"])


def test_the_error_for_invalid_escapes_also_looks_at_names(reference) -> None:
    # libmodsecurity forgets what was wrong with a name when it decodes the value after it
    theirs = reference("URLENCODED_ERROR")
    assert theirs(uri="/?a=%zz")["URLENCODED_ERROR"] == [(b"", b"1")]
    assert theirs(uri="/?%zz=a")["URLENCODED_ERROR"] == [(b"", b"0")]
    assert has_invalid_escape(b"%zz=a")


@pytest.mark.parametrize("text", [b"%", b"&", b"=", b"%4", b"+", b"a=1&", b"\xff"])
def test_a_megabyte_of_the_same_is_read(text: bytes) -> None:
    data = text * (1_000_000 // len(text))
    assert len(parse_arguments(data)) <= 1000
    assert sum(len(name) + len(value) for name, value in parse_arguments(data, limit=10**9)) <= len(data)


def test_ten_thousand_arguments_are_limited() -> None:
    data = b"&".join(b"p%d=%d" % (number, number) for number in range(10_000))
    assert len(parse_arguments(data)) == 1000
    assert arguments_exceed(data)
    assert not arguments_exceed(data, limit=10_000)
