from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.http.headers import Headers

NAMES = st.sampled_from([b"a", b"b", b"set-cookie", b"x-long-name"])
FIELDS = st.lists(st.tuples(NAMES, st.binary(max_size=4)), max_size=12)


def test_text_becomes_lower_case_names_and_latin_1_values() -> None:
    headers = Headers.of([("Content-Type", "text/plain"), ("X-Name", "Zoë")])
    assert headers.items == [(b"content-type", b"text/plain"), (b"x-name", b"Zo\xeb")]


def test_text_that_no_field_can_carry_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        Headers.of([("x-name", "Łódź")])


def test_an_absent_field() -> None:
    headers = Headers()
    assert headers.get(b"accept") is None
    assert headers.get_all(b"accept") == []
    assert b"accept" not in headers
    headers.remove(b"accept")
    assert len(headers) == 0


@given(FIELDS, NAMES)
def test_fields_keep_their_order_and_their_repetitions(fields: list[tuple[bytes, bytes]], name: bytes) -> None:
    headers = Headers()
    for field in fields:
        headers.add(*field)
    values = [value for key, value in fields if key == name]
    assert list(headers) == fields
    assert len(headers) == len(fields)
    assert headers.get_all(name) == values
    assert headers.get(name) == (values[0] if values else None)
    assert (name in headers) == bool(values)


@given(FIELDS, NAMES, st.binary(max_size=4))
def test_set_leaves_one_field_of_the_name_and_all_others(
    fields: list[tuple[bytes, bytes]], name: bytes, value: bytes
) -> None:
    headers = Headers(fields.copy())
    headers.set(name, value)
    assert headers.items == [field for field in fields if field[0] != name] + [(name, value)]


@given(FIELDS, NAMES)
def test_remove_takes_all_fields_of_the_name_only(fields: list[tuple[bytes, bytes]], name: bytes) -> None:
    headers = Headers(fields.copy())
    headers.remove(name)
    assert headers.items == [field for field in fields if field[0] != name]


@given(FIELDS, NAMES)
def test_changing_a_copy_changes_nothing_else(fields: list[tuple[bytes, bytes]], name: bytes) -> None:
    headers = Headers(fields.copy())
    copy = headers.copy()
    assert copy == headers
    copy.set(name, b"changed")
    copy.add(b"added", b"")
    assert headers.items == fields


def test_two_of_the_same_fields_are_equal_and_neither_can_be_a_key() -> None:
    fields = [(b"a", b"1")]
    assert Headers(fields) == Headers(fields.copy())
    assert Headers(fields) != Headers()
    assert Headers(fields) != fields
    with pytest.raises(TypeError):
        hash(Headers())


def test_values_stay_out_of_the_representation() -> None:
    assert repr(Headers([(b"authorization", b"Bearer secret")])) == "Headers(['authorization'])"
