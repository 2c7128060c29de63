from __future__ import annotations

import pytest

from bartizan.edge.upstreams.statuses import status_table


def test_codes_and_classes_are_marked() -> None:
    table = status_table(["2xx", "503"])
    assert [status for status in range(1000) if table[status]] == [*range(200, 300), 503]


@pytest.mark.parametrize("text", ["", "5x", "xxx", "0xx", "50", "5030", "5XX", "٥٠٣", "503\n"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither a status code"):
        status_table([text])
