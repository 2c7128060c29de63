"""Names are one name however they are typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.access.names import MAX_NAME, normalised_name


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Alice ", "alice"),
        ("ALICE", "alice"),
        ("\uff41lice", "alice"),
        ("Straße", "strasse"),
        ("", ""),
        ("al\x00ice", ""),
        ("al\nice", ""),
        ("a" * (MAX_NAME + 1), ""),
        ("ﷺ" * MAX_NAME, ""),
        ("\ud800", ""),
    ],
)
def test_name_in_its_one_form(typed: str, kept: str) -> None:
    assert normalised_name(typed) == kept


@given(st.text(max_size=200))
def test_form_is_stable_and_bounded(typed: str) -> None:
    once = normalised_name(typed)

    assert len(once) <= MAX_NAME
    assert normalised_name(once) == once
