from __future__ import annotations

import pytest
from tests.perimeter.waf.transformations.reference import agrees, check

PIECES = [b"\\", b"\\\\", b"\\x", b"\\X", b"\\u", b"\\u00", b"\\uff", b"\\uFF5", b"0", b"1", b"3", b"4", b"7", b"8"]
PIECES += [b"377"]
PIECES += [b"400", b"777", b"f", b"F", b"a", b"g", b" ", b"\t", b"\n", b"\v", b"\f", b"\r", b"\0", b"\x85", b"\xa0"]
PIECES += [b"\\" + bytes((letter,)) for letter in b"abfnrtv?'\"e\n"]

EDGES = [b"", b"\\", b"a\\", b"\\\\", b"\\\\\\", b"\\x", b"\\x4", b"\\x41", b"\\X41", b"\\u", b"\\u004", b"\\u0041"]
EDGES += [b"\\u00e9"]
EDGES += [b"\\uff00", b"\\uff01", b"\\uff5e", b"\\uff5f", b"\\uFf21", b"\\377", b"\\400", b"\\777", b"\\8", b"\\0"]
EDGES += [b"\\08"]
EDGES += [b"\\4", b"\\41", b"\\41 x", b"\\41\n\nx", b"\\ff21", b"\\0ff21", b"\\1ff21", b"\\00ff21x", b"\\01ff21"]
EDGES += [b"\\10ff21"]
EDGES += [b"\\ff00", b"\\ff5f", b"\\041", b"\\0041", b"\\0000411", b"\\\n", b"\\\r\n", b"\\g", b"\\U0041", b"\\/"]
EDGES += [b"\\\xff"]


@pytest.mark.parametrize("name", ["jsDecode", "cssDecode", "escapeSeqDecode"])
def test_escapes_agree_with_the_reference(name: str) -> None:
    agrees(name, PIECES)


@pytest.mark.parametrize("name", ["jsDecode", "cssDecode", "escapeSeqDecode"])
@pytest.mark.parametrize("text", EDGES)
def test_the_edges_of_escapes(name: str, text: bytes) -> None:
    check(name, text)


@pytest.mark.parametrize("name", ["jsDecode", "cssDecode", "escapeSeqDecode"])
def test_every_character_behind_a_backslash(name: str) -> None:
    for byte in range(256):
        check(name, b"\\%cz" % byte)
