"""Pages, attributes, versions and errors of SCIM answers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from bartizan.access.scim.names import ERROR
from bartizan.control.api.problems import STATUSES
from bartizan.control.api.scim_answers import (
    MAX_PAGE,
    answer_error,
    check_unchanged,
    paging,
    tag_of,
    wanted_attributes,
)
from bartizan.errors import AccessError, RecordConflict, RequestError, ScimError, StateError

ANN: dict[str, Any] = {
    "schemas": ["urn:x"],
    "id": "7",
    "userName": "ann",
    "emails": [{"value": "a@b.c"}],
    "meta": {"resourceType": "User"},
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def request(**headers: str) -> Request:
    fields = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "PUT", "path": "/", "query_string": b"", "headers": fields})


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ({}, (1, 100)),
        ({"startIndex": "0", "count": "-3"}, (1, 0)),
        ({"startIndex": "7", "count": "20"}, (7, 20)),
        ({"count": "999999999"}, (1, MAX_PAGE)),
    ],
)
def test_pages_are_bounded(query: dict[str, str], page: tuple[int, int]) -> None:
    assert paging(query) == page


@given(st.dictionaries(st.sampled_from(["startIndex", "count"]), st.text(max_size=12)))
def test_any_query_is_a_page_or_an_error(query: dict[str, str]) -> None:
    try:
        page = paging(query)
    except ScimError:
        return
    assert 1 <= page.first <= 999_999_999
    assert 0 <= page.size <= MAX_PAGE


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, set(ANN)),
        ({"attributes": "username, emails.value"}, {"schemas", "id", "userName", "emails"}),
        ({"attributes": "urn:ietf:params:scim:schemas:core:2.0:User:userName"}, {"schemas", "id", "userName"}),
        ({"excludedAttributes": "emails,id,schemas"}, {"schemas", "id", "userName", "meta"}),
        ({"attributes": "nothing"}, {"schemas", "id"}),
    ],
)
def test_attributes_are_chosen(query: dict[str, str], names: set[str]) -> None:
    assert set(wanted_attributes(ANN, query)) == names


def test_attributes_are_asked_for_or_left_out_but_not_both() -> None:
    with pytest.raises(ScimError):
        wanted_attributes(ANN, {"attributes": "id", "excludedAttributes": "emails"})


@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_a_version_does_not_depend_on_the_order_of_attributes(resource: dict[str, Any]) -> None:
    turned = dict(reversed(list(resource.items())))
    assert tag_of(turned) == tag_of(resource)
    assert tag_of(resource | {"more": 1}) != tag_of(resource) or resource.get("more") == 1


@pytest.mark.parametrize("field", ["*", tag_of(ANN), f'"x", {tag_of(ANN)}', tag_of(ANN).removeprefix("W/")])
def test_whoever_knows_the_version_may_change_it(field: str) -> None:
    check_unchanged(request(if_match=field), ANN)
    check_unchanged(request(), ANN)


@pytest.mark.parametrize("field", ["", '"x"', 'W/"x"'])
def test_whoever_knows_another_version_may_not(field: str) -> None:
    with pytest.raises(RequestError) as caught:
        check_unchanged(request(if_match=field), ANN)
    assert caught.value.status == 412


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (ScimError("invalidFilter", "filter", "no"), 400, "invalidFilter"),
        (ScimError("uniqueness", "userName", "no"), 409, "uniqueness"),
        (RecordConflict("there is one"), 409, "uniqueness"),
        (RequestError(412, "changed", "no"), 412, None),
        (AccessError("own_account", "no"), 403, None),
        (AccessError("login_required", "no"), STATUSES["login_required"], None),
        (StateError("gone"), 503, None),
    ],
)
def test_errors_have_the_form_of_scim(error: Exception, status: int, kind: str | None) -> None:
    response = answer_error(error, "")  # type: ignore[arg-type]
    document = json.loads(response.body)
    assert (response.status_code, document["status"]) == (status, str(status))
    assert (document["schemas"], document.get("scimType")) == ([ERROR], kind)
    assert response.media_type == "application/scim+json"
    assert ("retry-after" in response.headers) == (status == 503)
