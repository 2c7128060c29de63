import time
import unicodedata

import argon2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.access.passwords.hashing import Passwords, normalised
from bartizan.access.passwords.parameters import FLOOR, Parameters

QUICK = Parameters(64, 1)


@pytest.fixture(scope="module")
def quick() -> Passwords:
    return Passwords(QUICK)


def test_a_password_verifies_against_its_hash_and_no_other_does(quick: Passwords) -> None:
    stored = quick.hash("correct horse battery staple")
    assert quick.verify(stored, "correct horse battery staple")
    assert not quick.verify(stored, "correct horse battery stapl")
    assert not quick.verify(stored, "")
    assert not quick.verify(stored, "Correct horse battery staple")


def test_hashes_are_argon2id_with_their_parameters_and_a_new_salt() -> None:
    first, second = (Passwords().hash("the same one") for _ in range(2))
    assert first != second
    assert first.startswith(b"$argon2id$v=19$m=19456,t=2,p=1$")
    assert argon2.PasswordHasher().verify(first.decode(), "the same one")


def test_nothing_verifies_against_no_hash(quick: Passwords) -> None:
    assert not quick.verify(None, "")
    assert not quick.verify(None, "a password")


@pytest.mark.parametrize("stored", [b"", b"\xff", b"secret", b"$2b$12$abcdefghijklmnopqrstuv", b"$argon2id$v=19$m=64"])
def test_what_is_no_hash_is_wrong_and_no_failure(quick: Passwords, stored: bytes) -> None:
    assert not quick.verify(stored, "a password")
    assert quick.needs_rehash(stored)


@settings(max_examples=50)
@given(st.text(max_size=60))
def test_forms_that_look_the_same_are_the_same_password(text: str) -> None:
    quick = Passwords(QUICK)
    stored = quick.hash(text)
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert quick.verify(stored, unicodedata.normalize(form, text))


def test_the_whole_password_counts(quick: Passwords) -> None:
    long = "a" * 1023
    assert quick.verify(quick.hash(long + "b"), long + "b")
    assert not quick.verify(quick.hash(long + "b"), long + "c")


def test_what_is_too_long_is_refused_before_any_work_and_never_right(quick: Passwords) -> None:
    with pytest.raises(ValueError, match="longer"):
        quick.hash("a" * 1025)
    assert not quick.verify(quick.hash("a" * 1024), "a" * 1025)
    assert not quick.verify(quick.hash(""), "a" * 1025)
    assert not quick.verify(quick.hash(""), "a" * 10_000_000)
    assert normalised("\ufdfa" * 1024) is None  # each becomes 18 characters


def test_a_half_of_a_surrogate_pair_is_a_password_like_any_other(quick: Passwords) -> None:
    assert not quick.verify(quick.hash("\ud800"), "\ud801")


def test_hashes_of_less_work_or_another_kind_are_to_be_made_anew() -> None:
    present = Passwords(Parameters(4 * FLOOR.memory, 2))
    weak = argon2.PasswordHasher(time_cost=2, memory_cost=FLOOR.memory * 2, parallelism=1)
    other = argon2.PasswordHasher(time_cost=2, memory_cost=FLOOR.memory * 4, parallelism=1, type=argon2.Type.I)
    wide = argon2.PasswordHasher(time_cost=2, memory_cost=FLOOR.memory * 4, parallelism=2)
    for hasher in (weak, other, wide):
        assert present.needs_rehash(hasher.hash("a password").encode())
    assert not present.needs_rehash(present.hash("a password"))


def test_hashes_of_about_the_same_work_are_left_alone() -> None:
    present = Passwords(Parameters(2 * FLOOR.memory, 2))
    for memory in (FLOOR.memory * 17 // 10, FLOOR.memory * 3):
        assert not present.needs_rehash(Passwords(Parameters(memory, 2)).hash("a password"))


def test_an_old_hash_still_verifies(quick: Passwords) -> None:
    old = argon2.PasswordHasher(time_cost=1, memory_cost=128, parallelism=2, hash_len=16).hash("a password").encode()
    assert quick.verify(old, "a password")
    assert not quick.verify(old, "another")


def _cpu(passwords: Passwords, stored: bytes | None, password: str) -> float:
    begun = time.thread_time()
    passwords.verify(stored, password)
    return time.thread_time() - begun


@pytest.mark.parametrize("share", [1, 0.8, 1.25], ids=["as now", "from a weaker machine", "from a stronger machine"])
def test_finding_nobody_costs_what_finding_somebody_costs(share: float) -> None:
    present = Passwords(Parameters(FLOOR.memory * 2, 2))
    stored = Passwords(Parameters(int(FLOOR.memory * 2 * share), 2)).hash("a password")
    present.verify(stored, "a password")  # what one hash costs is known once it was seen
    known, unknown, too_long = [], [], []
    for _ in range(4):  # in turns, so that what else the machine does falls on all
        known.append(_cpu(present, stored, "wrong"))
        unknown.append(_cpu(present, None, "wrong"))
        too_long.append(_cpu(present, stored, "w" * 2000))
    assert min(unknown) == pytest.approx(min(known), rel=0.3)
    assert min(too_long) == pytest.approx(min(known), rel=0.3)


def test_tuning_takes_what_a_measurement_says() -> None:
    assert Passwords.tune(measure=lambda parameters: parameters.work / FLOOR.work).parameters == FLOOR
    assert Passwords.tune((0.1, 0.25), lambda parameters: parameters.work / FLOOR.work * 0.05).parameters.memory > 19456
