from hypothesis import given
from hypothesis import strategies as st

from bartizan.detection.fakes.keyed import Keyed

KEY = b"k" * 32


@given(st.lists(st.one_of(st.text(max_size=5), st.integers()), max_size=3), st.integers(1, 10**12))
def test_the_same_key_and_labels_make_the_same_choices(labels: list[str | int], limit: int) -> None:
    one, other = Keyed(KEY, *labels), Keyed(KEY, *labels)
    assert [one.below(limit) for _ in range(5)] == [other.below(limit) for _ in range(5)]
    assert 0 <= one.uniform() < 1
    assert one.between(3, 5) in (3, 4, 5)


def test_labels_are_told_apart_however_they_are_cut() -> None:
    rows = [Keyed(KEY, "ab", "c"), Keyed(KEY, "a", "bc"), Keyed(KEY, "abc"), Keyed(KEY), Keyed(b"o" * 32, "abc")]
    assert len({row.draw(16) for row in rows}) == 5


def test_a_row_below_is_that_of_all_labels_and_a_root_that_of_its_own() -> None:
    assert Keyed(KEY, "a").sub("b").hex(8) == Keyed(KEY, "a", "b").hex(8)
    assert Keyed(KEY, "a").root("b").hex(8) == Keyed(KEY, "b").hex(8)


def test_choices_are_spread() -> None:
    row = Keyed(KEY, "spread")
    drawn = [row.choice("abcd") for _ in range(400)]
    assert all(70 < drawn.count(letter) < 130 for letter in "abcd")
    assert 60 < sum(row.chance(0.25) for _ in range(400)) < 140


def test_texts_have_the_length_and_alphabet_asked_for() -> None:
    row = Keyed(KEY)
    assert len(row.text("abc", 50)) == 50
    assert set(row.text("abc", 50)) == set("abc")
    assert len(row.digits(6)) == 6
    assert row.digits(6)[0] != "0"
    assert row.digits(0) == ""
    assert int(row.hex(7), 16) >= 0
