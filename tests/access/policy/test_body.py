"""A request's body as policies see it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.access.policy import body as bodies
from bartizan.access.policy.body import MAX_BYTES, MAX_DEPTH, MAX_VALUES
from bartizan.http.headers import Headers


def _has_distinct_names(members: dict[str, Any]) -> bool:
    return len({name.casefold() for name in members}) == len(members)


JSON, FORM = b"application/json", b"application/x-www-form-urlencoded"
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=10)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4).filter(_has_distinct_names),
    max_leaves=20,
)


def read_body(kind: bytes | None, body: bytes, *coding: bytes) -> object:
    headers = Headers([(b"content-encoding", each) for each in coding])
    if kind is not None:
        headers.add(b"content-type", kind)
    return bodies.read_body(headers, body)


@given(VALUES)
def test_json_is_what_it_says(value: object) -> None:
    assert read_body(JSON, json.dumps(value).encode()) == value


@given(st.dictionaries(TEXT, TEXT, max_size=8).filter(_has_distinct_names))
def test_the_fields_of_a_form_are_text(fields: dict[str, str]) -> None:
    assert read_body(FORM, urlencode(fields).encode()) == fields


@given(st.sampled_from([JSON, FORM, None, b"text/plain"]), st.binary(max_size=200))
def test_any_bytes_are_read_or_not_and_nothing_else(kind: bytes | None, body: bytes) -> None:
    read_body(kind, body)


@pytest.mark.parametrize(
    "kind",
    [b"Application/JSON", b"application/json; charset=UTF-8", b'application/json;charset="utf-8"',
     b"application/vnd.api+json", b"application/problem+json ; v=1"],
)  # fmt: skip
def test_json_has_several_names(kind: bytes) -> None:
    assert read_body(kind, b'{"a": 1}') == {"a": 1}


@pytest.mark.parametrize(
    "kind",
    [None, b"", b"text/json", b"multipart/form-data; boundary=x", b"application/json; charset=utf-16",
     b"application/jsonx", b"application/xml", FORM + b"; charset=iso-8859-1"],
)  # fmt: skip
def test_other_bodies_are_not_read(kind: bytes | None) -> None:
    assert read_body(kind, b"{}") is None


@pytest.mark.parametrize("coding", [b"gzip", b"br", b"identity, gzip"])
def test_compressed_bodies_are_not_read(coding: bytes) -> None:
    assert read_body(JSON, b"{}", coding) is None
    assert read_body(JSON, b"{}", b"identity", coding) is None
    assert read_body(JSON, b"{}", b"Identity") == {}


def test_a_body_with_two_types_is_not_read() -> None:
    both = Headers([(b"content-type", JSON), (b"content-type", FORM)])
    assert bodies.read_body(both, b'{"note": "&amount=5000&", "amount": 1}') is None


@pytest.mark.parametrize(
    "text",
    [
        '{"amount": 1, "amount": 5000}',
        '{"amount": 1, "Amount": 5000}',
        '{"a": {"b": 1, "B": 2}}',
        '{"amount": NaN}',
        '{"amount": Infinity}',
        '{"amount": 1e999}',
        '{"amount": 9223372036854775808}',
        '{"amount": ' + "9" * 5000 + "}",
        '{"a": "\\ud800"}',
        '{"\\ud800": 1}',
        "{'a': 1}",
        '{"a": 1,}',
        '{"a": 01}',
        '{"a": 1} {"a": 2}',
        '{"a": 1} // note',
        '\ufeff{"a": 1}',
        '{"a": "\n"}',
        "",
        "null",
    ],
)
def test_json_that_two_servers_could_read_differently_is_not_read(text: str) -> None:
    assert read_body(JSON, text.encode()) is None


@pytest.mark.parametrize(
    "body", [b"amount=1&amount=5000", b"amount=1&Amount=5000", b"amount=1&%61mount=2", b"a=%ff", b"%ff=1"]
)
def test_forms_that_two_servers_could_read_differently_are_not_read(body: bytes) -> None:
    assert read_body(FORM, body) is None


def test_forms_are_decoded() -> None:
    assert read_body(FORM, b"to=Grace+H%C3%B6pper&amount=2000&&empty=&flag") == {
        "to": "Grace Höpper", "amount": "2000", "empty": "", "flag": "",
    }  # fmt: skip


def test_latin_1_is_not_json() -> None:
    assert read_body(JSON, '"ö"'.encode("latin-1")) is None


def test_depth_count_and_size_are_bounded() -> None:
    def nested(depth: int) -> bytes:
        return b"[" * depth + b"]" * depth

    assert read_body(JSON, nested(MAX_DEPTH)) is not None
    assert read_body(JSON, nested(MAX_DEPTH + 1)) is None
    assert read_body(JSON, nested(400_000)) is None
    assert read_body(JSON, json.dumps([1] * (MAX_VALUES - 1)).encode()) is not None
    assert read_body(JSON, json.dumps([1] * MAX_VALUES).encode()) is None
    assert read_body(FORM, b"&".join(b"a%d=" % number for number in range(MAX_VALUES + 1))) is None
    assert read_body(JSON, b'"' + b"a" * (MAX_BYTES - 2) + b'"') is not None
    assert read_body(JSON, b'"' + b"a" * (MAX_BYTES - 1) + b'"') is None
