import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from tests.perimeter.waf.operators.pcre.reference import InvalidPatternError, Reference, patterns, raw_patterns, texts

from bartizan.perimeter.waf.operators import MatchLimitError, OperatorError, compile_rx
from bartizan.perimeter.waf.operators.pcre import PatternError, can_be_empty, translate
from bartizan.perimeter.waf.operators.pcre.facts import may_take_nothing
from bartizan.perimeter.waf.operators.pcre.nodes import Alternation, Assertion, Beyond, Node, OneByte, Repeat, Sequence
from bartizan.perimeter.waf.operators.pcre.parser import parse


def _loops_over_nothing(node: Node) -> bool:
    """Tell whether something is repeated that can match nothing: there RE2 may match more (see ``Regex``)."""
    if isinstance(node, OneByte | Assertion | Beyond):
        return False
    if isinstance(node, Sequence):
        return any(map(_loops_over_nothing, node.items))
    if isinstance(node, Alternation):
        return any(map(_loops_over_nothing, node.branches))
    if isinstance(node, Repeat) and node.high != 1 and may_take_nothing(node.node):
        return True
    return _loops_over_nothing(node.node)


def _reference(pattern: bytes) -> Reference:
    try:
        return Reference(pattern)
    except InvalidPatternError:
        assume(False)
        raise


@given(patterns, st.lists(texts, min_size=3))
@example(rb"^x*$", [b"a\n", b"a\n\n", b"\n"])
@example(rb"(?:\r\n|[\n\v])^", [b"a\n", b"\r\nb"])
@example(rb"(?:a{1,100}){1,100}b", [b"a" * 300 + b"b"])
@example(rb"\n^", [b"a\n", b"a\nb"])
@example(rb"(?>[^a]??)b", [b"cb"])
@example(rb"(?>a?|b)c", [b"bc", b"ac"])
def test_a_pattern_matches_as_with_pcre2(pattern: bytes, values: list[bytes]) -> None:
    reference = _reference(pattern)
    regex = compile_rx(pattern)
    loops = not regex.translated.beyond and _loops_over_nothing(parse(pattern)[0])
    for value in [b"", *values]:
        try:
            expected, found = reference.search(value), regex.search(value)
        except (MatchLimitError, AssertionError):  # nested repetitions make PCRE2 give up, too
            continue
        assert (found if not loops else found is None) == (expected if not loops else expected is None)
        assert regex.test(value) == (expected is not None)


@given(raw_patterns)
def test_what_pcre2_refuses_is_refused(pattern: bytes) -> None:
    try:
        Reference(pattern)
    except InvalidPatternError as error:
        try:
            compile_rx(pattern)
        except OperatorError:
            return
        if not error.hyphen:
            raise AssertionError(pattern) from None


@given(raw_patterns)
def test_what_pcre2_takes_is_taken(pattern: bytes) -> None:
    _reference(pattern)
    # Verbs and callouts are refused, and \E between a quantifier and its mode is not looked for.
    assume(b"(*" not in pattern and b"(?C" not in pattern and b"\\E" not in pattern and b"\\p" not in pattern.lower())
    compile_rx(pattern)


@given(patterns)
def test_it_is_known_whether_the_empty_text_matches(pattern: bytes) -> None:
    reference = _reference(pattern)
    assume(rb"\G" not in pattern and rb"\A" not in pattern)
    translated = translate(pattern)
    assert can_be_empty(pattern) == translated.empty
    if translated.beyond:
        assert translated.empty or reference.search(b"") is None
    else:
        assert translated.empty == (reference.search(b"") is not None)


@given(patterns, texts)
def test_only_a_pattern_that_may_match_nothing_does(pattern: bytes, value: bytes) -> None:
    spans = _reference(pattern).spans(value)
    assume(spans is not None)
    assert spans is not None
    start, end = spans[0]
    assert translate(pattern).nothing or end > start


def test_a_plain_text_is_told() -> None:
    assert translate(rb"/admin\.php\x3f").literal == b"/admin.php?"
    assert translate(rb"abc", ignore_case=True).literal is None
    assert translate(rb"a|b").literal is None


def test_an_empty_pattern_is_anything_as_in_libmodsecurity() -> None:
    assert translate(b"").pattern == b".*"


def test_what_is_beyond_re2_is_named_with_its_place() -> None:
    assert translate(rb"ab(?!c)").beyond == "a look-around at byte 2 of the regular expression"
    assert translate(rb"(a)\1").beyond == r"a back-reference (\1) at byte 3 of the regular expression"
    assert translate(rb"\w++a").beyond.startswith("a possessive quantifier that changes what matches at byte 0")
    assert translate(rb"(?R)").beyond.startswith("a reference to a group")
    assert translate(rb"(a)?(?(1)b|c)").beyond.startswith("a condition")
    assert translate(rb"ab").beyond == ""


def test_an_error_tells_the_place() -> None:
    with pytest.raises(PatternError) as raised:
        translate(rb"ab[z-a]")
    assert (raised.value.problem, raised.value.position) == ("a range out of order", 4)
