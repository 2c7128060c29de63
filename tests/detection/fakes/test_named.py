import pytest

from bartizan.detection.fakes import named
from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.fakes.named import number_for, text_for, words_of
from bartizan.detection.fakes.persona import Persona

ROW = Keyed(b"k" * 32, "row")
PERSONA = Persona(ROW)


@pytest.mark.parametrize("name", ["created_at", "createdAt", "created-at", "Created At"])
def test_names_are_read_in_all_spellings(name: str) -> None:
    assert words_of(name) == ("created", "at")


def test_texts_fit_the_name_whatever_stands_before_it() -> None:
    assert text_for(words_of("billingEmail"), PERSONA, ROW) == f"{PERSONA.user}@{PERSONA.domain}"
    assert text_for(words_of("customer_first_name"), PERSONA, ROW) == PERSONA.first
    assert text_for(words_of("zip"), PERSONA, ROW) == PERSONA.postcode
    assert text_for(words_of("frobnication"), PERSONA, ROW) is None


def test_a_name_is_that_of_what_it_is_part_of() -> None:
    assert text_for(("name",), PERSONA, ROW, "products") == PERSONA.product
    assert text_for(("name",), PERSONA, ROW, "companies") == PERSONA.company
    assert text_for(("name",), PERSONA, ROW, "users") == f"{PERSONA.first} {PERSONA.last}"


def test_prices_are_positive_with_cents_and_years_are_years() -> None:
    for label in range(50):
        row = Keyed(b"k" * 32, label)
        price = number_for(("unit", "price"), row)
        assert price is not None
        assert 0 < price < 1000
        assert round(price, 2) == price
        year = number_for(("year",), row)
        assert year is not None
        assert 2015 <= year <= 2024
    assert number_for(("frobnication",), ROW) is None


def test_nothing_says_that_it_is_fake() -> None:
    for maker in named._TEXTS.values():
        made = maker(PERSONA, ROW).lower()
        assert made
        assert not any(word in made for word in ("lorem", "string", "example", "foo", "test", "fake", "dummy"))
