from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.perimeter.waf.bodies.json_body import parse_json
from bartizan.perimeter.waf.bodies.result import Limits

LIMITS = Limits()


@pytest.mark.parametrize(
    ("body", "arguments"),
    [
        (b"", []),
        (b"1", [(b"json", b"1")]),
        (b'"s"', [(b"json", b"s")]),
        (b"null", [(b"json", b"")]),
        (b"true", [(b"json", b"true")]),
        (b"[]", []),
        (b'{"a":{},"b":[[]]}', []),
        (b'{"a":{"b":"c"}}', [(b"json.a.b", b"c")]),
        (b'[1,[2],{"a":3}]', [(b"json.array_0", b"1"), (b"json.array_1.array_0", b"2"), (b"json.array_2.a", b"3")]),
        (b'{"a":1,"a":2}', [(b"json.a", b"1"), (b"json.a", b"2")]),
        (b'{"":{"":1}}', [(b"json.empty-key.empty-key", b"1")]),
        (b'[true,false,null,"x"]', [(b"json.array_%d" % i, v) for i, v in enumerate([b"true", b"false", b"", b"x"])]),
        (b"[1.50,-0,1E+05]", [(b"json.array_%d" % i, v) for i, v in enumerate([b"1.50", b"-0", b"1E+05"])]),
        (b"9" * 5000, [(b"json", b"9" * 5000)]),
        (rb'"\u003cscript\u003E\n\ud83d\ude00"', [(b"json", "<script>\n😀".encode())]),
    ],
)
def test_documents_become_arguments(body: bytes, arguments: list[tuple[bytes, bytes]]) -> None:
    parsed = parse_json(body, LIMITS)
    assert parsed.arguments == arguments
    assert not parsed.error


@pytest.mark.parametrize("body", [b"NaN", b"Infinity", b"-Infinity", b"[1,]", b"01", b"\xef\xbb\xbf1", b"'a'", b"   "])
def test_what_is_no_json_is_an_error(body: bytes) -> None:
    assert parse_json(body, LIMITS).error.startswith("JSON parsing error: ")


def test_what_stood_before_an_error_is_kept() -> None:
    parsed = parse_json(b'{"a":1,"b":[2,}', LIMITS)
    assert parsed.error
    assert parsed.arguments == [(b"json.a", b"1"), (b"json.b.array_0", b"2")]


@pytest.mark.parametrize("depth", [1, 3, 600])
def test_depth_is_limited_as_by_libmodsecurity(reference, depth: int) -> None:
    rules = f'SecRequestBodyJsonDepthLimit {depth}\nSecAction "id:1,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"'
    theirs = reference("REQBODY_ERROR", rules)
    for nested in (depth, depth + 1):
        body = b"[" * nested + b"1" + b"]" * nested
        parsed = parse_json(body, Limits(json_depth=depth))
        assert bool(parsed.error) == parsed.limit_exceeded == (nested > depth) == theirs.error(body)


@pytest.mark.parametrize("limit", [0, 1, 3, 4])
def test_arguments_are_limited_as_by_libmodsecurity(reference, limit: int) -> None:
    rules = f'SecArgumentsLimit {limit}\nSecAction "id:1,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"'
    body = b'{"a":1,"b":[2,3]}'
    theirs = reference("ARGS REQBODY_ERROR", rules)(body)
    parsed = parse_json(body, Limits(arguments=limit))
    assert sorted(parsed.arguments) == sorted(theirs["ARGS"])
    assert parsed.limit_exceeded == bool(parsed.error) == (theirs["REQBODY_ERROR"] == [(b"", b"1")])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1), inner),
)


def flat(value: object, name: str = "json") -> list[tuple[str, object]]:
    if isinstance(value, dict):
        return [found for key, inner in value.items() for found in flat(inner, f"{name}.{key}")]
    if isinstance(value, list):
        return [found for index, inner in enumerate(value) for found in flat(inner, f"{name}.array_{index}")]
    return [(name, value)]


@given(JSON, st.booleans())
def test_what_was_written_is_read(value: object, ascii_only: bool) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode(errors="surrogatepass")
    texts = {None: "", True: "true", False: "false"}
    parsed = parse_json(body, LIMITS)
    assert not parsed.error
    assert parsed.arguments == [
        (
            name.encode(errors="surrogatepass"),
            (texts[v] if v is None or isinstance(v, bool) else str(v)).encode(errors="surrogatepass"),
        )
        for name, v in flat(value)
    ]


@given(st.binary())
def test_nothing_raises(body: bytes) -> None:
    assert len(parse_json(body, LIMITS).arguments) <= len(body)


@pytest.mark.parametrize("text", [b"[", b'{"a":', b"[1,", b"1,", b" ", b'"', b"[[],", b"\xff"])
def test_a_megabyte_of_the_same_is_read(text: bytes) -> None:
    parsed = parse_json(text * (1_000_000 // len(text)), LIMITS)
    assert parsed.error
    assert len(parsed.arguments) <= LIMITS.arguments


def test_ten_thousand_values_are_limited() -> None:
    parsed = parse_json(b"[" + b"1," * 10_000 + b"1]", LIMITS)
    assert parsed.limit_exceeded
    assert len(parsed.arguments) == LIMITS.arguments
    assert len(parse_json(b"[" + b"1," * 10_000 + b"1]", Limits(arguments=20_000)).arguments) == 10_001
