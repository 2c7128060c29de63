"""Bytes of a keyed hash are the same for the same key and labels, however they are drawn, and for no others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bartizan.detection.honeytokens.stream import Stream

KEY = b"k" * 32


@given(st.lists(st.integers(0, 100), max_size=8))
def test_it_does_not_matter_in_which_pieces_they_are_drawn(pieces: list[int]) -> None:
    stream = Stream(KEY, "a")
    assert b"".join(stream(length) for length in pieces) == Stream(KEY, "a")(sum(pieces))


def test_other_keys_and_labels_give_others() -> None:
    rows = [
        Stream(KEY, "a", "b"),
        Stream(KEY, "ab"),
        Stream(KEY, "ab", ""),
        Stream(KEY, "b", "a"),
        Stream(b"l" * 32, "a", "b"),
    ]
    assert len({row(16) for row in rows}) == len(rows)


@given(st.integers(1, 2**70), st.text(max_size=4))
def test_numbers_are_below_their_limit(limit: int, label: str) -> None:
    assert 0 <= Stream(KEY, label).below(limit) < limit
