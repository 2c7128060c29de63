import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.decoy.objects import Json, id_of, overlay, parse, with_id, with_written

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "a", "b_id", "c"]), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ({"name": "x", "id": 7}, "7"),
        ({"order_id": 7, "uuid": "u"}, "u"),
        ({"orderId": "o7", "n": 1}, "o7"),
        ({"id": True, "n": 1}, None),
        ({"id": {"a": 1}}, None),
        ([1], None),
        ("x", None),
    ],
)
def test_the_id_of_an_object_is_found(document: Json, found: str | None) -> None:
    assert id_of(document) == found


def test_an_object_takes_the_id_of_its_path_where_it_can() -> None:
    assert with_id({"id": 1, "a": 2}, "77") == {"id": 77, "a": 2}
    assert with_id({"id": "x"}, "77") == {"id": "77"}
    assert with_id({"id": 1}, "abc") == {"id": 1}
    assert with_id([1], "77") == [1]


def test_what_is_given_is_kept_as_far_as_the_api_knows_it() -> None:
    document: Json = {"id": 1, "name": "n", "price": 1.5, "open": True, "note": None, "at": {"city": "c", "zip": "z"}}
    posted: Json = {"id": 9, "name": "mine", "price": 3, "open": "yes", "note": "x", "at": {"city": "d"}, "admin": True}
    assert overlay(document, posted) == {
        "id": 1, "name": "mine", "price": 3, "open": True, "note": "x", "at": {"city": "d", "zip": "z"},
    }  # fmt: skip
    assert overlay(document, [1]) == document
    assert overlay([1], [2]) == [2]


def test_lists_show_what_was_written_and_not_what_was_deleted() -> None:
    written: list[tuple[str, Json | None]] = [("2", {"id": 2, "n": "new"}), ("9", {"id": 9}), ("1", None)]
    items: list[Json] = [{"id": 1}, {"id": 2}, {"id": 3}]
    joined = [{"id": 2, "n": "new"}, {"id": 3}, {"id": 9}]
    assert with_written(items, written) == joined
    assert with_written({"total": 3, "tags": ["a"], "items": items}, written) == {
        "total": 3, "tags": ["a"], "items": joined,
    }  # fmt: skip
    assert with_written({"total": 3}, written) == {"total": 3}
    assert with_written("x", written) == "x"


def test_what_is_no_json_is_told() -> None:
    assert parse(b'{"a": [1, 2.5, null]}') == {"a": [1, 2.5, None]}
    for data in (b"", b"{", b"'a'", b"[" * 100_000, b"\xff"):
        with pytest.raises(ValueError, match="no JSON"):
            parse(data)


@given(JSON, JSON)
@settings(max_examples=60)
def test_an_object_keeps_its_members_whatever_is_written(document: Json, posted: Json) -> None:
    kept = overlay(document, posted)
    if isinstance(document, dict) and isinstance(posted, dict):
        assert isinstance(kept, dict)
        assert list(kept) == list(document)
        assert id_of(kept) == id_of(document) or id_of(document) is None
