"""Atoms: one rule's question to one value, as a pattern that a scan answers or as an operator that is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from bartizan.perimeter.waf.engine.program import Operator
from bartizan.perimeter.waf.operators import phrases, phrases_from_file
from bartizan.perimeter.waf.operators.interface import Context, OperatorError
from bartizan.perimeter.waf.operators.pcre import gate_in_either_case, translate

__all__ = ["CASE_BLIND", "EITHER_CASE", "Atom", "Pattern", "patterns_of", "scanned_chain"]

CASE_BLIND = frozenset(
    [
        "cmdline",
        "compresswhitespace",
        "cssdecode",
        "htmlentitydecode",
        "lowercase",
        "none",
        "normalisepath",
        "normalisepathwin",
        "normalizepath",
        "normalizepathwin",
        "removecomments",
        "removenulls",
        "removewhitespace",
        "replacecomments",
        "replacenulls",
        "trim",
        "trimleft",
        "trimright",
        "urldecode",
        "urldecodeuni",
        "utf8tounicode",
    ]
)
"""Transformations that make of texts which differ only in case texts which differ only in case."""

LOWERING = frozenset(("lowercase", "cmdline"))
EITHER_CASE = "~"
"""Behind the name of a step: what it does to the case of letters does not matter."""
TOO_MANY_PHRASES = 200_000


@dataclass(frozen=True, slots=True, order=True)
class Pattern:
    """An expression for Hyperscan. It matches at least wherever the operator it stands for does."""

    expression: bytes
    caseless: bool
    allow_empty: bool = False
    source: bytes = field(default=b"", compare=False)
    """The PCRE pattern that it was made from, if it was."""

    def in_either_case(self) -> Pattern:
        """Return a pattern that also matches texts that differ only in case from one that this one matches."""
        if self.source:
            return Pattern(gate_in_either_case(self.source), caseless=False, allow_empty=self.allow_empty)
        return replace(self, caseless=True)


@dataclass(frozen=True, slots=True)
class Atom:
    """The question of the rule with ``bit`` to the text that ``steps`` make of a value.

    It is answered by ``patterns`` (any of them) or, if there are none, by ``operator``.
    """

    bit: int
    steps: tuple[str, ...]
    patterns: tuple[Pattern, ...]
    operator: Operator
    negated: bool
    exact_steps: tuple[str, ...] = ()
    """The steps as the rule has them, which the operator needs where a scan can do with fewer."""
    rough: bool = False
    """Whether a scan may find a match where there is none, and the operator can tell for the same text."""

    def by_operator(self) -> Atom:
        """Return the same question for the operator to answer."""
        return replace(self, patterns=(), steps=self.exact_steps, rough=False)


def scanned_chain(transformations: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
    """Return the steps for a scan, and whether it has to be caseless.

    ``lowercase`` before steps that do not care about case is left out, and patterns are matched in either case instead:
    so chains with and without it share their texts. It may only match more.
    """
    last = max((at for at, name in enumerate(transformations) if name in LOWERING), default=-1)
    if last < 0 or not all(name in CASE_BLIND for name in transformations[last:]):
        return transformations, False
    first = last
    while first > 0 and transformations[first - 1] in CASE_BLIND:
        first -= 1
    kept = [
        name + EITHER_CASE if name == "cmdline" and at >= first else name
        for at, name in enumerate(transformations)
        if name != "lowercase" or at < first
    ]
    return tuple(kept), True


def patterns_of(name: str, argument: bytes, context: Context) -> tuple[Pattern, ...]:
    """Return patterns of which one matches wherever the operator does; none if that takes an operator call."""
    maker = _MAKERS.get(name)
    if maker is None:
        return ()
    try:
        return tuple(maker(argument, context))
    except OperatorError:
        return ()


def _literal(text: bytes, before: bytes = b"", after: bytes = b"", *, caseless: bool = False) -> list[Pattern]:
    if not text:
        return []
    escaped = b"".join(b"\\x%02x" % byte for byte in text)
    return [Pattern(before + escaped + after, caseless)]


def _rx(argument: bytes, context: Context) -> list[Pattern]:  # noqa: ARG001 - one signature for all
    translated = translate(argument)
    if translated.empty or translated.nothing:
        return []
    return [Pattern(translated.hyperscan, caseless=False, source=argument)]


def _phrases(texts: list[bytes]) -> list[Pattern]:
    texts = [text for text in texts if text]
    if not texts or len(texts) > TOO_MANY_PHRASES:
        return []
    return [pattern for text in texts for pattern in _literal(text, caseless=True)]


_Maker = Callable[[bytes, Context], list[Pattern]]

_MAKERS: Mapping[str, _Maker] = {
    "beginswith": lambda argument, _: _literal(argument, before=b"^"),
    "contains": lambda argument, _: _literal(argument),
    "containsword": lambda argument, _: _literal(argument),
    "endswith": lambda argument, _: _literal(argument, after=b"$"),
    "pm": lambda argument, _: _phrases(phrases(argument)),
    "pmf": lambda argument, context: _phrases(phrases_from_file(argument, context)),
    "pmfromfile": lambda argument, context: _phrases(phrases_from_file(argument, context)),
    "rx": _rx,
    "rxglobal": _rx,
    "streq": lambda argument, _: _literal(argument, before=b"^", after=b"$"),
    "strmatch": lambda argument, _: _literal(argument, caseless=True),
}
