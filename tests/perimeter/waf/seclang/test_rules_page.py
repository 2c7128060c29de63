"""docs/waf-rules.md lists the language as it is read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.perimeter.waf.seclang.reading_support import read

from bartizan.perimeter.waf.operators import OPERATORS
from bartizan.perimeter.waf.seclang.controls import CONTROLS
from bartizan.perimeter.waf.seclang.directives import IGNORED, REFUSED, SETTINGS
from bartizan.perimeter.waf.seclang.draft import ACTIONS, REFUSED_ACTIONS
from bartizan.perimeter.waf.seclang.names import COLLECTIONS, SCALARS
from bartizan.perimeter.waf.transformations import TRANSFORMATIONS

PAGE = (Path(__file__).parents[4] / "docs" / "waf-rules.md").read_text()


def section(title: str) -> set[str]:
    """Return the words in code of a section, in lower case."""
    text = PAGE.partition(f"\n## {title}")[2].partition("\n## ")[0]
    return {word.lower() for code in re.findall(r"`([^`\n]+)`", text) for word in re.findall(r"[A-Za-z_0-9]+", code)}


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("Directives", SETTINGS.keys() | IGNORED.keys() | REFUSED.keys() | {"include", "secrule", "secmarker"}),
        ("Variables", {name.lower() for name in COLLECTIONS | SCALARS}),
        ("Operators", set(OPERATORS)),
        ("Transformations", set(TRANSFORMATIONS)),
        ("Actions", {name for name in ACTIONS | REFUSED_ACTIONS.keys() if not name.startswith("sanitize")}),
        ("Controls", set(CONTROLS)),
    ],
)
def test_the_page_names_all_there_is(title: str, names: set[str]) -> None:
    assert names - section(title) == set()


def test_the_example_of_the_page_is_read() -> None:
    (example,) = re.findall(r"```apache\n(.*?)```", PAGE, re.DOTALL)
    assert len(read(example).entries) == 1
