import hashlib
import hmac
import re
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.access.factors.recovery import ALPHABET, code_hash, find, new_codes
from bartizan.keys.vault import Vault


def mac(data: bytes) -> bytes:
    return hmac.digest(b"key", data, hashlib.sha256)


def test_there_are_ten_codes_of_120_bits_in_readable_groups() -> None:
    codes = new_codes()
    assert len(set(codes)) == 10
    for code in codes:
        assert re.fullmatch(r"([0-9a-hjkmnp-tv-z]{4}-){5}[0-9a-hjkmnp-tv-z]{4}", code)
    assert len(ALPHABET) == len(set(ALPHABET)) == 32
    assert len(set("".join(new_codes(100)))) == 33


def test_each_code_is_found_and_no_other(tmp_path: Path) -> None:
    keyed = partial(Vault.open(tmp_path).mac, "recovery")
    codes = new_codes()
    hashes = [code_hash(code, "ann", keyed) for code in codes]
    for index, code in enumerate(codes):
        assert find(code, "ann", hashes, keyed) == index
    for code in new_codes():
        assert find(code, "ann", hashes, keyed) is None


def test_a_hash_belongs_to_one_person_and_one_key() -> None:
    code = new_codes(1)[0]
    hashes = [code_hash(code, "ann", mac)]
    assert find(code, "bob", hashes, mac) is None
    assert find(code, "ann", hashes, lambda data: hmac.digest(b"other", data, hashlib.sha256)) is None


@given(st.sampled_from(["-", " ", "", " - ", "\t"]), st.booleans(), st.sampled_from("il1IL"), st.sampled_from("oO0"))
def test_the_way_it_is_typed_does_not_matter(between: str, capitals: bool, one: str, zero: str) -> None:
    code = "0123-4567-89ab-cdef-ghjk-mnpq"
    typed = code.replace("-", between)
    typed = (typed.upper() if capitals else typed).replace("1", one).replace("0", zero)
    assert find(typed, "ann", [code_hash(code, "ann", mac)], mac) == 0


@pytest.mark.parametrize("code", ["", "-" * 64, "0123", "\ud800" * 24, "0" * 1_000_000, "ж" * 24])
def test_what_has_another_form_is_no_code(code: str) -> None:
    hashes = [code_hash(real, "ann", mac) for real in new_codes()]
    assert find(code, "ann", hashes, mac) is None


def test_a_hash_of_something_shorter_opens_nothing() -> None:
    assert find("0123", "ann", [code_hash("0123", "ann", mac)], mac) is None
    assert find("", "ann", [], mac) is None
