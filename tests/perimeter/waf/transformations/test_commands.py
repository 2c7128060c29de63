from __future__ import annotations

import pytest
from tests.perimeter.waf.transformations.reference import agrees, check

from bartizan.perimeter.waf.transformations.commands import cmd_line


def test_command_lines_agree_with_the_reference() -> None:
    agrees("cmdLine", b"\"'\\^  ,;\t\r\n\v\f//((aAZ\xc9\0")


def test_every_byte_of_a_command_line() -> None:
    for byte in range(256):
        check("cmdLine", b"a %c %c/%c(" % (byte, byte, byte))


@pytest.mark.parametrize(
    ("text", "plain"),
    [(b'c^m"d" /C  ping', b"cmd/c ping"), (b"CAT \t;,  /etc/passwd", b"cat/etc/passwd"), (b"a , ( b", b"a( b")],
)
def test_what_a_shell_makes_of_a_command_line(text: bytes, plain: bytes) -> None:
    assert cmd_line(text) == plain


def test_what_is_plain_is_returned_as_it_is() -> None:
    for text in (b"", b"plain", b"two words"):
        assert cmd_line(text) is text
