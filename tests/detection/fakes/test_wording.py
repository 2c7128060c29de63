from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.fakes.wording import fits, folded, pattern_of, styled

KEYED = Keyed(b"k" * 32, "wording")


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("Stool, glass", "Aa, a"),
        ("Amina Adler", "Aa Aa"),
        ("USB cable 2", "A a 9"),
        ("red-and-blue", "a-a-a"),
        ("Ärmel", "Aa"),
        ("", ""),
        ("what <b>is</b>", ""),
        ("one two three four five six seven", ""),
    ],
)
def test_a_pattern_has_no_word_of_a_text(text: str, pattern: str) -> None:
    assert pattern_of(text) == pattern


def test_a_text_is_written_as_others_are() -> None:
    assert styled("Folding Tent", ["Aa, a"], KEYED) == "Tent, folding"
    assert styled("Folding Tent", ["a a", "Aa Aa Aa"], KEYED) == "folding tent"
    assert styled("Folding Tent", ["A-A"], KEYED) == "FOLDING-TENT"
    assert styled("Folding Tent", ["Aa Aa", "a a"], KEYED) == "Folding Tent"
    assert styled("Folding Tent", ["a"], KEYED) == "Folding Tent"
    assert styled("Folding Tent", [], KEYED) == "Folding Tent"


def test_words_are_counted_as_patterns_count_them() -> None:
    assert fits("Folding Tent", ["Aa", "Aa, a"])
    assert not fits("Heavy-Duty Tent", ["Aa, a"])


def test_letters_that_are_not_known_are_written_with_others() -> None:
    assert folded("Jürgen Øster, Gdańsk, Straße, Łódź") == "Jurgen Oster, Gdansk, Strasse, Lodz"


@settings(max_examples=80, deadline=None)
@given(st.text("aB9 ,-é_", max_size=24), st.lists(st.sampled_from(["Aa, a", "a", "A 9", "a-a-a"]), max_size=3))
def test_whatever_there_is_to_write_it_is_written(text: str, patterns: list[str]) -> None:
    made = styled(text, patterns, KEYED)
    assert made == styled(text, patterns, KEYED)
    assert sorted(made.lower()) == sorted(text.lower()) or pattern_of(made) or not made
    assert folded(made).isascii()
