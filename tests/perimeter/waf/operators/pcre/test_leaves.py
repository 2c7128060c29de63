import re2
from hypothesis import given
from hypothesis import strategies as st

from bartizan.perimeter.waf.operators.linear import UNANCHORED, compile_re2
from bartizan.perimeter.waf.operators.pcre.leaves import write_run, write_set
from bartizan.perimeter.waf.operators.pcre.sets import ALL, members, of


@given(st.one_of(st.integers(0, ALL), st.sets(st.integers(0, 255)).map(bytes).map(of)))
def test_a_written_set_takes_its_bytes_and_no_others(bytes_: int) -> None:
    match = compile_re2(b"(?s)" + write_set(bytes_))
    taken = [byte for byte in range(256) if match(UNANCHORED, bytes((byte,)), 0, 1)[0] == (0, 1)]
    assert taken == list(members(bytes_))


@given(st.binary(min_size=1, max_size=8))
def test_a_written_text_takes_itself(text: bytes) -> None:
    match = compile_re2(write_run([1 << byte for byte in text]))
    assert match(UNANCHORED, text, 0, len(text)) == [(0, len(text))]


def test_neighbours_share_their_case() -> None:
    assert write_run([of(b"aA"), of(b"bB"), of(b"-"), of(b"cC")]) == b"(?i:ab)-[Cc]"


def test_the_module_of_re2_knows_the_escapes() -> None:
    assert re2.compile(write_set(of(b"]^-\\"))) is not None
