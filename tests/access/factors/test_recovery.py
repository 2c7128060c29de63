import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.records import make_credential, make_person

from bartizan.access.factors.recovery import find, hash_code, new_codes
from bartizan.storage.records.entities import Credential

CODE = "0123-4567-89ab-cdef-ghjk-mnpv"
LETTERS = "0-9a-hjkmnp-tv-z"


def kept(codes: list[str]) -> list[Credential]:
    person = make_person()
    return [make_credential(person, "recovery", secret=hash_code(code)) for code in codes]


def test_there_are_ten_codes_of_120_bits_in_readable_groups() -> None:
    codes = new_codes()
    assert len(set(codes)) == 10
    for code in codes:
        assert re.fullmatch(rf"([{LETTERS}]{{4}}-){{5}}[{LETTERS}]{{4}}", code)
    assert len(set("".join(new_codes(100)))) == 32 + 1


def test_each_code_finds_its_credential_and_no_other_does() -> None:
    codes = new_codes()
    credentials = kept(codes)
    for code, credential in zip(codes, credentials, strict=True):
        assert find(code, credentials) is credential
    assert not any(find(code, credentials) for code in new_codes(50))
    assert find(codes[0], []) is None


@given(st.sampled_from(["-", " ", "", " - ", "\t"]), st.booleans(), st.sampled_from("1ilIL"), st.sampled_from("0oO"))
def test_the_way_it_is_typed_does_not_matter(between: str, capitals: bool, one: str, zero: str) -> None:
    typed = CODE.replace("-", between)
    typed = (typed.upper() if capitals else typed).replace("1", one).replace("0", zero)
    assert find(typed, kept([CODE])) is not None
    assert find(typed.replace("v", "u").replace("V", "U"), kept([CODE])) is not None


@pytest.mark.parametrize(
    "code", ["", "-" * 64, "0123", "\ud800" * 24, "0" * 1_000_000, "ж" * 24, CODE[:-1], CODE + "0"]
)
def test_what_has_another_form_is_no_code(code: str) -> None:
    assert find(code, kept([CODE, *new_codes()])) is None


def test_what_is_kept_does_not_tell_the_code() -> None:
    assert len(hash_code(CODE)) == 32
    assert CODE.encode() not in hash_code(CODE)
    assert hash_code(CODE) != hash_code(CODE[:-1] + "w")
