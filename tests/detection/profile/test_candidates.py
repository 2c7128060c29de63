import pytest

from bartizan.detection.profile.candidates import (
    CLOSED,
    KEPT,
    MANY,
    MAX_PLACES,
    MAX_VALUES,
    UNKNOWN,
    Candidates,
    is_enumerable,
)


def test_a_text_is_kept_once_many_distinct_objects_have_it() -> None:
    candidates = Candidates()
    assert [candidates.see("p", "paid", 1) for _ in range(20)] == [UNKNOWN] * 20
    assert [candidates.see("p", "paid", who) for who in range(2, MANY + 1)][-1] == KEPT


def test_a_place_with_many_texts_is_closed_for_good() -> None:
    candidates = Candidates()
    seen = [candidates.see("p", f"word{index}", index) for index in range(MAX_VALUES + 1)]
    assert seen[-1] == CLOSED
    assert candidates.see("p", "word0", 9) == CLOSED
    candidates.close("q")
    assert candidates.see("q", "paid", 1) == CLOSED


def test_places_are_bounded() -> None:
    candidates = Candidates()
    for index in range(MAX_PLACES + 10):
        candidates.see(str(index), "x", 1)
    assert len(candidates._places) == MAX_PLACES


@pytest.mark.parametrize("text", ["paid", "IN_PROGRESS", "EUR", "v2", "bank-transfer"])
def test_words_of_an_api_may_be_kept(text: str) -> None:
    assert is_enumerable("condition", text)


@pytest.mark.parametrize("text", ["Miller", "two words", "a@b.c", "1234", "sk_live_4eC39HqL", "x" * 33, "", "é", "12"])
def test_what_people_write_and_secrets_may_not(text: str) -> None:
    assert not is_enumerable("condition", text)


@pytest.mark.parametrize("name", ["last_name", "city", "customer", "apiKey", "reset_token", "to"])
def test_nothing_is_kept_where_the_name_speaks_of_people_or_secrets(name: str) -> None:
    assert not is_enumerable(name, "miller")


def test_capitalised_words_are_kept_where_the_name_says_that_it_is_a_kind() -> None:
    assert is_enumerable("orderStatus", "Pending")
