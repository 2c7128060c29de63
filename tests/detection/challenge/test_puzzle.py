from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.challenge import solve

from bartizan.detection.challenge.puzzle import MAX_BITS, MAX_COUNTER, MIN_BITS, bits_for, is_solution

SALT = "c2FsdHNhbHRzYWx0c2FsdA"


@given(st.floats(0, 100), st.floats(0, 100))
def test_more_risk_is_never_less_work(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert MIN_BITS <= bits_for(low) <= bits_for(high) <= MAX_BITS


def test_the_work_rises_from_the_least_to_the_most() -> None:
    assert [bits_for(risk) for risk in (-5, 0, 30, 60, 100, 1000)] == [14, 14, 16, 18, 21, 21]


@given(st.integers(0, 10**6), st.integers(1, 12))
@settings(max_examples=50)
def test_a_solution_is_a_hash_that_begins_with_zeros(counter: int, bits: int) -> None:
    digest = hashlib.sha256(f"{SALT}{counter}".encode()).digest()
    zeros = 256 - int.from_bytes(digest, "big").bit_length()
    assert is_solution(SALT, str(counter), bits) is (zeros >= bits)


def test_what_is_found_holds_for_its_salt_alone() -> None:
    counter = solve(SALT, 12)
    assert is_solution(SALT, counter, 12)
    assert not is_solution("other" + SALT[5:], counter, 12)


@pytest.mark.parametrize("text", ["", "-1", "+1", " 1", "1 ", "1.0", "0x1", "01", "00", "٣", "1" * 17, "1\n"])
def test_a_counter_is_written_in_one_way(text: str) -> None:
    assert not is_solution(SALT, text, 0)


def test_the_largest_counter_and_a_salt_are_one_block_of_the_hash() -> None:
    assert len(SALT) + len(str(MAX_COUNTER)) <= 55
    assert is_solution(SALT, str(MAX_COUNTER), 0)
    assert is_solution(SALT, "0", 0)
