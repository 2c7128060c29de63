import itertools
import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.perimeter.waf.operators.reference import check

from bartizan.perimeter.waf.operators import Context
from bartizan.perimeter.waf.operators.libinjection import detect_sqli, detect_xss
from bartizan.perimeter.waf.operators.native import library

_SQL = ["'", '"', " ", "or", "1", "=", "--", "union", "select", "(", ")", ";", "/*", "*/", ",", "a", "from", "\0", "é"]
_HTML = [
    "<",
    ">",
    "script",
    " ",
    "=",
    "on",
    "click",
    "a",
    "/",
    '"',
    "'",
    "`",
    "href",
    "javascript:",
    "!--",
    "\0",
    "style",
]


@given(st.lists(st.lists(st.sampled_from(_SQL), max_size=10).map(lambda parts: "".join(parts).encode())))
def test_sqli_agrees_with_the_reference(values: list[bytes]) -> None:
    check("detectSQLi", b"", values)


@given(st.lists(st.lists(st.sampled_from(_HTML), max_size=10).map(lambda parts: "".join(parts).encode())))
def test_xss_agrees_with_the_reference(values: list[bytes]) -> None:
    check("detectXSS", b"", values)


def test_what_is_captured() -> None:
    assert detect_sqli(b"", Context())(b"1' or 1=1 --") == (b"s&1c",)
    assert detect_xss(b"", Context())(b"<script>") == (b"<script>",)
    assert detect_sqli(b"", Context())(b"hello world") is None
    assert detect_xss(b"", Context())(b"a < b") is None


def _is_sqli(value: bytes) -> bool:
    return bool(library().libinjection_sqli(value, len(value), b"12345678"))


def _is_xss(value: bytes) -> bool:
    return bool(library().libinjection_xss(value, len(value)))


@pytest.fixture(autouse=True)
def _signatures() -> None:
    detect_sqli(b"", Context())
    detect_xss(b"", Context())


_ALNUM = (string.ascii_letters + string.digits).encode()
_NUMBERS = (
    b"", b"1", b"12", b"0x", b"0x1", b"0X1g", b"0b1", b"0b12", b"0b12e5d", b"0b12f", b"0b1e", b"0b2", b"0b2d", b"0b2e1",
    b"1d", b"1e", b"1e1", b"1f", b"1u",
)  # fmt: skip
"""All ways in which libinjection can read what begins with a digit, before the first letter that begins a word."""


def test_letters_and_digits_alone_are_no_sqli_up_to_three() -> None:
    for length in (1, 2, 3):
        for letters in itertools.product(_ALNUM, repeat=length):
            assert not _is_sqli(bytes(letters))


def test_no_word_that_libinjection_knows_is_sqli_by_itself_or_behind_a_number() -> None:
    # A text of letters and digits is a number and then one word. What it is taken for depends on the word only where
    # the library knows it, and all that it knows stands in its file; several words may share their end there.
    held = re.findall(rb"[A-Z0-9_]{1,40}(?=\0)", Path(library()._name).read_bytes())
    words = {text[start:] for text in held for start in range(len(text))}
    assert {b"SELECT", b"UNION", b"OR", b"SLEEP"} <= words
    for number, word, end in itertools.product(_NUMBERS, words, (b"", b"1", b"a")):
        value = number + word + end
        assert not value.isalnum() or not _is_sqli(value), value


@given(st.text(alphabet=string.ascii_letters + string.digits, max_size=60))
def test_letters_and_digits_alone_are_no_sqli(text: str) -> None:
    assert not _is_sqli(text.encode())


def test_without_tag_and_assignment_there_is_no_xss_up_to_four() -> None:
    for length in (1, 2, 3, 4):
        for parts in itertools.product(b" '\"`>/!-\0\nao", repeat=length):
            assert not _is_xss(bytes(parts))


_PIECES = [
    *_HTML,
    "xlink:href",
    "!doctype",
    "-->",
    "]]>",
    "?xml",
    "%",
    "svg",
    "\n",
    "ENTITY",
    "import",
    "[if",
    "data:",
    "&#x6a;",
]


@given(st.lists(st.one_of(st.sampled_from(_PIECES).map(str.encode), st.binary(max_size=3)), max_size=14))
def test_without_tag_and_assignment_there_is_no_xss(parts: list[bytes]) -> None:
    value = b"".join(parts).translate(None, b"<=")
    assert not _is_xss(value)
