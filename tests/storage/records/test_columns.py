"""What columns keep: the same on both engines, whatever the text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.records import make_approval, make_credential, make_person

from bartizan.storage.records.entities import Principal
from bartizan.storage.records.store import RecordStore

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
VALUES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
DOCUMENTS = st.recursive(
    VALUES | st.text(), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)
SHARED = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SHARED
@given(text=TEXTS, time=st.floats(0, 2e10))
def test_texts_and_times_come_back_as_they_were(store: RecordStore, text: str, time: float) -> None:
    person = make_person(display_name=text, created=time)
    with store.transaction() as tx:
        tx.people.add(person)
        assert tx.people.get(person.id) == person
        tx.people.remove(person.id)


@SHARED
@given(value=DOCUMENTS)
def test_documents_come_back_as_they_were(store: RecordStore, ann: Principal, value: Any) -> None:
    approval = make_approval(ann, data={"value": value})
    with store.transaction() as tx:
        tx.approvals.add(approval)
        assert tx.approvals.get(approval.id) == approval


@pytest.mark.parametrize(("text", "kept"), [("a\0b", "a\N{REPLACEMENT CHARACTER}b"), ("a\ud800b", "a?b")])
def test_what_is_no_text_is_replaced(store: RecordStore, text: str, kept: str) -> None:
    person = make_person(display_name=text)
    with store.transaction() as tx:
        tx.people.add(person)
        found = tx.people.get(person.id)
        assert tx.people.find(text) is None
    assert found is not None
    assert found.display_name == kept


def test_an_empty_handle_is_none_at_all(store: RecordStore, ann: Principal) -> None:
    with store.transaction() as tx:
        for _ in range(2):
            tx.credentials.add(make_credential(ann, "recovery", handle=""))
        assert [credential.handle for credential in tx.credentials.of(ann.id)] == ["", ""]
