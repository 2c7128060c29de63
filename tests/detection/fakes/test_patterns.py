import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.fakes.patterns import matching

KEY = b"k" * 32
PATTERNS = (
    "^[A-Z]{2}[0-9]{6}$",
    r"^\d{3}-\d{2,4}$",
    "^(red|green|blue)$",
    "^(?:ab?c)+$",
    r"^[\w.-]+@[a-z]+\.com$",
    "^[^0-9]{4}$",
    r"^\(\d+\)$",
    "^[+-]?[0-9]*?x$",
    "^$",
)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_what_is_made_matches(pattern: str) -> None:
    for label in range(20):
        made = matching(pattern, Keyed(KEY, label))
        assert made is not None
        assert re.search(pattern, made)


@pytest.mark.parametrize(
    "pattern", ["(?=a)b", r"\1", "(?<n>a)", r"\p{L}", "(a", "a)", "[z-a]", "a{5,2}", "*a", "[", "a$b"]
)
def test_what_is_not_understood_makes_nothing(pattern: str) -> None:
    assert matching(pattern, Keyed(KEY)) is None


@pytest.mark.parametrize("pattern", ["(" * 200, "((a{99}){99}){99}", "a" * 1000, "(a{500}){500}", "[a-z]{9999}"])
def test_hostile_patterns_cost_little(pattern: str) -> None:
    begun = time.process_time()
    matching(pattern, Keyed(KEY))
    assert time.process_time() - begun < 2


@pytest.mark.filterwarnings("ignore:Possible (nested set|set ):FutureWarning")  # re's, of patterns that it still takes
@settings(max_examples=200)
@given(st.text(alphabet="ab()[]{}|*+?^$\\-.,0123456789d:", max_size=20))
@example("[0||]")
def test_whatever_the_pattern_what_is_made_matches_or_nothing_is(pattern: str) -> None:
    made = matching(pattern, Keyed(KEY))
    if made is None:
        return
    try:
        compiled = re.compile(pattern)
    except re.error:
        return
    assert compiled.search(made) is not None
