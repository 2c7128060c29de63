"""Recovery codes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.access.factors.recovery import find, hash_code, new_codes
from bartizan.storage.records.entities import Credential


def kept(code: str) -> Credential:
    return Credential(id=code, principal="ann", kind="recovery", secret=hash_code(code), created=0.0)


def test_there_are_ten_codes_of_80_bits_in_readable_groups() -> None:
    codes = new_codes()
    assert len(set(codes)) == 10
    for code in codes:
        assert re.fullmatch(r"([0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}", code)


def test_each_code_is_found_and_no_other() -> None:
    codes = new_codes()
    credentials = [kept(code) for code in codes]
    assert [find(code, credentials) for code in codes] == credentials
    assert [find(code, credentials) for code in new_codes()] == [None] * 10


def test_what_is_kept_tells_nothing_of_the_code() -> None:
    code = new_codes(1)[0]
    assert code.encode() not in hash_code(code)
    assert len(hash_code(code)) == 32


@given(st.sampled_from(["-", " ", "", " - ", "\t"]), st.booleans(), st.sampled_from("il1IL"), st.sampled_from("oO0"))
def test_the_way_it_is_typed_does_not_matter(between: str, capitals: bool, one: str, zero: str) -> None:
    code = "0123-4567-89ab-cdef"
    typed = code.replace("-", between)
    typed = (typed.upper() if capitals else typed).replace("1", one).replace("0", zero)
    assert find(typed, [kept(code)]) == kept(code)


@pytest.mark.parametrize("code", ["", "-" * 64, "0123", "\ud800" * 24, "0" * 1_000_000, "ж" * 24])
def test_what_has_another_form_is_no_code(code: str) -> None:
    assert find(code, [kept(real) for real in new_codes()]) is None
