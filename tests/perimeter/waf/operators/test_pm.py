from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.perimeter.waf.operators.reference import check, ours, reference

from bartizan.perimeter.waf.operators import Context
from bartizan.perimeter.waf.operators.pm import match_phrases, pm, pm_from_file

_PHRASE = st.text(alphabet="abcAB", min_size=1, max_size=4).map(str.encode)
_VALUES = st.lists(st.text(alphabet="abcABé\0", max_size=9).map(str.encode))


def naive(phrases: list[bytes], value: bytes) -> tuple[bytes] | None:
    """Look at each place in turn; the definition, without any cleverness."""
    for end in range(len(value) + 1):
        text = value[:end].lower()
        if any(text.endswith(phrase.lower()) for phrase in phrases):
            for start in range(end):
                for phrase in phrases:
                    if phrase.lower().startswith(text[start:]):
                        return (phrase[: end - start],)
    return None


@pytest.mark.parametrize("hyperscan", [True, False])
@given(st.lists(_PHRASE, min_size=1, max_size=5), _VALUES)
def test_the_first_phrase_that_ends_is_found(hyperscan: bool, phrases: list[bytes], values: list[bytes]) -> None:
    unique = list({phrase.lower(): phrase for phrase in reversed(phrases)}.values())[::-1]
    operator = match_phrases(unique, hyperscan=hyperscan)
    for value in values:
        assert operator(value) == naive(unique, value)


@given(_PHRASE, _VALUES)
def test_one_phrase_agrees_with_the_reference(phrase: bytes, values: list[bytes]) -> None:
    check("pm", phrase, [*values, b"x" + phrase.swapcase() + b"x"])


@given(st.lists(_PHRASE, min_size=1, max_size=5), _VALUES)
def test_several_phrases_find_what_the_reference_finds(phrases: list[bytes], values: list[bytes]) -> None:
    argument = b" ".join(phrases)
    for value, expected, found in zip(
        values, reference("pm", argument, values), ours("pm", argument, values), strict=True
    ):
        if expected is not None:
            assert found is not None
            lowered = value.lower()
            assert lowered.find(found[0].lower()) <= lowered.find(expected[0].lower())


def test_a_phrase_within_others_is_found_where_the_reference_misses_it() -> None:
    assert pm(b"abcdx bce cd", Context())(b"abcd") == (b"abcd",)
    assert reference("pm", b"abcdx bce cd", [b"abcd"]) == [None]


@given(st.lists(st.binary(min_size=1, max_size=3), min_size=1, max_size=4), st.binary(max_size=12))
@pytest.mark.parametrize("hyperscan", [True, False])
def test_all_bytes_may_be_in_phrases(hyperscan: bool, phrases: list[bytes], value: bytes) -> None:
    unique = list({phrase.lower(): phrase for phrase in phrases}.values())
    assert match_phrases(unique, hyperscan=hyperscan)(value) == naive(unique, value)


def test_phrases_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "words").write_bytes(b"Select\n# all\n")
    assert pm_from_file(b"words", Context(tmp_path))(b"x SELECT y") == (b"Select",)


@pytest.mark.parametrize("hyperscan", [True, False])
def test_the_context_decides_on_hyperscan(hyperscan: bool) -> None:
    assert pm(b"a b", Context(hyperscan=hyperscan))(b"xB") == (b"b",)


def test_without_phrases_nothing_matches() -> None:
    assert pm(b" ", Context())(b"") is None
