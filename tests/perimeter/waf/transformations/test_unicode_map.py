from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.perimeter.waf.transformations.unicode_map import UnicodeMapError, read_unicode_map

TEXT = b"(MAC - Roman)\n\n1250  (ANSI - Europe)\n00a1:21 20ac:80\n\n20127 (US-ASCII)\r\n00A1:65\t20ac:45 00e9:65 \n"


def test_only_the_code_page_that_is_asked_for_is_read() -> None:
    full_stops = {0x2E: 0x2E, 0x3002: 0x2E, 0xFF0E: 0x2E, 0xFF61: 0x2E}
    assert read_unicode_map(TEXT, 1250) == full_stops | {0xA1: 0x21, 0x20AC: 0x80}
    assert read_unicode_map(TEXT, 20127) == full_stops | {0xA1: 0x65, 0x20AC: 0x45, 0xE9: 0x65}


def test_a_code_page_says_what_a_full_stop_is() -> None:
    assert read_unicode_map(b"1 x 3002:2c", 1)[0x3002] == 0x2C


def test_code_points_beyond_16_bits_are_left_and_bytes_cut_to_8_bits() -> None:
    mapping = read_unicode_map(b"1 10000:41 ffff:141", 1)
    assert 0x10000 not in mapping
    assert mapping[0xFFFF] == 0x41


@pytest.mark.parametrize(("text", "says"), [(TEXT, "not in the Unicode map"), (b"", "not in"), (b"7 (empty)", "empty")])
def test_a_code_page_that_is_not_there_is_an_error(text: bytes, says: str) -> None:
    with pytest.raises(UnicodeMapError, match=says):
        read_unicode_map(text, 7)


@given(st.lists(st.sampled_from([b"1", b"00a1:21", b":", b"zz:1", b"(a", b"b)", b"a1:", b"0xa2:0x22"])).map(b" ".join))
def test_any_text_is_read_or_refused(text: bytes) -> None:
    try:
        mapping = read_unicode_map(text, 1)
    except UnicodeMapError:
        return
    assert set(mapping) <= {0x2E, 0x3002, 0xFF0E, 0xFF61, 0xA1, 0xA2}
