"""The gate: from what has come of an exchange to the rules that may match, so that no other rule has to run.

Each rule that is gated asks one question of the values of its targets. Questions are sorted by source (a variable, or
one member of it); the sources that rules ask much the same of share databases.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from bartizan.perimeter.waf.compiler.atoms import Atom, Pattern, patterns_of, scanned_chain
from bartizan.perimeter.waf.compiler.databases import DatabaseCache
from bartizan.perimeter.waf.compiler.facts import (
    BODY_VARIABLES,
    HEAD_VARIABLES,
    Counting,
    Facts,
    body_facts,
    collection_facts,
    counting_facts,
    head_facts,
    scalar_facts,
    xml_facts,
)
from bartizan.perimeter.waf.compiler.fold import Folding, GatedLink
from bartizan.perimeter.waf.compiler.groups import Ask, Scanner, value_group
from bartizan.perimeter.waf.compiler.lower import Lowered
from bartizan.perimeter.waf.compiler.selection import compile_target, excludes
from bartizan.perimeter.waf.engine.program import CompiledRule, Gate, Operator
from bartizan.perimeter.waf.engine.variables import REQUEST_BODY_VARIABLES, RESPONSE_VARIABLES
from bartizan.perimeter.waf.seclang.model import Link, Selector, Target
from bartizan.perimeter.waf.seclang.names import is_collection

__all__ = ["build_gate"]

ORDINARY = (
    b"1",
    b"id",
    b"true",
    b"2.50",
    b"name",
    b"hello",
    b"two words",
    b"text/html",
    b"/index.html",
    b"a.b@example.com",
)
"""Values that are everywhere: what matches many of them is not worth a scan, which tells each match at a cost."""
TWINS = {
    "ARGS": "ARGS",
    "ARGS_GET": "ARGS",
    "ARGS_GET_NAMES": "ARGS_NAMES",
    "ARGS_NAMES": "ARGS_NAMES",
    "ARGS_POST": "ARGS",
    "ARGS_POST_NAMES": "ARGS_NAMES",
    "PATH_INFO": "REQUEST_FILENAME",
    "REQUEST_FILENAME": "REQUEST_FILENAME",
    "REQUEST_URI": "REQUEST_URI",
    "REQUEST_URI_RAW": "REQUEST_URI",
}
"""Variables that mostly have the same values, by what stands for them."""
ALIKE = 0.4  # share of common patterns from which sources share databases
PHASES = range(1, 6)


@dataclass(frozen=True, slots=True)
class _Source:
    """Where values come from: a variable, one member (``key``) or an XPath of it, as it is from ``phase`` on."""

    variable: str
    selector: Selector | None
    phase: int


@dataclass(slots=True)
class _Questions:
    atoms: list[Atom] = field(default_factory=list)
    excluded: list[tuple[Selector | None, int]] = field(default_factory=list)
    """Members that a rule (a bit) leaves out."""


def build_gate(lowered: Lowered, folding: Folding, cache: DatabaseCache | None) -> tuple[Gate, list[CompiledRule]]:
    """Compile the gate for the rules that ``folding`` leaves to it. Without ``cache`` no Hyperscan is used.

    Also returns the rules, those of the gate with what it knows about single values.
    """
    questions: dict[_Source, _Questions] = {}
    counting: dict[int, list[Counting]] = {}
    for gated in folding.gated:
        _ask(lowered, gated, questions, counting, scanning=cache is not None)
    shared: dict[_Source, _Questions] = {}
    for source, asked in questions.items():
        shared.setdefault(_twin(source), _Questions()).atoms += asked.atoms
    scanners = _scanners(shared, cache) if cache is not None else {}
    groups = {
        source: value_group(asked.atoms, scanners.get(source), lowered.transformations)
        for source, asked in shared.items()
    }
    asks = {source: groups[_twin(source)] for source in questions}
    facts = tuple(_facts(phase, asks, questions, counting.get(phase, ())) for phase in range(6))
    gate = Gate(facts, sum(1 << gated.position for gated in folding.gated))
    return gate, _with_asks(lowered, folding, asks)


def _twin(source: _Source) -> _Source:
    """Return what stands for all sources that mostly have the same values: they are asked about once."""
    if source.selector is None and source.variable in TWINS:
        return _Source(TWINS[source.variable], None, 0)
    return source


def _with_asks(lowered: Lowered, folding: Folding, asks: dict[_Source, Ask]) -> list[CompiledRule]:
    """Have links pass over values that the gate remembers not to match."""
    rules = [*lowered.program.rules]
    if not sys.flags.hash_randomization:
        return rules  # then nothing is remembered: see groups.remembering
    for gated in folding.gated:
        rule = rules[gated.position]
        link = rule.links[gated.index]
        targets = tuple(
            replace(target, ask=asks.get(_source(target.target, _phases_of(target.target.variable, rule.phase)[0])))
            if not target.target.count
            else target
            for target in link.targets
        )
        links = [*rule.links]
        links[gated.index] = replace(link, targets=targets, bit=1 << gated.position)
        rules[gated.position] = replace(rule, links=tuple(links))
    return rules


def _ask(
    lowered: Lowered,
    gated: GatedLink,
    questions: dict[_Source, _Questions],
    counting: dict[int, list[Counting]],
    *,
    scanning: bool,
) -> None:
    """Sort the question of one rule to where its answer comes from."""
    rule = lowered.order.rules[gated.position]
    link = rule.links[gated.index]
    compiled = lowered.program.rules[gated.position].links[gated.index]
    bit = 1 << gated.position
    operator = compiled.operator or lowered.make_operator(link, gated.argument)
    patterns: tuple[Pattern, ...] = ()
    if scanning and link.operation is not None and not link.operation.negated and _is_rare(operator):
        patterns = patterns_of(link.operation.name, gated.argument, lowered.context(link.place.file))
    atoms = _atoms(link, bit, Atom(bit, (), patterns, operator, compiled.negated))
    for target in link.targets:
        for phase in _phases_of(target.variable, rule.phase):
            if target.count:
                counted = compile_target(target, link)
                counting.setdefault(phase, []).append(
                    Counting(target.variable, bit, counted.fetch, [atom.by_operator() for atom in atoms])
                )
                continue
            asked = questions.setdefault(_source(target, phase), _Questions())
            asked.atoms += atoms
            asked.excluded += [
                (exclusion.selector, bit) for exclusion in link.excluded if exclusion.variable == target.variable
            ]


def _is_rare(operator: Operator) -> bool:
    return sum(operator(text) is not None for text in ORDINARY) <= len(ORDINARY) // 4


def _atoms(link: Link, bit: int, atom: Atom) -> list[Atom]:
    """Return the questions of a link: one, or with ``multiMatch`` one at each stage of its transformations."""
    stages = range(len(link.transformations) + 1) if link.multi_match else (len(link.transformations),)
    atoms = []
    for stage in stages:
        steps = link.transformations[:stage]
        if atom.patterns:
            steps, caseless = scanned_chain(steps)
            patterns = tuple(pattern.in_either_case() if caseless else pattern for pattern in atom.patterns)
            exact = link.transformations[:stage]
            atoms.append(Atom(bit, steps, patterns, atom.operator, atom.negated, exact))
        else:
            atoms.append(replace(atom, steps=steps, exact_steps=steps))
    return atoms


def _phases_of(variable: str, phase: int) -> tuple[int, ...]:
    """Return the phase at whose beginning a variable is as a rule of ``phase`` will see it."""
    changes = [1]
    if variable in REQUEST_BODY_VARIABLES:
        changes.append(2)
    elif variable in RESPONSE_VARIABLES:
        changes.append(4 if variable in ("RESPONSE_BODY", "RESPONSE_CONTENT_LENGTH", "OUTBOUND_DATA_ERROR") else 3)
    return (max(change for change in changes if change <= phase),)


def _source(target: Target, phase: int) -> _Source:
    selector = target.selector
    return _Source(target.variable, None if selector is not None and selector.kind == "regex" else selector, phase)


# databases


@dataclass(slots=True)
class _Family:
    """Sources that share databases."""

    sources: list[_Source]
    patterns: set[tuple[tuple[str, ...], Pattern]]


def _families(questions: dict[_Source, _Questions]) -> list[_Family]:
    families: list[_Family] = []
    sized = {
        source: {(atom.steps, pattern) for atom in asked.atoms for pattern in atom.patterns}
        for source, asked in questions.items()
    }
    for source, patterns in sorted(sized.items(), key=lambda item: (-len(item[1]), str(item[0]))):
        if not patterns:
            continue
        for family in families:
            if len(patterns & family.patterns) >= ALIKE * len(patterns | family.patterns):
                family.sources.append(source)
                family.patterns |= patterns
                break
        else:
            families.append(_Family([source], set(patterns)))
    return families


def _scanners(questions: dict[_Source, _Questions], cache: DatabaseCache) -> dict[_Source, Scanner]:
    """Compile the databases of all sources; atoms that Hyperscan cannot take are left to their operators."""
    families = _families(questions)
    sets: list[list[Pattern]] = []
    wanted: list[tuple[_Family, tuple[str, ...] | None, int]] = []
    for family in families:
        chains = sorted({steps for steps, _ in family.patterns})
        for chain in [None, *(chains if len(chains) > 1 else [])]:
            patterns = sorted({pattern for steps, pattern in family.patterns if chain is None or steps == chain})
            if chain == ():
                continue  # the union is what is scanned on values as they are
            wanted.append((family, chain, len(sets)))
            sets.append(patterns)
    compiled = cache.compile(sets)
    refused = {sets[number][index] for number, (_, of_set) in enumerate(compiled) for index in of_set.refused}
    rough = {sets[number][index] for number, (_, of_set) in enumerate(compiled) for index in of_set.rough}
    for asked in questions.values():
        asked.atoms = [_sorted_out(atom, refused, rough) for atom in asked.atoms]
    scanners: dict[_Source, Scanner] = {}
    for family in families:
        atoms = [atom for source in family.sources for atom in questions[source].atoms if atom.patterns]
        of_family = [(chain, number) for owner, chain, number in wanted if owner is family]
        union = next(number for chain, number in of_family if chain is None)
        scanner = Scanner(
            compiled[union][0],
            _rules(sets[union], atoms),
            {
                chain: (compiled[number][0], _rules(sets[number], [atom for atom in atoms if atom.steps == chain]))
                for chain, number in of_family
                if chain is not None
            },
        )
        scanners.update(dict.fromkeys(family.sources, scanner))
    return scanners


def _sorted_out(atom: Atom, refused: set[Pattern], rough: set[Pattern]) -> Atom:
    if any(pattern in refused for pattern in atom.patterns):
        return atom.by_operator()
    if atom.steps == atom.exact_steps and any(pattern in rough for pattern in atom.patterns):
        return replace(atom, rough=True)
    return atom


def _rules(patterns: Sequence[Pattern], atoms: Iterable[Atom]) -> list[int]:
    """Return for each pattern the rules that it stands for."""
    masks = dict.fromkeys(patterns, 0)
    for atom in atoms:
        for pattern in atom.patterns:
            if pattern in masks:
                masks[pattern] |= atom.bit
    return [masks[pattern] for pattern in patterns]


# facts


def _facts(
    phase: int,
    asks: dict[_Source, Callable[[bytes], int]],
    questions: dict[_Source, _Questions],
    counting: Sequence[Counting],
) -> tuple[Facts, ...]:
    """Return what tells the rules that may match, at the beginning of a phase."""
    by_variable: dict[str, list[Facts]] = {}
    for variable in dict.fromkeys(source.variable for source in asks if source.phase == phase):
        sources = [source for source in asks if source.variable == variable and source.phase == phase]
        by_variable[variable] = _facts_of(variable, sources, asks, questions)
    for variable in dict.fromkeys(counted.variable for counted in counting):
        counted = [each for each in counting if each.variable == variable]
        by_variable.setdefault(variable, []).append(counting_facts(counted))
    of_head = _taken(by_variable, HEAD_VARIABLES)
    of_body = _taken(by_variable, BODY_VARIABLES)
    rest = [each for facts in by_variable.values() for each in facts]
    return (*([head_facts(of_head)] if of_head else []), *([body_facts(of_body)] if of_body else []), *rest)


def _taken(by_variable: dict[str, list[Facts]], variables: Iterable[str]) -> list[Facts]:
    return [facts for variable in variables for facts in by_variable.pop(variable, [])]


def _facts_of(
    variable: str,
    sources: Sequence[_Source],
    asks: dict[_Source, Callable[[bytes], int]],
    questions: dict[_Source, _Questions],
) -> list[Facts]:
    if not is_collection(variable):
        return [scalar_facts(variable, asks[source]) for source in sources]
    whole = next((asks[source] for source in sources if source.selector is None), None)
    members = {source.selector.text: asks[source] for source in sources if source.selector is not None}
    left_out = [
        (excludes(selector), bit)
        for source in sources
        if source.selector is None
        for selector, bit in questions[source].excluded
    ]
    if variable == "XML":
        return [xml_facts(members)]
    return [collection_facts(variable, whole, members, left_out)]
