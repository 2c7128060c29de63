import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.perimeter.waf.operators.reference import check

from bartizan.perimeter.waf.operators import Context
from bartizan.perimeter.waf.operators.identifiers import verify_cc, verify_cpf, verify_ssn, verify_svnr

_NOISE = st.text(alphabet="0123456789 -x", max_size=12)


def _values(*numbers: str) -> st.SearchStrategy[list[bytes]]:
    pieces = st.lists(st.one_of(_NOISE, st.sampled_from(numbers)), max_size=4)
    return st.lists(pieces.map(lambda parts: "".join(parts).encode()))


@given(
    st.sampled_from([b"\\d{3,4}", b"\\d+", b"[0-9 ]+", b"\\d{13,16}"]), _values("4111111111111111", "378282246310005")
)
def test_cards_agree_with_the_reference(pattern: bytes, values: list[bytes]) -> None:
    check("verifyCC", pattern, values)


@given(
    st.sampled_from([b"\\d{9}", b"[0-9-]{9,11}", b"(\\d{9})(-)?(x?)"]),
    _values("123456780 ", "223-45-6780 ", "666123456 ", "123456789 "),
)
def test_social_security_numbers_agree_with_the_reference(pattern: bytes, values: list[bytes]) -> None:
    check("verifySSN", pattern, values)


@given(
    st.sampled_from([b"\\d{11}", b"[0-9.-]{11,14}", b"(?:x|(\\d{11}))\\s*"]),
    _values("52998224725 ", "529.982.247-25 ", "11111111111 ", "\0"),
)
def test_cpf_agrees_with_the_reference(pattern: bytes, values: list[bytes]) -> None:
    check("verifyCPF", pattern, values)


@given(st.just(b"\\d{10}"), _values("1237010180 ", "2222222222 ", "1237010181 "))
def test_svnr_agrees_with_the_reference(pattern: bytes, values: list[bytes]) -> None:
    check("verifySVNR", pattern, values)


def test_a_card_within_more_digits_is_found() -> None:
    assert verify_cc(rb"\d{16}", Context())(b"99 34111111111111111") == (b"4111111111111111",)


@pytest.mark.parametrize(
    ("operator", "valid", "invalid"),
    [
        (verify_ssn, b"123-45-6780", b"666-45-6780"),
        (verify_cpf, b"529.982.247-25", b"529.982.247-26"),
        (verify_svnr, b"1237 010180", b"1238 010180"),
    ],
)
def test_check_digits_decide(operator: object, valid: bytes, invalid: bytes) -> None:
    judge = operator(rb"[\d. -]+", Context())  # type: ignore[operator]
    assert judge(b"x" + valid) == (valid,)
    assert judge(b"x" + invalid) is None
    assert judge(b"") is None


def test_an_empty_expression_finds_nothing() -> None:
    assert verify_ssn(b"", Context())(b"123456780") is None


def test_the_work_grows_no_faster_than_the_value() -> None:
    assert verify_ssn(rb"\d+", Context())(b"1" * 500_000) is None
