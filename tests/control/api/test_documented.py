"""What docs/administration.md says about the admin API is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from bartizan.control.api.admin import ENDPOINTS

PAGE = (Path(__file__).parents[3] / "docs" / "administration.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `([a-z/-]+)` \| `(\{.*?\})` \|", PAGE, re.MULTILINE)
KNOWN = {endpoint.path: endpoint for endpoint in ENDPOINTS}


def test_every_endpoint_is_documented() -> None:
    assert [f"admin/{name}" for name, _ in ROWS] == list(KNOWN)


@pytest.mark.parametrize(("name", "body"), ROWS)
def test_examples_have_the_form_of_their_endpoint(name: str, body: str) -> None:
    assert msgspec.json.decode(body, type=KNOWN[f"admin/{name}"].form)
