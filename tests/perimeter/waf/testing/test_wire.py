from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.perimeter.waf.testing import Generation, Request, request_bytes

V3, V4 = Generation.V3, Generation.V4


def body(sent: bytes) -> bytes:
    return sent.partition(b"\r\n\r\n")[2]


def head(sent: bytes) -> list[bytes]:
    return sent.partition(b"\r\n\r\n")[0].split(b"\r\n")


def test_the_older_runner_keeps_the_order_of_header_fields_and_adds_nothing_without_data() -> None:
    request = Request("GET", "/?a=1", "HTTP/1.0", (("Host", "localhost"), ("Accept", "*/*")))
    assert request_bytes(request, V3) == b"GET /?a=1 HTTP/1.0\r\nHost: localhost\r\nAccept: */*\r\n\r\n"


def test_the_newer_runner_sorts_header_fields_and_adds_connection() -> None:
    request = Request(headers=(("Host", "localhost"), ("Accept", "*/*")))
    assert head(request_bytes(request, V4)) == [
        b"GET / HTTP/1.1",
        b"Accept: */*",
        b"Host: localhost",
        b"Connection: close",
    ]


@pytest.mark.parametrize(
    ("method", "told"), [("POST", True), ("PUT", True), ("XPUTX", True), ("DELETE", True), ("GET", False)]
)
def test_the_newer_runner_tells_a_length_of_zero_for_methods_with_bodies(method: str, *, told: bool) -> None:
    assert (b"Content-Length: 0" in head(request_bytes(Request(method), V4))) is told


@pytest.mark.parametrize("generation", [V3, V4])
def test_data_without_a_type_is_sent_as_an_encoded_form(generation: Generation) -> None:
    sent = request_bytes(Request("POST", data=b"a=<b c>&d=\xc3\xa9"), generation)
    assert body(sent) == b"a=%3Cb+c%3E&d=%C3%A9"
    assert {b"Content-Type: application/x-www-form-urlencoded", b"Content-Length: 20"} <= set(head(sent))


@pytest.mark.parametrize("generation", [V3, V4])
def test_a_form_that_is_encoded_already_is_left_alone(generation: Generation) -> None:
    assert body(request_bytes(Request("POST", data=b"a=%3C <b"), generation)) == b"a=%3C <b"


def test_the_older_runner_reads_plus_as_a_space_and_loses_pairs_without_a_value() -> None:
    assert body(request_bytes(Request("POST", data=b"a=+<&b=&c"), V3)) == b"a=+%3C"
    assert body(request_bytes(Request("POST", data=b"<hello"), V3)) == b"<hello"


def test_the_newer_runner_takes_plus_for_encoding_and_encodes_names_without_a_value() -> None:
    assert body(request_bytes(Request("POST", data=b"a=+<"), V4)) == b"a=+<"
    assert body(request_bytes(Request("POST", data=b"<hello&b="), V4)) == b"%3Chello&b="


@pytest.mark.parametrize("generation", [V3, V4])
def test_nothing_is_completed_when_the_test_forbids_it(generation: Generation) -> None:
    request = Request("POST", headers=(("Host", "h"),), data=b"a=<", complete=False)
    assert request_bytes(request, generation) == b"POST / HTTP/1.1\r\nHost: h\r\n\r\na=<"


def test_only_the_newer_runner_compares_names_of_fields_without_case() -> None:
    request = Request("POST", headers=(("content-type", "text/plain"),), data=b"a=<")
    assert head(request_bytes(request, V3)).count(b"Content-Type: application/x-www-form-urlencoded") == 1
    assert not any(line.startswith(b"Content-Type") for line in head(request_bytes(request, V4)))


def test_the_newer_runner_ends_lines_of_multipart_bodies_with_crlf() -> None:
    request = Request("POST", headers=(("Content-Type", "Multipart/Form-Data; boundary=b"),), data=b"--b\n--b--\n")
    assert body(request_bytes(request, V4)) == b"--b\r\n--b--\r\n"
    assert body(request_bytes(request, V3)) == b"--b\n--b--\n"


def test_raw_bytes_are_sent_as_they_are() -> None:
    assert request_bytes(Request(raw=b"\x00GET"), V4, "a=1") == b"\x00GET"


def test_saved_cookies_are_sent_unless_the_test_has_its_own() -> None:
    assert b"cookie: a=1" in head(request_bytes(Request(), V4, "a=1"))
    assert b"cookie: a=1" not in head(request_bytes(Request(headers=(("Cookie", "b=2"),)), V4, "a=1"))


WORDS = st.text(st.characters(exclude_characters="%+&=", exclude_categories=["Cs"]), min_size=1)


@given(st.dictionaries(WORDS, WORDS, min_size=1), st.sampled_from([V3, V4]))
def test_a_form_arrives_as_it_was_meant(form: dict[str, str], generation: Generation) -> None:
    plain = "&".join(f"{name}={value}" for name, value in form.items())
    sent = body(request_bytes(Request("POST", data=plain.encode()), generation))
    assert dict(parse_qsl(sent.decode())) == form
