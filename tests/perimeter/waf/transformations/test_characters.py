from __future__ import annotations

import pytest
from tests.perimeter.waf.transformations.reference import agrees, check

NAMES = ["lowercase", "uppercase", "removeNulls", "replaceNulls", "parityEven7bit", "parityOdd7bit", "parityZero7bit"]


@pytest.mark.parametrize("name", NAMES)
def test_characters_agree_with_the_reference(name: str) -> None:
    agrees(name, b"aAzZ09@[`{\0\0\x7f\x80\xff")


@pytest.mark.parametrize("name", NAMES)
def test_every_byte(name: str) -> None:
    for byte in range(256):
        check(name, bytes((byte,)))
    check(name, bytes(range(256)))
