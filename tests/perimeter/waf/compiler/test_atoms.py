from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.perimeter.waf.compiler.attacks import VALUES, mutated

from bartizan.perimeter.waf.compiler.atoms import CASE_BLIND, EITHER_CASE, Pattern, patterns_of, scanned_chain
from bartizan.perimeter.waf.compiler.databases import DatabaseCache
from bartizan.perimeter.waf.operators import OPERATORS, Context
from bartizan.perimeter.waf.transformations import TRANSFORMATIONS

ARGUMENTS = {
    "beginsWith": (b"a", b"/etc", b"<", b"A.b"),
    "contains": (b"a", b"SELECT", b"..", b"\\x"),
    "containsWord": (b"select", b"a"),
    "endsWith": (b"--", b"\n", b"x"),
    "streq": (b"select", b"a\nb", b"1"),
    "strmatch": (b"SELECT", b"a.b"),
    "pm": (b"select union", b"' <"),
    "rx": (rb"a.*b", rb"(?i)select\s", rb"[^A-Z]{3}", rb"^\W", rb"\bor\b", rb"x$", rb"(?<!a)b", rb"\x00|%"),
}


def _texts() -> list[bytes]:
    chance = random.Random(5)
    edges = [b"", b"a", b"A", b"\n", b"a\n", b"\na", b"b\nx\n", b"select", b"a SELECT b", b"x" * 70]
    return edges + [mutated(chance.choice(VALUES), chance) for _ in range(300)]


@pytest.mark.parametrize("name", ARGUMENTS)
@pytest.mark.parametrize("either_case", [False, True])
def test_patterns_match_wherever_their_operator_does(name: str, either_case: bool) -> None:
    context = Context()
    for argument in ARGUMENTS[name]:
        operator = OPERATORS[name.lower()](argument, context)
        patterns = patterns_of(name.lower(), argument, context)
        assert patterns
        if either_case:
            patterns = tuple(pattern.in_either_case() for pattern in patterns)
        ((scan, compiled),) = DatabaseCache(None).compile([patterns])
        assert compiled.refused == ()
        for text in _texts():
            if operator(text) is not None:
                assert [*scan(text.swapcase() if either_case else text)], (argument, text)


def test_what_a_class_leaves_out_it_may_take_in_the_other_case() -> None:
    (pattern,) = patterns_of("rx", rb"x[^A]y", Context())
    ((scan, _),) = DatabaseCache(None).compile([[pattern.in_either_case()]])
    assert [*scan(b"xAy")] == [0]  # which t:lowercase makes xay of


@pytest.mark.parametrize(
    ("name", "argument"), [("rx", b"a*"), ("rx", b"^$"), ("detectsqli", b""), ("contains", b""), ("eq", b"1")]
)
def test_what_no_pattern_stands_for_is_left_to_the_operator(name: str, argument: bytes) -> None:
    assert patterns_of(name, argument, Context()) == ()


def test_phrases_are_read_from_the_file_of_the_rule(tmp_path: Path) -> None:
    (tmp_path / "phrases").write_bytes(b"# comment\none\n\nTwo\n")
    patterns = patterns_of("pmfromfile", b"phrases", Context(tmp_path))
    assert len(patterns) == 2
    assert all(pattern.caseless for pattern in patterns)
    assert patterns_of("pmfromfile", b"none", Context(tmp_path)) == ()


def test_a_literal_is_matched_in_either_case_by_a_flag() -> None:
    assert Pattern(b"a", caseless=False).in_either_case() == Pattern(b"a", caseless=True)


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        ((), ((), False)),
        (("urldecodeuni",), (("urldecodeuni",), False)),
        (("lowercase",), ((), True)),
        (("urldecodeuni", "lowercase", "trim"), (("urldecodeuni", "trim"), True)),
        (("lowercase", "base64decode"), (("lowercase", "base64decode"), False)),
        (("base64decode", "lowercase"), (("base64decode",), True)),
        (("lowercase", "base64decode", "lowercase"), (("lowercase", "base64decode"), True)),
        (("cmdline",), (("cmdline" + EITHER_CASE,), True)),
    ],
)
def test_a_scan_does_without_lowercase_where_case_does_not_matter(
    chain: tuple[str, ...], expected: tuple[tuple[str, ...], bool]
) -> None:
    assert scanned_chain(chain) == expected


def _run(chain: tuple[str, ...], text: bytes) -> bytes:
    for name in chain:
        text = TRANSFORMATIONS[name.removesuffix(EITHER_CASE)](text)
    return text


_pieces = st.sampled_from(
    [b"A", b"a", b"Z", b"%4a", b"%4A", b"%u0041", b"&LT;", b"&lt;", b"&#X41;", b"\\41", b"\\A", b"/*", b"*/", b"--",
     b"#", b"<!--", b"..", b"/", b"\\", b" ", b"\0", b"\t", b"^", b'"', b"'", b",", b";", b"\xc3\x84", b"\xa0",
     b"+", b"%", b"u0041"]
)  # fmt: skip


@given(
    st.lists(st.sampled_from(sorted(CASE_BLIND)), max_size=4),
    st.lists(st.sampled_from(sorted(CASE_BLIND)), max_size=4),
    st.lists(_pieces, max_size=8).map(b"".join),
)
def test_the_steps_of_a_scan_make_the_same_text_but_for_case(before: list[str], after: list[str], text: bytes) -> None:
    chain = (*before, "lowercase", *after)
    steps, caseless = scanned_chain(chain)
    assert caseless
    assert _run(steps, text).lower() == _run(chain, text).lower()
