import re
from collections.abc import Iterator
from pathlib import Path

import hyperscan
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.perimeter.waf.operators.pcre.reference import Reference

from bartizan.perimeter.waf.operators import compile_rx
from bartizan.perimeter.waf.operators.pcre import translate

_CRS = Path("/usr/share/modsecurity-crs/rules")  # Debian's modsecurity-crs
_FLAGS = hyperscan.HS_FLAG_DOTALL | hyperscan.HS_FLAG_MULTILINE | hyperscan.HS_FLAG_SINGLEMATCH
_RULE = re.compile(rb'"!?@rx ((?:[^"\\]|\\.)*)"', re.DOTALL)


def _patterns() -> Iterator[bytes]:
    for file in sorted(_CRS.glob("*.conf")):
        text = re.sub(rb"(?m)^\s*#.*$", b"", file.read_bytes()).replace(b"\\\n", b"")
        for found in _RULE.finditer(text):
            yield found[1].replace(b'\\"', b'"')


@pytest.fixture(scope="module")
def patterns() -> list[bytes]:
    found = sorted(set(_patterns()))
    if not found:
        pytest.skip("the package modsecurity-crs is not installed")
    return found


def test_the_core_rules_are_all_taken_and_nearly_all_in_linear_time(patterns: list[bytes]) -> None:
    assert len(patterns) > 200
    beyond = [pattern for pattern in patterns if compile_rx(pattern).translated.beyond]
    assert len(beyond) == 5  # look-arounds in 920120, 942130 and 953120, possessive quantifiers in 920600 and 942260


_WORDS = [
    "union",
    "select",
    "<",
    ">",
    "script",
    "=",
    "'",
    '"',
    "(",
    ")",
    " ",
    "\n",
    "1",
    "or",
    "/",
    "..",
    "etc",
    ";",
    "|",
]
_WORDS += [
    "$",
    "{",
    "}",
    "&",
    "cmd",
    "http://",
    "%",
    "\\",
    "-",
    "*",
    ":",
    "a",
    "Z",
    "\0",
    "\xff",
    ",",
    "text/html",
    "curl",
]
_TEXTS = st.lists(st.sampled_from(_WORDS), max_size=12).map(lambda words: "".join(words).encode("latin-1"))


def test_the_core_rules_match_as_with_pcre2(patterns: list[bytes]) -> None:
    pairs = [(compile_rx(pattern), Reference(pattern)) for pattern in patterns]

    @given(_TEXTS)
    def check(value: bytes) -> None:
        for regex, reference in pairs:
            assert regex.search(value) == reference.search(value), (reference.pattern, value)

    check()


def test_the_core_rules_match_as_with_python_where_it_takes_them(patterns: list[bytes]) -> None:
    otherwise = re.compile(rb"\[\[|\[:|[*+?}]\+|\\h|\(\?[i<=!]|(?<!\\)\$")
    plain = [pattern for pattern in patterns if not otherwise.search(pattern)]
    pairs = [(compile_rx(pattern), re.compile(pattern, re.DOTALL | re.MULTILINE)) for pattern in plain]
    assert len(pairs) > 60

    @given(_TEXTS)
    def check(value: bytes) -> None:
        for regex, python in pairs:
            found = python.search(value)
            expected = None if found is None else found[0]
            ours = regex.search(value)
            assert (None if ours is None else ours[0]) == expected, (python.pattern, value)

    check()


def _note(number: int, start: int, end: int, flags: int, hits: list[int]) -> None:
    hits.append(number)


def _gate(pattern: bytes) -> hyperscan.Database:
    translated = translate(pattern)
    flags = _FLAGS | (hyperscan.HS_FLAG_ALLOWEMPTY if translated.nothing else 0)
    for more in (0, hyperscan.HS_FLAG_PREFILTER):
        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        try:
            database.compile(expressions=[translated.hyperscan], ids=[0], elements=1, flags=[flags | more])
        except hyperscan.error:
            if more:
                raise
        else:
            break
    return database


def test_hyperscan_takes_the_core_rules_and_misses_nothing(patterns: list[bytes]) -> None:
    gates = [(compile_rx(pattern), _gate(pattern)) for pattern in patterns]

    @given(_TEXTS)
    def check(value: bytes) -> None:
        for regex, gate in gates:
            if regex.test(value):
                hits: list[int] = []
                gate.scan(value, _note, 0, hits)
                assert hits, (regex.translated.pattern, value)

    check()


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        (b"abc", b"xabcx", (b"abc",)),
        (b"a.c", b"a\nc", (b"a\nc",)),
        (b"^b$", b"a\nb\n", (b"b",)),
        (b"", b"a\nb", (b"a\nb",)),
        (b"(x)?(a)(y)?", b"a", (b"a", b"", b"a")),
        (b"b\\Z", b"ab\n", (b"b",)),
        (b"(b+\\Z)", b"ab\n", (b"b", b"b")),
        (b"(?-m)a$|(b)", b"a\n", (b"a",)),
        (b"^x*$", b"a\n", None),
        (b"^x*$", b"a\n\n", (b"",)),
        (b"(?<=a)(b)", b"ab", (b"b", b"b")),
        (b"\\s", b"\x0b", (b"\x0b",)),
        (b"\xe9", b"\xe9", (b"\xe9",)),
    ],
)
def test_a_search_captures_as_pcre2_does(pattern: bytes, value: bytes, expected: tuple[bytes, ...] | None) -> None:
    regex = compile_rx(pattern)
    assert regex.search(value) == expected
    assert regex.test(value) == (expected is not None)
    assert Reference(pattern or b".*").search(value) == expected


def test_case_can_be_ignored_from_the_start() -> None:
    assert compile_rx(b"ab", ignore_case=True).search(b"xAB") == (b"AB",)
    assert compile_rx(b"(?-i)ab", ignore_case=True).search(b"xAB") is None
    assert compile_rx(b"\xe9", ignore_case=True).test(b"\xc9") is False


def test_a_translation_at_hand_is_used() -> None:
    translated = translate(b"a(b)")
    assert compile_rx(b"", translated=translated).search(b"ab") == (b"ab", b"b")


def test_a_search_can_go_on_behind_a_match() -> None:
    spans = compile_rx(b"^b|(c)").spans
    assert spans(b"abc", 1) == [(2, 3), (2, 3)]
    assert spans(b"abc", 3) is None
