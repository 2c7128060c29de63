from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.detection.fakes.paging import WHOLE, Part, is_paged, part_of


@pytest.mark.parametrize(
    ("query", "first"),
    [("", 0), ("page=3", 40), ("pageNumber=2&sort=id", 20), ("offset=7", 7), ("page=x", 0), ("page=0", 0)],
)
def test_a_query_tells_how_many_items_are_before_the_part(query: str, first: int) -> None:
    assert part_of(query).first(20) == first


def test_what_is_searched_for_does_not_depend_on_its_order() -> None:
    assert part_of("q=a&page=2&state=paid") == part_of("state=paid&q=a&page=2")
    assert part_of("page=2&per_page=5") == Part(page=2, limit=5)


def test_a_part_says_which_one_it_is() -> None:
    around = {"page": 9, "per_page": 50, "next": "x", "items": [], "offset": True}
    assert is_paged(around)
    assert part_of("page=4&per_page=5").told(around) == {**around, "page": 4, "per_page": 5}
    assert WHOLE.told(around)["page"] == 1
    assert not is_paged({"items": [], "total": 3})


@settings(max_examples=50)
@given(st.text())
def test_any_query_asks_for_something(query: str) -> None:
    part = part_of(query)
    assert part.page >= 1
    assert part.first(20) >= 0
