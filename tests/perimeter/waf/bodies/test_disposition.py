from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.perimeter.waf.bodies.disposition import read_disposition
from bartizan.perimeter.waf.bodies.result import MultipartFlags


def read(value: bytes) -> tuple[list[bytes], list[bytes], str]:
    disposition = read_disposition(value, MultipartFlags())
    return disposition.names, disposition.filenames, disposition.fault


@pytest.mark.parametrize(
    ("value", "name", "filename"),
    [
        (b'form-data; name="a"', b"a", None),
        (b'form-data; name="a"; filename="b.txt"', b"a", b"b.txt"),
        (b'form-data;name="a";filename="b.txt";', b"a", b"b.txt"),
        (b'form-data; filename="b"; name="a"', b"a", b"b"),
        (b"form-data; name=a; filename=b.txt", b"a", b"b.txt"),
        (b'form-data; name\t= "a"', b"a", None),
        (b'form-data; name="a;b=c"', b"a;b=c", None),
        (rb'form-data; name="a\"b\\c\d"', rb"a\"b\c\d".replace(rb"\"", b'"'), None),
        (b'form-data; name="a"; filename=""', b"a", None),
        (b"form-data; name='a'", b"a", None),
        (b'form-data; name="\xc3\xa9"', b"\xc3\xa9", None),
    ],
)
def test_names_are_read(value: bytes, name: bytes, filename: bytes | None) -> None:
    disposition = read_disposition(value, MultipartFlags())
    assert disposition.fault == ""
    assert disposition.names == [name]
    assert disposition.filename == filename


def test_single_quotes_are_noted() -> None:
    flags = MultipartFlags()
    read_disposition(b"form-data; name='a'", flags)
    assert flags.invalid_quoting


def test_an_extended_file_name_is_decoded_beside_the_plain_one() -> None:
    value = b'form-data; name="a"; filename="b"; filename*=UTF-8\'\'%e2%82%ac+.php'
    disposition = read_disposition(value, MultipartFlags())
    assert (disposition.filename, disposition.extended) == (b"b", "€+.php".encode())
    assert disposition.fault == ""


INVALID = [
    b"",
    b"attachment; name=a",
    b"Form-Data; name=a",
    b"form-data",
    b"form-data;",
    b"form-data; ",
    b"form-data x; name=a",
    b"form-data; name",
    b"form-data; name=",
    b'form-data; name=""',
    b'form-data; Name="a"',
    b'form-data; name="a',
    rb'form-data; name="a\"',
    b'form-data; name="a" x',
    b'form-data; name="a"b"',
    b'form-data; name="a";;',
    b'form-data; name="a"; ',
    b'form-data; name="a"; name="b"',
    b'form-data; name="a"; filename="b"; filename="c"',
    b'form-data; name="a"; size=5',
    b'form-data; name="a"; filename=b/c',
    b'form-data; name="a"; filename = "b"',
    b"form-data; name=\"a\"; filename*=UTF-8''b",
    b'form-data; name="a"; filename="b"; filename*=b',
    b'form-data; name="a"; filename="b"; filename*=UTF-8\'\'%zz',
    b"form-data; name=\"a\"; filename=\"b\"; filename*=UTF-8''b; filename*=UTF-8''c",
    b'form-data; filename="b"',
]


@pytest.mark.parametrize("value", INVALID)
def test_what_readers_would_not_understand_alike_is_invalid(reference, value: bytes) -> None:
    assert read(value)[2]
    body = b"--q\r\nContent-Disposition: " + value + b"\r\n\r\nx\r\n--q--\r\n"
    assert reference("REQBODY_ERROR").error(body, "multipart/form-data; boundary=q")


DIFFERENCES = [  # valid to libmodsecurity, which takes an empty parameter for none
    b'form-data; name=""; name="b"',
    b'form-data; name="a"; filename=""; filename="b"',
]


@pytest.mark.parametrize("value", DIFFERENCES)
def test_a_parameter_that_is_repeated_is_invalid_even_if_the_first_was_empty(reference, value: bytes) -> None:
    assert read(value)[2]
    body = b"--q\r\nContent-Disposition: " + value + b"\r\n\r\nx\r\n--q--\r\n"
    assert not reference("REQBODY_ERROR").error(body, "multipart/form-data; boundary=q")


@given(
    st.lists(st.sampled_from([b"name", b"filename", b"=", b'"', b"'", b";", b" ", b"\\", b"a", b"*", b"UTF-8''"])).map(
        b"".join
    )
)
def test_nothing_raises(text: bytes) -> None:
    names, filenames, fault = read(b"form-data; " + text)
    assert fault or (len(names) == 1 and len(filenames) <= 1)


@given(st.binary(min_size=1), st.binary(min_size=1))
def test_what_was_quoted_is_read(name: bytes, filename: bytes) -> None:
    quoted = [text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') for text in (name, filename)]
    assert read(b'form-data; name="%b"; filename="%b"' % (quoted[0], quoted[1])) == ([name], [filename], "")


@pytest.mark.parametrize("text", [b'\\"', b"; name", b" ", b"=", b'"', b"name=a;", b"%41"])
def test_a_megabyte_of_the_same_is_read(text: bytes) -> None:
    many = text * (1_000_000 // len(text))
    assert read(b'form-data; name="' + many)[2]
    assert read(b"form-data; " + many)[2]
    assert read(b"form-data; name=a; filename=b; filename*=UTF-8''" + many + b'"')[2]
