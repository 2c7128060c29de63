from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.perimeter.waf.bodies.json_body import parse_json
from bartizan.perimeter.waf.bodies.json_reader import read_json
from bartizan.perimeter.waf.bodies.result import Limits

LIMITS = Limits()
SCALARS = st.sampled_from([b'"a"', b'""', b"1", b"-2.5e3", b"true", b"false", b"null", rb'"\u00e9\n"', '"é"'.encode()])
KEYS = st.sampled_from([b'"a"', b'"b"', b'""', b'"c.d"', rb'"\u0041"'])
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda values: b"[" + b",".join(values) + b"]")
        | st.lists(st.tuples(KEYS, inner).map(b":".join), max_size=3).map(lambda pairs: b"{" + b", ".join(pairs) + b"}")
    ),
)
PIECES = [
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b'"a"',
    b"1",
    b"01",
    b"1.",
    b"-",
    b"tru",
    b"null",
    b" ",
    b"\x0b",
    b"x",
    b'"',
]
PIECES += [b"/", b"\\", b'"\xff"', b'"\xc0\x80"', b'"\t"', rb'"\x"', rb'"\u00"']


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    document = draw(DOCUMENTS)
    place = draw(st.integers(0, len(document)))
    return document[:place] + draw(st.sampled_from(PIECES)) + document[place + draw(st.integers(0, 2)) :]


@given(DOCUMENTS | damaged() | st.lists(st.sampled_from(PIECES)).map(b"".join))
def test_libmodsecurity_reads_the_same_up_to_the_same_error(reference, body: bytes) -> None:
    found = reference("ARGS REQBODY_ERROR", 'SecAction "id:1,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"')(body)
    for parsed in (parse_json(body, LIMITS), read_json(body or b"1", LIMITS)):
        if body:
            assert sorted(parsed.arguments) == sorted(found["ARGS"])
            assert bool(parsed.error) == (found["REQBODY_ERROR"] == [(b"", b"1")]) or "trailing" in parsed.error


# What libmodsecurity 3.0.15 sees otherwise: the body, its ARGS and REQBODY_ERROR, ours, and why.
DIFFERENCES = [
    (b'1 "x', [b"1"], False, [b"1"], True, "what follows the document is garbage, even if it does not end"),
    (rb'"\ud800<b>"', [b"?b>"], False, [b"\xed\xa0\x80<b>"], False, "it loses the character after a lone surrogate"),
    (rb'"\ud800"', [b"?"], False, [b"\xed\xa0\x80"], False, "as it does for a lone low surrogate"),
    (rb'"\udc00"', [b"\xed\xb0\x80"], False, [b"\xed\xb0\x80"], False, "the same, to compare"),
    (
        rb'"\ud800\u0041"',
        ["\U00010041".encode()],
        False,
        [b"\xed\xa0\x80A"],
        False,
        "it takes any escape for the other half",
    ),
]


@pytest.mark.parametrize(("body", "theirs", "their_error", "ours", "our_error", "why"), DIFFERENCES)
def test_the_differences_are_these(
    reference, body: bytes, theirs: list, their_error: bool, ours: list, our_error: bool, why: str
) -> None:
    found = reference("ARGS REQBODY_ERROR", 'SecAction "id:1,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"')(body)
    assert [value for _, value in found["ARGS"]] == theirs, why
    assert (found["REQBODY_ERROR"] == [(b"", b"1")]) == their_error, why
    parsed = parse_json(body, LIMITS)
    assert [value for _, value in parsed.arguments] == ours, why
    assert bool(parsed.error) == our_error, why


@given(DOCUMENTS)
def test_both_ways_to_read_agree(body: bytes) -> None:
    assert parse_json(body, LIMITS) == read_json(body, LIMITS)


@given(DOCUMENTS, st.integers(0, 3), st.integers(0, 3))
def test_both_ways_to_read_agree_about_limits(body: bytes, arguments: int, depth: int) -> None:
    limits = Limits(arguments=arguments, json_depth=depth)
    assert parse_json(body, limits) == read_json(body, limits)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "premature EOF"),
        (b'{"a":', "premature EOF"),
        (b'"x', "premature EOF"),
        (b"[1,]", "unallowed token"),
        (b"[1 2]", "after array element"),
        (b'{"a":1 2}', "after key and value"),
        (b'{"a":1,}', "invalid object key"),
        (b'{"a" 1}', "separated by a colon"),
        (b"1 2", "trailing garbage"),
        (b"/* c */1", "comment"),
        (b"tru", "invalid string"),
        (b"1.", "malformed number"),
        (b"+1", "invalid char"),
        (b'"\xff"', "invalid bytes in UTF8"),
        (b'"\xff', "invalid bytes in UTF8"),
        (b'"\n"', "invalid character inside string"),
        (rb'"\x"', "invalid escape"),
    ],
)
def test_errors_say_what_is_wrong(body: bytes, error: str) -> None:
    assert error in read_json(body, LIMITS).error


@pytest.mark.parametrize(
    "text", [b"[", b'{"a":', b"[1,", b"1,", b" ", b'"', rb"\n", rb"\ud800", b"\xc0\x80", b"-", b"[[],"]
)
@pytest.mark.parametrize("before", [b"", b'"', b"[", b'["'])
def test_a_megabyte_of_the_same_is_read(before: bytes, text: bytes) -> None:
    parsed = read_json(before + text * (1_000_000 // len(text)), LIMITS)
    assert len(parsed.arguments) <= LIMITS.arguments


def test_names_cannot_grow_quadratically() -> None:
    limits = Limits(arguments=10**9, json_depth=10**9)
    long_key = b'{"' + b"k" * 300_000 + b'":[' + b"1," * 100_000 + b"1]}"
    many_keys = b'{"kkkkkkkkkkkk":' * 50_000
    for body in (long_key, many_keys):
        for parsed in (read_json(body, limits), parse_json(body, limits)):
            assert parsed.limit_exceeded
            assert sum(len(name) for name, _ in parsed.arguments) <= 16 * len(body) + 4_194_304
