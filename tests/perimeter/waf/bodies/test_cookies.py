from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.perimeter.waf.bodies.cookies import parse_cookies

PIECES = st.lists(st.sampled_from(["a", "b", ";", "=", " ", "\t", '"', ",", "$", "\\", "%41"]))


@pytest.mark.parametrize(
    ("value", "cookies"),
    [
        (b"", []),
        (b"a=1; b=2; a=3", [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")]),
        (b"a=b=c", [(b"a", b"b=c")]),
        (b"a; b", [(b"a", b""), (b"b", b"")]),
        (b";;a=1;", [(b"a", b"1")]),
        (b"=x; c=1", [(b"c", b"1")]),
        (b"a = 1 ; b = 2 ", [(b"a ", b" 1 "), (b"b ", b" 2")]),
        (b'a="x;y"; b=%41+', [(b"a", b'"x'), (b'y"', b""), (b"b", b"%41+")]),
    ],
)
def test_cookies_are_read_as_they_are(value: bytes, cookies: list[tuple[bytes, bytes]]) -> None:
    assert parse_cookies([value]) == cookies


def test_all_cookie_fields_count() -> None:
    assert parse_cookies([b"a=1", b"b=2; a=3"]) == [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")]


@pytest.mark.parametrize(
    ("value", "cookies"),
    [
        (
            b'$Version="1"; a="x;y"; $Path="/", b=2',
            [(b"$Version", b"1"), (b"a", b"x;y"), (b"$a_Path", b"/"), (b"b", b"2")],
        ),
        (rb'a="q\"q"; b', [(b"a", b'q"q'), (b"b", b"")]),
        (b'a="open; b=1', [(b"a", b'"open'), (b"b", b"1")]),
        (b"a=1,b=2", [(b"a", b"1"), (b"b", b"2")]),
    ],
)
def test_format_1_knows_quotes_and_attributes(value: bytes, cookies: list[tuple[bytes, bytes]]) -> None:
    assert parse_cookies([value], 1) == cookies


@given(PIECES.map("".join))
def test_libmodsecurity_reads_the_same_cookies(reference, value: str) -> None:
    theirs = reference("REQUEST_COOKIES")(cookies=[value])
    assert sorted(parse_cookies([value.encode()])) == sorted(theirs["REQUEST_COOKIES"])


@given(st.lists(st.binary()), st.sampled_from([0, 1]))
def test_nothing_raises_and_nothing_grows(values: list[bytes], version: int) -> None:
    for name, value in parse_cookies(values, version):
        assert name
        assert len(value) <= max(map(len, values))


@given(
    st.lists(
        st.tuples(
            st.text("abc", min_size=1).map(str.encode), st.binary().map(lambda text: text.replace(b";", b"").strip())
        )
    )
)
def test_what_was_written_is_read(cookies: list[tuple[bytes, bytes]]) -> None:
    assert parse_cookies([b"; ".join(b"%b=%b" % cookie for cookie in cookies)]) == cookies


@pytest.mark.parametrize("text", [b";", b"=", b'="', b'=\\"', b"a,", b" ", b'a="\\;', b"$"])
@pytest.mark.parametrize("version", [0, 1])
def test_a_megabyte_of_the_same_is_read(text: bytes, version: int) -> None:
    value = text * (1_000_000 // len(text))
    assert sum(map(len, (part for cookie in parse_cookies([value], version) for part in cookie))) <= 2 * len(value)
