from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from tests.perimeter.waf.transformations.reference import agrees, check, texts

from bartizan.perimeter.waf.transformations.paths import normalise_path, normalise_path_win

PIECES = [b"/", b"//", b"/./", b"/../", b".", b"..", b"...", b"a", b"b", b"ab", b"a.", b"a..", b".a", b"\0"]
WINDOWS = [*PIECES, b"\\", b"\\\\", b"\\..\\", b"..\\", b"\\.\\", b"\\/"]


@pytest.mark.parametrize("name", ["normalisePath", "normalizePath"])
def test_paths_agree_with_the_reference(name: str) -> None:
    agrees(name, PIECES)


@pytest.mark.parametrize("name", ["normalisePathWin", "normalizePathWin"])
def test_windows_paths_agree_with_the_reference(name: str) -> None:
    agrees(name, WINDOWS)


def test_short_paths_agree_with_the_reference() -> None:
    for size in range(1, 7):
        for pieces in product((b"/", b".", b"a"), repeat=size):
            check("normalisePath", b"".join(pieces))


@given(texts(WINDOWS))
def test_windows_paths_are_normalised_as_if_written_with_slashes(text: bytes) -> None:
    normal = normalise_path_win(text)
    assert normal == normalise_path(text.replace(b"\\", b"/"))
    assert b"\\" not in normal


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        (b"/a/b/../../../etc/passwd", b"/etc/passwd"),
        (b"a/../../etc/passwd", b"../etc/passwd"),
        (b"./a//b/./c/", b"a/b/c/"),
        (b"/..", b""),
        (b"..\\..\\\\\\..\\boot.ini", b"../../../boot.ini"),
    ],
)
def test_what_becomes_of_paths(text: bytes, normal: bytes) -> None:
    assert normalise_path_win(text) == normal


def test_what_is_normal_is_returned_as_it_is() -> None:
    for text in (b"", b"text", b"/a/b.c", b"../a", b"../..", b"a.", b"/"):
        assert normalise_path(text) is text
