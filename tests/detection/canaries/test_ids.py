"""An id that is planted looks like those beside it, is recognised without anything stored, and no other is."""

from __future__ import annotations

import re
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.detection.canaries.ids import Ids, Value

KEY = b"k" * 32
IDS = Ids(KEY, "/orders/{id}")
UUID4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


@pytest.mark.parametrize(
    ("beside", "form"),
    [
        ([17, 18, 19], r"\d{4}"),
        ([1, 40_123], r"\d{6}"),
        ([7_012_345_678_901_234_567 // 10, 701_234_567_890_123_456], r"\d{18}"),
        (["4711", "4712"], r"\d{5}"),
        (["00017", "00018"], r"[5-9]\d{4}"),
        (["ORD-00000017", "ORD-00000018"], r"ORD-[0-9a-f]{8}"),
        ([str(uuid.uuid4()), str(uuid.uuid4())], UUID4),
        (["0190163D-8694-739B-AEA5-966C26F8AD91"] * 2, r"0190163D-8694-7[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}"),
        (["ord_8f3a9c21", "ord_00ff12ab"], r"ord_[0-9a-f]{8}"),
        (["64b7f0c2a1d3e4f5a6b7c8d9", "64b7f0c2a1d3e4f5a6b7c8da"], r"64b7f0[0-9a-f]{18}"),
        (["cus_NffrFeUfNV2Hib", "cus_9s6XKzkNRiz8i3"], r"cus_[0-9A-Za-z]{14}"),
        (["01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAW"], r"01ARZ3[0-9A-HJKMNP-TV-Z]{20}"),
    ],
)  # fmt: skip
def test_it_looks_like_those_beside_it(beside: list[Value], form: str) -> None:
    made = IDS.make(beside, "session:s1", beside[0])
    assert made is not None
    assert re.fullmatch(form, str(made))
    assert type(made) is type(beside[0])
    assert IDS.planted(made)
    assert made == IDS.make(beside, "session:s1", beside[0])
    assert made != IDS.make(beside, "session:s2", beside[0])


VALUES = st.one_of(
    st.lists(st.integers(0, 10**18 - 1), min_size=2, max_size=5),
    st.lists(st.uuids().map(str), min_size=2, max_size=5),
    st.integers(8, 40).flatmap(lambda size: st.lists(
        st.text("0123456789abcdef", min_size=size, max_size=size).map("x_".__add__), min_size=2, max_size=5)),
    st.lists(st.text(max_size=40), min_size=2, max_size=5),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(VALUES, st.text(max_size=10))
def test_whatever_is_made_is_recognised_and_new(beside: list[Value], recipient: str) -> None:
    made = IDS.make(beside, recipient, beside[0])
    if made is not None:
        assert IDS.planted(made)
        assert made not in beside
        assert type(made) is type(beside[0])


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=80), st.integers(-(10**25), 10**25), st.uuids().map(str)))
def test_nothing_else_is_recognised(value: Value) -> None:
    """Short ones may be by chance, one of ten or so at the worst."""
    if not IDS.planted(value):
        return
    assert len(str(value)) < 12


@given(st.uuids(version=4))
def test_ids_of_another_kind_or_key_are_not_recognised(beside: uuid.UUID) -> None:
    made = IDS.make([str(beside), str(beside)], "session:s1", str(beside))
    assert made is not None
    assert not Ids(KEY, "/users/{id}").planted(made)
    assert not Ids(b"l" * 32, "/orders/{id}").planted(made)


def test_numbers_can_be_kept_to_a_range() -> None:
    ids = Ids(KEY, "/orders/{id}", (900_000, 999_999))
    made = [ids.make([1, 2], f"session:{number}", 1) for number in range(50)]
    assert all(isinstance(each, int) and 900_000 <= each <= 999_999 and ids.planted(each) for each in made)


@pytest.mark.parametrize(
    "beside", [[True, None], ["a", "b"], [1, "2"], [-1, 2], ["user/1", "user/2"], [1.5, 2.5], ["12345", "1" * 40]]
)
def test_without_a_form_there_is_none(beside: list[Value]) -> None:
    assert IDS.make(beside, "session:s1", beside[0]) is None


def test_the_share_of_numbers_that_look_planted_by_chance_is_small() -> None:
    assert sum(IDS.planted(number) for number in range(100_000, 200_000)) < 400
