"""Examples of YAML 1.2.2, section 10.3.2, and what YAML 1.1 read differently."""

from __future__ import annotations

import pytest

from bartizan.config.core_schema import UnknownTag, resolve_scalar


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("null", None), ("NULL", None),
        ("true", True), ("FALSE", False), ("off", "off"), ("yes", "yes"), ("no", "no"),
        ("0", 0), ("010", 10), ("-19", -19), ("+3", 3), ("0o17", 15), ("0xFF", 255), ("1_000", "1_000"),
        ("0b1", "0b1"), ("1:30", "1:30"), ("9" * 41, "9" * 41),
        ("1.5", 1.5), ("-.5", -0.5), ("1e3", 1000.0), ("12.", 12.0), (".", "."), ("1.2.3", "1.2.3"),
        (".inf", ".inf"), (".nan", ".nan"), ("2020-01-01", "2020-01-01"), ("<<", "<<"), ("=", "="),
    ],
)  # fmt: skip
def test_plain_scalars(text: str, value: object) -> None:
    resolved = resolve_scalar(text)
    assert resolved == value
    assert type(resolved) is type(value)


def test_quotes_and_str_tags_keep_text() -> None:
    assert resolve_scalar("1", plain=False) == "1"
    assert resolve_scalar("1", "!", plain=False) == "1"
    assert resolve_scalar("1", "tag:yaml.org,2002:str", plain=False) == "1"


def test_tags_of_the_core_schema_have_to_fit() -> None:
    assert resolve_scalar("7", "tag:yaml.org,2002:int", plain=False) == 7
    for text, tag in (("x", "tag:yaml.org,2002:int"), ("1", "tag:yaml.org,2002:binary"), ("1", "!own")):
        with pytest.raises(UnknownTag):
            resolve_scalar(text, tag, plain=False)
