import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.perimeter.waf.operators.reference import check

from bartizan.perimeter.waf.operators import Context, OperatorError
from bartizan.perimeter.waf.operators.encoding import validate_byte_range, validate_utf8_encoding

_NUMBER = st.integers(-1, 260).map(str)
_PARTS = st.one_of(_NUMBER, st.tuples(_NUMBER, _NUMBER).map("-".join), st.text(alphabet="0129 -a", max_size=4))


@given(st.lists(_PARTS, min_size=1, max_size=3).map(",".join), st.lists(st.binary(max_size=3)))
def test_byte_ranges_agree_with_the_reference(argument: str, values: list[bytes]) -> None:
    check("validateByteRange", argument.strip().encode() or b"x", [*values, b""])


@given(st.lists(st.text(alphabet="%0aAgG", max_size=7).map(str.encode)))
def test_url_encoding_agrees_with_the_reference(values: list[bytes]) -> None:
    check("validateUrlEncoding", b"", values)


_LEADS = st.sampled_from(
    [bytes((lead,)) for lead in (0x41, 0x80, 0xC0, 0xC2, 0xE0, 0xE1, 0xED, 0xF0, 0xF4, 0xF5, 0xFF)]
)
_CONTINUED = st.sampled_from([bytes((byte,)) for byte in (0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0x7F)])


@given(st.lists(st.lists(st.one_of(_LEADS, _CONTINUED), max_size=5).map(b"".join)))
def test_utf8_agrees_with_the_reference(values: list[bytes]) -> None:
    check("validateUtf8Encoding", b"", values)


def test_what_is_above_unicode_is_no_utf8() -> None:
    assert validate_utf8_encoding(b"", Context())(b"\xf4\x90\x80\x80") == ()
    assert validate_utf8_encoding(b"", Context())("\U0010ffff".encode()) is None


@pytest.mark.parametrize("argument", [b"", b"a", b"300", b"9-", b"20-10", b"1,,2", b"-5"])
def test_a_bad_range_is_told(argument: bytes) -> None:
    with pytest.raises(OperatorError):
        validate_byte_range(argument, Context())


def test_an_empty_value_has_no_bad_byte() -> None:
    assert validate_byte_range(b"32-126", Context())(b"") is None
