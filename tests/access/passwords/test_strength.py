import secrets
import string
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.access.passwords.strength import weakness


@pytest.mark.parametrize(
    "password",
    ["a", "aaaaaaaaaaaaaaa", "abababababababab", "abcdefghijklmnop", "qwertyuiop[]asdf", "Password1!", "P@ssw0rd2019",
     "12/12/1990", "1234567890123456", "Summer2024!", "z" * 1024],
)  # fmt: skip
def test_what_attackers_try_first_is_too_weak(password: str) -> None:
    advice = weakness(password)
    assert advice is not None
    assert advice.startswith("It is easy to guess.")
    assert advice.endswith(".")


@pytest.mark.parametrize(
    "password", ["correct horse battery staple", "Vk3#qpLx", "nine purple kettles sing", "путешествие на край света"]
)
def test_what_is_hard_to_guess_is_not(password: str) -> None:
    assert weakness(password) is None


def test_no_text_at_all_is_too_weak() -> None:
    assert weakness("") == "It is empty."


def test_long_random_passwords_are_not() -> None:
    letters = string.ascii_letters + string.digits + string.punctuation
    for length in (16, 32, 64, 1024):
        assert weakness("".join(secrets.choice(letters) for _ in range(length))) is None


def test_words_of_the_person_are_easy_to_guess_for_them_alone() -> None:
    assert weakness("zorblaxian2024", ["Zorblaxian"]) is not None
    assert weakness("zorblaxian2024") is None


def test_words_of_one_person_do_not_reach_others_in_other_threads() -> None:
    def ask(number: int) -> tuple[bool, bool]:
        word = f"zorblax{'abcdefgh'[number % 8]}ian"
        other = f"zorblax{'abcdefgh'[(number + 1) % 8]}ian"
        return weakness(f"{word}2024", [word]) is not None, weakness(f"{other}2024", [word]) is None

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(ask, range(32))) == {(True, True)}


@settings(max_examples=50)
@given(st.text(max_size=40), st.lists(st.text(max_size=10), max_size=3))
def test_any_text_has_an_answer(password: str, words: list[str]) -> None:
    advice = weakness(password, words)
    assert advice is None or advice.endswith(".")


def test_the_longest_texts_take_no_more_than_shorter_ones() -> None:
    assert weakness("4@8({[<3691!|0$5+7%2" * 500, ["x" * 10_000] * 1000) is None
