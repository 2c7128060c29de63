from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from bartizan.perimeter.waf.compiler.atoms import Atom, patterns_of, scanned_chain
from bartizan.perimeter.waf.compiler.databases import DatabaseCache
from bartizan.perimeter.waf.compiler.groups import Scanner, value_group
from bartizan.perimeter.waf.operators import OPERATORS, Context
from bartizan.perimeter.waf.transformations import CHANGES, TRANSFORMATIONS

PATTERNS = (b"a", b"^a", b"a$", b"[^A]b", b"select", b"\\d\\d", b"^$|^x", b"A", b"[A-Z]")
TEXTS = (
    "a", "A", "b", "ab", "Ab", "%41b", "&#97;", "\\61", " ", "/./", "select", "SE/**/LECT", "12", "YQ==", "61", "+",
    "\0", "ä",
)  # fmt: skip

_chains = st.lists(st.sampled_from(sorted(TRANSFORMATIONS)), max_size=3).map(tuple)
_questions = st.lists(st.tuples(_chains, st.sampled_from(PATTERNS), st.booleans()), min_size=1, max_size=6)
_values = st.lists(st.lists(st.sampled_from(TEXTS), max_size=4).map(lambda parts: "".join(parts).encode()), max_size=6)


def _expected(questions: list[tuple[tuple[str, ...], bytes, bool]], value: bytes) -> int:
    answer = 0
    for number, (chain, pattern, negated) in enumerate(questions):
        text = value
        for name in chain:
            text = TRANSFORMATIONS[name](text)
        matches = OPERATORS["rx"](pattern, Context())(text) is not None
        answer |= int(matches is not negated) << number
    return answer


@given(_questions, _values)
def test_a_group_of_operators_tells_exactly_the_rules_that_match(
    questions: list[tuple[tuple[str, ...], bytes, bool]], values: list[bytes]
) -> None:
    atoms = [
        Atom(1 << number, chain, (), OPERATORS["rx"](pattern, Context()), negated, chain)
        for number, (chain, pattern, negated) in enumerate(questions)
    ]
    ask = value_group(atoms, None, TRANSFORMATIONS)
    for value in [*values, *values]:  # the second time from memory
        assert ask(value) == _expected(questions, value)


@given(_questions, _values)
def test_a_group_of_patterns_leaves_out_no_rule_that_matches(
    questions: list[tuple[tuple[str, ...], bytes, bool]], values: list[bytes]
) -> None:
    asked = [(chain, pattern, False) for chain, pattern, _ in questions]
    ask = _scanning(asked)
    for value in [*values, *values]:
        expected = _expected(asked, value)
        assert ask(value) & expected == expected


def _scanning(questions: list[tuple[tuple[str, ...], bytes, bool]]) -> Callable[[bytes], int]:
    atoms = []
    for number, (chain, pattern, _) in enumerate(questions):
        steps, caseless = scanned_chain(chain)
        patterns = patterns_of("rx", pattern, Context())
        patterns = tuple(each.in_either_case() for each in patterns) if caseless else patterns
        atom = Atom(1 << number, steps, patterns, OPERATORS["rx"](pattern, Context()), False, chain)
        atoms.append(atom if patterns else atom.by_operator())
    chains = {atom.steps for atom in atoms if atom.patterns and atom.steps}
    sets = [[atom for atom in atoms if atom.patterns and chain in (None, atom.steps)] for chain in (None, *chains)]
    scans = DatabaseCache(None).compile([[pattern for atom in of for pattern in atom.patterns] for of in sets])
    rules = [[atom.bit for atom in of for _ in atom.patterns] for of in sets]
    by_chain = {
        chain: (scan, rules[at]) for at, (chain, (scan, _)) in enumerate(zip(chains, scans[1:], strict=True), 1)
    }
    return value_group(atoms, Scanner(scans[0][0], rules[0], by_chain), TRANSFORMATIONS)


@given(st.sampled_from(sorted(TRANSFORMATIONS)), st.binary(max_size=30))
def test_a_transformation_changes_only_texts_with_the_bytes_it_names(name: str, text: bytes) -> None:
    changes = CHANGES[name]
    if changes is not None and not changes & {*text}:
        assert TRANSFORMATIONS[name](text) == text


def test_a_rough_answer_is_confirmed_for_the_text_of_the_rule_only() -> None:
    """A rule with ``multiMatch`` asks about several texts; what is no match in one may be one in another."""
    (pattern,) = patterns_of("rx", b"^abc$", Context())
    operator = OPERATORS["rx"](b"^abc$", Context())
    first = Atom(1, (), (pattern,), operator, False, (), True)
    second = Atom(1, (), (pattern.in_either_case(),), operator, False, ("lowercase",))
    ((scan, _),) = DatabaseCache(None).compile([[pattern, pattern.in_either_case()]])
    ask = value_group([first, second], Scanner(scan, [1, 1], {}), TRANSFORMATIONS)
    assert (ask(b"ABC"), ask(b"abc"), ask(b"abd")) == (1, 1, 0)
