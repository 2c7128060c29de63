from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.perimeter.waf.bodies.boundary import MalformedMultipart
from bartizan.perimeter.waf.bodies.part_head import PartHead, read_head
from bartizan.perimeter.waf.bodies.result import Limits, MultipartFlags

LIMITS = Limits()


def read(text: bytes, limits: Limits = LIMITS) -> tuple[PartHead, MultipartFlags]:
    flags = MultipartFlags()
    return read_head(text, 0, b"--q", flags, limits), flags


def test_fields_are_found_by_their_name_and_lines_kept_as_they_are() -> None:
    head, flags = read(b"Content-Type:  text/plain\r\nX-Y:z \r\n\r\ncontent")
    assert head.headers == [b"Content-Type:  text/plain", b"X-Y:z "]
    assert head.fields == {b"content-type": b"text/plain", b"x-y": b"z "}
    assert (head.end, head.error) == (37, "")
    assert (flags.crlf_line, flags.lf_line) == (True, False)


def test_bare_line_feeds_are_noted() -> None:
    _, flags = read(b"A: b\r\nC: d\n\n")
    assert flags.crlf_lf_lines


@pytest.mark.parametrize(("fold", "invalid"), [(b" b", False), (b"\tb", False), (b"\x0bb", True), (b" ", True)])
def test_folded_lines_are_joined_and_noted(fold: bytes, *, invalid: bool) -> None:
    head, flags = read(b"A: a\r\n" + fold + b"\r\n\r\n")
    assert head.fields[b"a"].split() == [b"a", b"b"][: 2 if b"b" in fold else 1]
    assert head.headers == [b"A: " + head.fields[b"a"]]
    assert flags.header_folding
    assert flags.invalid_header_folding == invalid


def test_a_repeated_field_keeps_its_first_value_and_all_its_lines() -> None:
    head, _ = read(b"Content-Type: a\r\ncontent-type: b\r\n c\r\n\r\n")
    assert head.fields == {b"content-type": b"a"}
    assert head.headers == [b"Content-Type: a", b"content-type: b c"]
    assert head.repeated


@pytest.mark.parametrize("line", [b"nocolon", b": v", b"X y: z", b"X\xff: z", b"X: \x00", b" folded"])
def test_lines_that_are_none_are_left_out_with_an_error(line: bytes) -> None:
    head, _ = read(line + b"\r\nA: b\r\n\r\n")
    assert head.error
    assert head.headers == [b"A: b"]


@pytest.mark.parametrize("text", [b"--q\r\nA: b\r\n\r\n", b"A: b\r\n\r\n--q--\r\n"])
def test_a_boundary_in_the_head_makes_the_part_invalid(text: bytes) -> None:
    assert read(text)[1].invalid_part


@pytest.mark.parametrize("text", [b"", b"A: b", b"A: b\r\n"])
def test_a_head_without_its_empty_line_has_no_end(text: bytes) -> None:
    assert read(text)[0].end == -1


@pytest.mark.parametrize(
    "text",
    [
        b"A: " + b"b" * 4095 + b"\r\n\r\n",
        b"A" * 5000,
        b"A: b\r\n" * 65 + b"\r\n",
        b"A: b\r\n" + (b" " + b"c" * 4000 + b"\r\n") * 2,
    ],
)
def test_long_and_many_lines_are_refused(text: bytes) -> None:
    with pytest.raises(MalformedMultipart) as caught:
        read(text)
    assert caught.value.limit


@given(
    st.lists(st.sampled_from([b"A: b", b"\r\n", b"\n", b" ", b"\x0b", b":", b"\0", b"--q", b"Content-Type: x"])).map(
        b"".join
    )
)
def test_nothing_else_is_raised(text: bytes) -> None:
    try:
        head, _ = read(text)
    except MalformedMultipart:
        return
    assert -1 <= head.end <= len(text)
    assert sum(map(len, head.headers)) <= len(text)
