import re

from hypothesis import given
from hypothesis import strategies as st
from tests.perimeter.waf.operators.pcre.reference import Reference

from bartizan.perimeter.waf.operators.pcre import sets


def _taken(pattern: bytes) -> int:
    reference = Reference(pattern)
    return sets.of(bytes(byte for byte in range(256) if reference.search(bytes((byte,))) is not None))


def test_escapes_are_those_of_pcre2() -> None:
    for letter, bytes_ in sets.ESCAPES.items():
        assert bytes_ == _taken(b"\\" + letter.encode())


def test_named_classes_are_those_of_pcre2() -> None:
    for name, bytes_ in sets.POSIX.items():
        assert bytes_ == _taken(b"[[:%b:]]" % name)


def test_unicode_properties_are_those_of_pcre2() -> None:
    for name in (b"Any", b"L", b"Lu", b"Ll", b"L&", b"N", b"Nd", b"P", b"Pd", b"S", b"Sc", b"Z", b"Zs", b"C", b"Cc"):
        assert sets.categories()[name.lower()] == _taken(b"\\p{%b}" % name)


@given(st.sets(st.integers(0, 255)))
def test_members_are_what_a_set_is_made_of(values: set[int]) -> None:
    assert list(sets.members(sets.of(bytes(values)))) == sorted(values)


@given(st.integers(0, 255))
def test_only_ascii_letters_have_another_case(byte: int) -> None:
    taken = [other for other in range(256) if re.fullmatch(re.escape(bytes((byte,))), bytes((other,)), re.IGNORECASE)]
    assert sets.either_case(1 << byte) == sets.of(bytes(taken))


def test_spans_and_pairs() -> None:
    assert sets.span(0x61, 0x63) == sets.of(b"abc")
    assert sets.case_pair(sets.of(b"aA")) == ord("a")
    assert sets.case_pair(sets.of(b"aB")) is None
    assert sets.case_pair(sets.of(b"a")) is None
