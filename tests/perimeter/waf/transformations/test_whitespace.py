from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.perimeter.waf.transformations.reference import agrees, check

from bartizan.perimeter.waf.transformations.whitespace import single_spaced

NAMES = ["compressWhitespace", "removeWhitespace", "trim", "trimLeft", "trimRight"]


@pytest.mark.parametrize("name", NAMES)
def test_white_space_agrees_with_the_reference(name: str) -> None:
    agrees(name, b"   \t\n\v\f\r\x1c\x85\xa0\xc2\0ab")


@pytest.mark.parametrize("name", NAMES)
def test_every_byte_is_white_space_or_not(name: str) -> None:
    for byte in range(256):
        check(name, b"%c%ca%c%c" % (byte, byte, byte, byte))


@given(st.text("a ", max_size=20).map(str.encode))
def test_runs_of_spaces_become_one(text: bytes) -> None:
    assert single_spaced(text) == re.sub(rb" +", b" ", text)
