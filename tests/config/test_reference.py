from __future__ import annotations

from scripts.config_reference import PAGE, page


def test_the_documented_fields_are_those_of_the_model() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text, "run python -m scripts.config_reference"
