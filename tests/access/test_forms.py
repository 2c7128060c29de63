"""The form of what is kept of people and groups."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.access.forms import MAX_GROUP, is_email, is_line, normalised_group


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("Finance Team", "Finance Team"), (" a ", "a"), ("e\u0301", "é"), ("", ""), ("a\tb", ""), ("x" * 129, "")],
)
def test_names_of_groups_have_one_form(typed: str, kept: str) -> None:
    assert normalised_group(typed) == kept


@given(st.text(max_size=200))
def test_the_form_is_stable_and_bounded(typed: str) -> None:
    once = normalised_group(typed)
    assert len(once) <= MAX_GROUP
    assert normalised_group(once) == once


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ann@example.org", True),
        ("a.b+c@sub.example.org", True),
        ("ann@m\u00fcnchen.example", True),
        ("", False),
        ("ann", False),
        ("@example.org", False),
        ("ann@", False),
        ("a@b@example.org", False),
        ("ann <ann@example.org>", False),
        ("ann@example.org\nBcc: x@example.org", False),
        ("x" * 65 + "@example.org", False),
        ("a@" + "x" * 253, False),
    ],
)
def test_an_address_for_mail_is_known_by_its_form(text: str, expected: bool) -> None:
    assert is_email(text) is expected


@pytest.mark.parametrize(("text", "expected"), [("", True), ("Zoë", True), ("a\nb", False), ("\u202egnp", False)])
def test_a_line_can_be_seen(text: str, expected: bool) -> None:
    assert is_line(text) is expected
    assert not is_line("x" * 257)
