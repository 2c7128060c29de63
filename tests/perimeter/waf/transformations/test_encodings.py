from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.perimeter.waf.transformations.reference import agrees, check, reference

from bartizan.perimeter.waf.transformations import encodings

BASE64 = [b"AAAA", b"QUJD", b"QUI=", b"QQ==", b"A", b"B", b"9", b"+", b"/", b"-", b"_", b"=", b"==", b".", b" "]
BASE64 += [b"  ", b"\r"]
BASE64 += [b"\n", b"\r\n", b" \r\n", b"\0", b"\xff"]
HEX = [b"0", b"1", b"9", b"a", b"F", b"41", b"g", b"G", b"/", b":", b"@", b"`", b" ", b"\0", b"\xff"]
UTF8 = list(b"\0az\x80\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xe1\xec\xed\xee\xef\xf0\xf1\xf4\xf5\xf7\xf8\xff")
UTF8 += [character.encode() for character in "\x80éߐߝࠀ€￿𐀀😀"] + [
    b"\xed\xa0\x80",
    b"\xc0\x80",
    b"\xe0\x80\x80",
    b"\\",
    b"\\u",
    b"\\x",
]


@pytest.mark.parametrize("name", ["base64Decode", "base64Encode"])
def test_base64_agrees_with_the_reference(name: str) -> None:
    agrees(name, BASE64)


def test_forgiving_base64_agrees_with_the_reference() -> None:
    agrees("base64DecodeExt", BASE64)


def test_a_digit_in_excess_hides_nothing() -> None:
    assert encodings.base64_decode_ext(b"PHNjcmlwdD49") == b"<script>="
    assert encodings.base64_decode_ext(b"PHNjcmlwdD489") == b"<script><"
    assert reference("base64DecodeExt", b"PHNjcmlwdD489") == b""


@pytest.mark.parametrize(
    "text", [b"AB\nCD", b"AB \n CD", b"AB C", b"ABCD  ", b"  ", b"\n", b"AB\r", b"ABCD\r", b"A\0BC", b"\0="]
)
def test_the_lines_of_base64(text: bytes) -> None:
    check("base64Decode", text)
    check("base64DecodeExt", text)


@given(st.binary())
def test_base64_can_be_undone(text: bytes) -> None:
    encoded = encodings.base64_encode(text)
    assert encodings.base64_decode(encoded) == encodings.base64_decode_ext(encoded.rstrip(b"=")) == text


@pytest.mark.parametrize("name", ["hexDecode", "hexEncode"])
def test_hexadecimal_digits_agree_with_the_reference(name: str) -> None:
    agrees(name, HEX)


def test_every_byte_as_a_digit() -> None:
    for byte in range(256):
        check("hexDecode", b"%c11%c" % (byte, byte))


def test_numbers_of_sql_agree_with_the_reference() -> None:
    agrees("sqlHexDecode", [b"0x", b"0X", b"0", b"x", b"41", b"4", b"f", b"F", b"00", b"g", b"\0", b" ", b"0x414243"])


def test_utf8_agrees_with_the_reference() -> None:
    agrees("utf8toUnicode", UTF8)


@given(st.text(max_size=12))
def test_valid_utf8_agrees_with_the_reference(text: str) -> None:
    check("utf8toUnicode", text.encode())


@pytest.mark.parametrize("text", ["é€", "a😀b", "\\é\\u", "\\\U000f0000", "�", "\uffff", "\U00010000", "\U0010ffff"])
def test_characters_are_spelled_out(text: str) -> None:
    assert (
        encodings.utf8_to_unicode(text.encode())
        == "".join(character if character.isascii() else f"%u{ord(character):04x}" for character in text).encode()
    )
