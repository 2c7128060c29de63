"""Filters of queries."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.access.scim.filters import Comparison, people_filter, read_comparisons
from bartizan.errors import ScimError
from bartizan.storage.records.people import PeopleFilter


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('userName eq "Ann"', PeopleFilter(name="ann")),
        ('USERNAME EQ "ann"', PeopleFilter(name="ann")),
        ('externalId eq "7 and \\"8\\""', PeopleFilter(external_id='7 and "8"')),
        ('emails.value eq "a@example.org" and active eq true', PeopleFilter(email="a@example.org", active=True)),
        ('emails eq "a@example.org"  AND  active  eq  false ', PeopleFilter(email="a@example.org", active=False)),
        ('groups.display eq "finance"', PeopleFilter(group="finance")),
        ('userName eq ""', PeopleFilter(name="")),
    ],
)
def test_people_are_asked_for_by_equality(text: str, wanted: PeopleFilter) -> None:
    assert people_filter(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "userName",
        "userName eq",
        "userName eq ann",
        "userName eq 7",
        'userName co "ann"',
        'userName eq "ann',
        'userName eq "ann" or active eq true',
        'userName eq "ann" and',
        'userName eq "ann" and userName eq "bob"',
        'title eq "x"',
        'active eq "true"',
        "userName eq true",
        'userName eq "ann") or (active eq true',
        " and ".join(['x eq "1"'] * 9),
        'userName eq "a\\u0000"',
        "userName eq " + "[" * 1000,
        'userName eq "' + "x" * 1024 + '"',
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(ScimError) as caught:
        people_filter(text)
    assert caught.value.kind == "invalidFilter"


NAMES = st.text("abcXYZ.", min_size=1, max_size=10)
VALUES = st.text(max_size=20).filter(str.isprintable) | st.booleans()


@given(st.lists(st.tuples(NAMES, VALUES), min_size=1, max_size=5))
def test_comparisons_come_back_as_they_were_written(pairs: list[tuple[str, str | bool]]) -> None:
    text = " and ".join(f"{name} eq {json.dumps(value)}" for name, value in pairs)
    assert read_comparisons(text) == [Comparison(name.lower(), value) for name, value in pairs]


@given(st.text(max_size=200))
def test_whatever_comes_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ScimError):
        assert read_comparisons(text)
