"""Changes as they are written."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.administration import ROOT, office

from bartizan.access.changes import MAX_GROUP, normalised_group
from bartizan.errors import AccessError


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


async def test_each_kind_of_change_has_its_line_and_none_has_none(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        person = (await at.administration.invite(ROOT, "ann", groups=["finance"])).person
        before = len(at.audit())
        after = msgspec.structs.replace(person, display_name="Ann Smith", active=False, groups=())
        with at.records.transaction() as tx:
            at.changes.person(tx, ROOT, person, person)
            assert at.changes.person(tx, ROOT, person, after) == after
            assert tx.people.get(person.id) == after
        assert [(event.action, event.details) for event in at.audit()[before:]] == [
            ("principal.disabled", {"name": "ann"}),
            ("principal.groups", {"name": "ann", "removed": "finance"}),
            ("principal.changed", {"name": "ann", "fields": "display_name"}),
        ]


async def test_a_group_that_can_have_no_name_is_refused(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        with at.records.transaction() as tx:
            with pytest.raises(AccessError, match="cannot be the name"):
                at.changes.groups(tx, ROOT, ["a\nb"], make=True)
            assert at.changes.groups(tx, ROOT, [" a ", "administrators"], make=True) == ["a", "administrators"]
