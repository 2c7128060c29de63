from __future__ import annotations

import string
from pathlib import Path

import pytest
from hypothesis import given
from tests.perimeter.waf.transformations.reference import agrees, check, reference, texts

from bartizan.perimeter.waf.transformations import TRANSFORMATIONS, read_unicode_map, url_decode_uni
from bartizan.perimeter.waf.transformations.urls import url_decode, url_encode

PERCENT = [b"%", b"%%", b"%2", b"%41", b"%fF", b"%00", b"%5c", b"+", b"%2b", b"%25", b"a", b"g", b"\\", b"\\x41"]
PERCENT += [b"\xff"]
PERCENT_U = [*PERCENT, b"%u", b"%U", b"u", b"00", b"ff", b"F", b"2", b"5f", b"%u0041", b"%uff21", b"%UFF5f", b"%u20ac"]

EDGES = [b"", b"%", b"%4", b"%u", b"%u0", b"%u004", b"%%u0041", b"%2%u0041", b"%25u0041", b"%%41", b"%zz%41", b"%+41"]
EDGES += [b"%\\41", b"%%%", b"%u%41", b"%uff00", b"%uff01", b"%uff5e", b"%uff5f", b"%uFeff", b"%u0020", b"%u+041"]
EDGES += [b"\\n%41", b"%41\\", b"\\%41", b"\\\\x41%"]

UNICODE_MAP = b"""(Nothing)


1250  (ANSI - Central Europe)
00a1:21 20ac:80 0130:49

20127 (US-ASCII)
00a0:20 00a1:21 20ac:65 ff21:5a 0025:2b 0100:141
00e9:7f

20261 (T.61)
00e9:01
"""


def test_url_decode_agrees_with_the_reference() -> None:
    agrees("urlDecode", PERCENT_U)


def test_url_decode_uni_agrees_with_the_reference() -> None:
    agrees("urlDecodeUni", PERCENT_U)


def test_url_encode_agrees_with_the_reference() -> None:
    agrees("urlEncode", range(256))


@pytest.mark.parametrize("text", EDGES)
def test_the_edges_of_encodings(text: bytes) -> None:
    check("urlDecode", text)
    check("urlDecodeUni", text)


def test_every_byte_is_decoded() -> None:
    encoded = b"".join(b"%%%02x" % byte for byte in range(256))
    assert url_decode(encoded) == bytes(range(256))
    assert TRANSFORMATIONS["urldecodeuni"](encoded.upper().replace(b"%", b"%u00")) == bytes(range(256))


@given(texts(PERCENT_U))
def test_a_unicode_map_decides_what_characters_are(tmp_path_factory: pytest.TempPathFactory, text: bytes) -> None:
    file = _map_file(tmp_path_factory)
    decode = url_decode_uni(read_unicode_map(UNICODE_MAP, 20127))
    assert decode(text) == reference("urlDecodeUni", text, file, 20127)


@pytest.mark.parametrize("code", [0x25, 0x2E, 0xA0, 0xA1, 0xE9, 0x100, 0x20AC, 0x3002, 0xFF0E, 0xFF21, 0xFF22, 0xFF61])
def test_a_unicode_map_leaves_the_other_characters(tmp_path_factory: pytest.TempPathFactory, code: int) -> None:
    text = b"%%u%04x" % code
    file = _map_file(tmp_path_factory)
    assert url_decode_uni(read_unicode_map(UNICODE_MAP, 20127))(text) == reference("urlDecodeUni", text, file, 20127)


def _map_file(factory: pytest.TempPathFactory) -> Path:
    file = factory.getbasetemp() / "unicode.mapping"
    file.write_bytes(UNICODE_MAP)
    return file


def test_what_is_not_encoded_is_returned_as_it_is() -> None:
    for text in (b"plain", b"100%", b"%zz"):
        assert url_decode(text) is text
        assert TRANSFORMATIONS["urldecodeuni"](text) is text


def test_encoding_can_be_undone() -> None:
    everything = bytes(range(256))
    assert url_decode(url_encode(everything)) == everything
    assert url_encode(string.ascii_letters.encode() + b"*") == string.ascii_letters.encode() + b"*"
