from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from tests.perimeter.waf.transformations.reference import agrees, texts

from bartizan.perimeter.waf.transformations import CHANGES, TRANSFORMATIONS

PIECES = [b"%41", b"%u0041", b"+", b"&lt;", b"&#65;", b"\\x41", b"\\u0041", b"\\", b"/*", b"*/", b"<!--", b"-->", b"--"]
PIECES += [b"#", b"/", b"//", b"/./", b"/../", b"..", b".", b" ", b"\t", b"\n", b"\v", b"\f", b"\r", b"\xa0", b"\0"]
PIECES += [b"0x"]
PIECES += [b"0x41", b"QUJD", b"=", b"A", b"z", b"9", b'"', b"'", b"^", b",", b";", b"(", b"\x80", b"\xc3\xa9"]
PIECES += [b"\xe2\x82\xac"]

TEXTS = texts(PIECES)
BOUNDED = sorted(name for name, changes in CHANGES.items() if changes is not None)

SIZE = 1 << 20
REPEATED = [*(bytes((byte,)) for byte in b"%+&#\\/.*-<! ;=0A9\0\t\x80\xc3\xf0"), b"%u", b"&#", b"&#x", b"&#9", b"&lt"]
REPEATED += [b"/*", b"*/", b"/*x*/", b"<!--", b"--", b"-->", b"/.", b"/..", b"../", b"a/../", b"0x", b"0x4", b"\\u"]
REPEATED += [b"\\u00"]
REPEATED += [b"\\x", b"\\0", b"\\f", b"%4", b"%%", b"%u00", b" \n", b" x", b"a ", b"\r\n", b"=A", b"A=", b"\xe0\x80"]
REPEATED += [b"\xf0\x9f"]


def test_each_transformation_says_what_it_changes() -> None:
    assert CHANGES.keys() == TRANSFORMATIONS.keys()
    assert len(TRANSFORMATIONS) == 38
    assert all(name.islower() for name in TRANSFORMATIONS)


def test_none_agrees_with_the_reference() -> None:
    agrees("none", PIECES)


@pytest.mark.parametrize("name", BOUNDED)
@given(text=TEXTS)
def test_without_the_bytes_it_changes_a_transformation_changes_nothing(name: str, text: bytes) -> None:
    text = text.translate(None, bytes(CHANGES[name] or b""))
    assert TRANSFORMATIONS[name](text) is text


@pytest.mark.parametrize("name", BOUNDED)
def test_no_two_other_bytes_are_changed(name: str) -> None:
    transform = TRANSFORMATIONS[name]
    others = bytes(set(range(256)).difference(CHANGES[name] or b""))
    for text in (others, others[::-1], *(bytes(two) for two in product(others, repeat=2))):
        assert transform(text) is text


@pytest.mark.parametrize("name", sorted(TRANSFORMATIONS))
@given(text=TEXTS)
def test_what_is_left_as_it_is_is_the_same_object(name: str, text: bytes) -> None:
    changed = TRANSFORMATIONS[name](text)
    assert isinstance(changed, bytes)
    assert changed is text or changed != text


def steps(transform: Callable[[bytes], bytes], text: bytes) -> int:
    """Count the lines of Python and the calls that a transformation takes; it has to end within the test's time."""
    count = 0

    def trace(frame: Any, event: str, argument: Any) -> Any:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        transform(text)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("name", sorted(TRANSFORMATIONS))
@pytest.mark.parametrize("before", [b"", b"/*", b"\\"], ids=["alone", "comment", "escaped"])
def test_no_text_is_worth_more_than_its_length(name: str, before: bytes) -> None:
    transform = TRANSFORMATIONS[name]
    for piece in REPEATED:
        short, long = (steps(transform, before + piece * (size // len(piece))) for size in (2000, 8000))
        assert long <= 4 * short + 100, piece


@pytest.mark.parametrize("name", sorted(TRANSFORMATIONS))
def test_a_megabyte_of_anything_is_done_at_once(name: str) -> None:
    transform = TRANSFORMATIONS[name]
    for piece in REPEATED:
        transform(piece * (SIZE // len(piece)) + b"x")
