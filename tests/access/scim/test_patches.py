"""PATCH: as identity providers send it, and as they must not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.access.scim.names import PATCH, USER
from bartizan.access.scim.patches import patched
from bartizan.errors import ScimError

ANN = {
    "schemas": [USER],
    "id": "p1",
    "userName": "ann",
    "active": True,
    "emails": [{"value": "a@example.org", "primary": True}, {"value": "b@example.org"}],
    "members": [{"value": "1"}, {"value": "2"}],
}


def message(*operations: Any) -> dict[str, Any]:
    return {"schemas": [PATCH], "Operations": list(operations)}


@pytest.mark.parametrize(
    ("operation", "changed"),
    [
        ({"op": "replace", "path": "active", "value": False}, {"active": False}),
        ({"op": "Replace", "value": {"active": False, "id": "p1"}}, {"active": False}),
        ({"op": "add", "path": "displayName", "value": "Ann"}, {"displayName": "Ann"}),
        ({"op": "replace", "path": "USERNAME", "value": "anna"}, {"userName": "anna"}),
        ({"op": "replace", "path": f"{USER}:userName", "value": "anna"}, {"userName": "anna"}),
        ({"op": "add", "path": "name.formatted", "value": "Ann S"}, {"name": {"formatted": "Ann S"}}),
        ({"op": "add", "value": {"name.givenName": "Ann"}}, {"name": {"givenName": "Ann"}}),
        ({"op": "add", "path": "members", "value": [{"value": "3"}, {"value": "1"}]},
         {"members": [{"value": "1"}, {"value": "2"}, {"value": "3"}]}),
        ({"op": "add", "path": "members", "value": {"value": "3"}},
         {"members": [{"value": "1"}, {"value": "2"}, {"value": "3"}]}),
        ({"op": "replace", "path": "members", "value": [{"value": "9"}]}, {"members": [{"value": "9"}]}),
        ({"op": "remove", "path": 'members[value eq "1"]'}, {"members": [{"value": "2"}]}),
        ({"op": "remove", "path": "members", "value": [{"value": "2"}]}, {"members": [{"value": "1"}]}),
        ({"op": "remove", "path": "members"}, {"members": []}),
        ({"op": "remove", "path": 'members[value eq "7"]'}, {}),
        ({"op": "replace", "path": "emails[primary eq true].value", "value": "c@example.org"},
         {"emails": [{"value": "c@example.org", "primary": True}, {"value": "b@example.org"}]}),
        ({"op": "replace", "path": 'emails[type eq "work"].value', "value": "w@example.org"},
         {"emails": [*ANN["emails"], {"type": "work", "value": "w@example.org"}]}),
        ({"op": "replace", "path": 'emails[value eq "b@example.org"]', "value": {"type": "home"}},
         {"emails": [ANN["emails"][0], {"value": "b@example.org", "type": "home"}]}),
    ],
)  # fmt: skip
def test_operations_change_what_they_name(operation: dict[str, Any], changed: dict[str, Any]) -> None:
    before = repr(ANN)
    assert patched(ANN, message(operation)) == ANN | changed
    assert repr(ANN) == before


def test_what_is_removed_is_gone() -> None:
    made = patched(ANN, message({"op": "remove", "path": "active"}, {"op": "remove", "path": "emails.primary"}))
    assert "active" not in made
    assert made["emails"] == [{"value": "a@example.org"}, {"value": "b@example.org"}]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (7, "invalidSyntax"),
        ({}, "invalidSyntax"),
        ({"schemas": [PATCH]}, "invalidSyntax"),
        (message(), "invalidSyntax"),
        (message(*[{"op": "remove", "path": "active"}] * 101), "invalidSyntax"),
        (message("x"), "invalidSyntax"),
        (message({"op": "move", "path": "a", "value": 1}), "invalidSyntax"),
        (message({"op": "remove"}), "noTarget"),
        (message({"op": "add", "path": "active"}), "invalidValue"),
        (message({"op": "add", "value": [1]}), "invalidValue"),
        (message({"op": "replace", "path": "id", "value": "p2"}), "mutability"),
        (message({"op": "replace", "path": "members[value", "value": "p2"}), "invalidPath"),
        (message({"op": "replace", "path": "active[a eq true]", "value": "p2"}), "invalidPath"),
        (message({"op": "replace", "path": "active.deep", "value": "p2"}), "invalidPath"),
        (message({"op": "replace", "path": "__class__", "value": "p2"}), "invalidPath"),
        (message({"op": "replace", "path": "a" * 2000, "value": "p2"}), "invalidPath"),
        (message({"op": "replace", "path": 'members[value eq "7"]', "value": {"value": "8"}}), "noTarget"),
        (message({"op": "replace", "path": 'members[value co "7"].value', "value": "8"}), "invalidFilter"),
    ],
)
def test_what_is_no_patch_is_refused(body: object, kind: str) -> None:
    with pytest.raises(ScimError) as caught:
        patched(ANN, body)
    assert caught.value.kind == kind


PATHS = st.sampled_from(["", "active", "emails", "emails.value", "members", 'members[value eq "1"]', "name.formatted"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["value", "active", "members"]), inner, max_size=3)
    ),
)
OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "remove", "replace"]), "path": PATHS, "value": VALUES}
)


@given(st.lists(OPERATIONS, min_size=1, max_size=4))
def test_whatever_comes_is_carried_out_or_refused(operations: list[dict[str, Any]]) -> None:
    try:
        made = patched(ANN, message(*operations))
    except ScimError:
        return
    assert (made["id"], made["schemas"]) == (ANN["id"], ANN["schemas"])
