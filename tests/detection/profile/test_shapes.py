from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.detection.profile.candidates import Candidates
from bartizan.detection.profile.shapes import MAX_MEMBERS, Node, is_data, learn

documents = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8)
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(["id", "status", "x y", "17", "name"]), inner)
    ),
    max_leaves=12,
)


def learned(*values: Any) -> Node:
    node, candidates = Node(), Candidates()
    for index, value in enumerate(values):
        learn(node, value, "p", index, candidates)
    return node


def test_names_types_ranges_and_lengths_are_kept() -> None:
    node = learned(
        {"id": 7, "tags": ["a"], "rate": 0.25, "on": True}, {"id": 90, "tags": [], "rate": None, "on": False}
    )
    assert list(node.members) == ["id", "tags", "rate", "on"]
    number = node.members["id"]
    assert (number.integers, number.low, number.high) == (2, 7, 90)
    tags = node.members["tags"]
    assert (tags.lists, tags.shortest, tags.longest) == (2, 0, 1)
    rate = node.members["rate"]
    assert (rate.numbers, rate.nulls, rate.digits) == (1, 1, 2)
    assert node.members["on"].booleans == 2


def test_members_whose_names_are_data_become_one() -> None:
    for names in (
        ["17", "18"],
        ["ada@shop.test"],
        ["ada", "bob", "eve", "ian"],
        [f"word{chr(97 + i % 26)}{'x' * (i // 26)}" for i in range(180)],
    ):
        node = learned({name: {"total": 1, "paid": 2} for name in names})
        assert node.members == {}
        assert node.map is not None
        assert node.map.members["total"].integers >= 1
    assert not is_data("created_at")


@settings(max_examples=60, deadline=None)
@given(st.lists(documents, max_size=4), st.lists(documents, max_size=4))
def test_merging_counts_what_both_have_counted(one: list[Any], other: list[Any]) -> None:
    left, right = learned(*one), learned(*other)
    counted = left.count + right.count
    left.merge(right)
    assert left.count == counted
    assert len(left.members) <= MAX_MEMBERS


def test_large_and_deep_documents_are_looked_at_in_part() -> None:
    deep: Any = 1
    for _ in range(200):
        deep = [deep]
    assert learned(deep).lists == 1
    assert learned([{"id": n} for n in range(10_000)]).longest == 10_000
    assert learned([float("1e308"), 10**30]).items is not None


def test_what_lies_too_deep_is_forgotten() -> None:
    node = learned({"a": {"b": {"c": [1, 2]}}})
    assert node.size() == 5
    node.prune(2)
    assert node.size() == 3
    assert node.members["a"].members["b"].objects == 1
