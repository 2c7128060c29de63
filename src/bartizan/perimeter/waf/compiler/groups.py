"""Value groups: everything the rules ask of the values of one source, answered with as few scans as there are texts.

The transformations of all rules of a group form a tree: what chains begin with in common is done once. Which of them
can change a value at all is told by the bytes that are in it, so for each combination of such bytes there is a plan:
the part of the tree that is left. On most values nothing is left, and one scan answers everything.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bartizan.perimeter.waf.compiler.atoms import EITHER_CASE, Atom
from bartizan.perimeter.waf.compiler.databases import Scan
from bartizan.perimeter.waf.engine.program import REMEMBERED_VALUE, Operator, Transformation
from bartizan.perimeter.waf.transformations import CHANGES

__all__ = ["Ask", "Scanner", "value_group"]

Ask = Callable[[bytes], int]
"""Returns the rules that may match a value, as a set of bits."""

REMEMBERED = 8192  # values of a group
PLANS = 4096

UPPER = frozenset(range(ord("A"), ord("Z") + 1))


@dataclass(frozen=True, slots=True)
class Scanner:
    """Databases that several groups share: one of every pattern, and one for each chain of transformations.

    ``rules`` has for each pattern's number the rules that it stands for.
    """

    union: Scan
    union_rules: Sequence[int]
    by_chain: Mapping[tuple[str, ...], tuple[Scan, Sequence[int]]]


@dataclass(slots=True)
class _Node:
    """A step of the tree: ``name`` applied to what ``parent`` yields; the root has no name."""

    name: str
    parent: int
    chain: tuple[str, ...]
    mask: int = 0
    operators: list[tuple[int, Operator, bool]] = field(default_factory=list)


def value_group(
    atoms: Iterable[Atom],
    scanner: Scanner | None,
    transformations: Mapping[str, Transformation],
) -> Ask:
    """Return what answers for one source. ``scanner`` has the patterns of the atoms that have any."""
    asked = list(atoms)
    exact = {atom.bit for atom in asked if atom.patterns and not atom.rough}  # of other texts, with multiMatch
    rough = {atom.bit: atom.operator for atom in asked if atom.rough and atom.bit not in exact}
    group = _Group(_tree(asked), scanner, transformations, rough)
    return group.remembering() if sys.flags.hash_randomization else group.ask


def _tree(atoms: Iterable[Atom]) -> list[_Node]:
    nodes = [_Node("", -1, ())]
    numbers: dict[tuple[str, ...], int] = {(): 0}
    for atom in atoms:
        at = 0
        for length in range(1, len(atom.steps) + 1):
            chain = atom.steps[:length]
            if chain not in numbers:
                numbers[chain] = len(nodes)
                nodes.append(_Node(atom.steps[length - 1], at, chain))
            at = numbers[chain]
        if atom.patterns:
            nodes[at].mask |= atom.bit
        else:
            nodes[at].operators.append((atom.bit, atom.operator, atom.negated))
    return nodes


class _Step(NamedTuple):
    """A step of a plan. ``scan`` is the chain's own database, for texts that no other chain shares."""

    transform: Transformation
    parent: int
    mask: int
    scan: Scan | None
    rules: Sequence[int]
    operators: tuple[tuple[int, Operator, bool], ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    mask: int
    operators: tuple[tuple[int, Operator, bool], ...]
    steps: tuple[_Step, ...]


@dataclass(slots=True)
class _Draft:
    """A step while a plan is made: what all nodes ask that it stands for."""

    name: str = ""
    parent: int = 0
    mask: int = 0
    chains: list[tuple[str, ...]] = field(default_factory=list)
    _operators: dict[tuple[int, int], tuple[int, Operator, bool]] = field(default_factory=dict)

    def take(self, node: _Node) -> None:
        """Ask what a node asks, too, the same question once."""
        if node.mask:
            self.mask |= node.mask
            self.chains.append(node.chain)
        for question in node.operators:
            self._operators.setdefault((question[0], id(question[1])), question)

    def operators(self) -> tuple[tuple[int, Operator, bool], ...]:
        """Return the questions for operators."""
        return tuple(self._operators.values())


class _Group:
    def __init__(
        self,
        nodes: list[_Node],
        scanner: Scanner | None,
        transformations: Mapping[str, Transformation],
        rough: Mapping[int, Operator],
    ) -> None:
        self._nodes = nodes
        self._scanner = scanner
        self._transformations = transformations
        self._rough = rough
        self._rough_mask = sum(rough)
        self._plans: dict[frozenset[int], _Plan] = {}
        self._classes, self._plain = _byte_classes(nodes)
        self._empty = self._plan(frozenset())

    def remembering(self) -> Ask:
        """Return ``ask`` with a memory of the last values.

        It holds no values, which may be secret, but their hash under a key of this process (SipHash, 64 bits): that two
        values share one is as likely as guessing the key.
        """
        ask = self.ask
        known: dict[int, int] = {}
        get = known.get

        def remembered(value: bytes) -> int:
            key = hash(value)
            answer = get(key)
            if answer is None:
                answer = ask(value)
                if len(value) <= REMEMBERED_VALUE:
                    if len(known) >= REMEMBERED:
                        known.clear()
                    known[key] = answer
            return answer

        return remembered

    def ask(self, value: bytes) -> int:
        """Return the rules of this group that may match ``value``."""
        special = value.translate(self._classes, self._plain)
        if special:
            signature = frozenset(special)
            plan = self._plans.get(signature) or self._remember(signature)
        else:
            plan = self._empty
        answer = hits = 0
        scanner = self._scanner
        if scanner is not None and (plan.mask or plan.steps):
            found = scanner.union(value)
            if found:
                rules = scanner.union_rules
                for number in found:
                    hits |= rules[number]
                answer = hits & plan.mask
                if answer & self._rough_mask:
                    answer = self._confirmed(answer, value)
        for bit, operator, negated in plan.operators:
            if (operator(value) is None) is negated:
                answer |= bit
        return answer | self._transformed(value, plan.steps, hits) if plan.steps else answer

    def _transformed(self, value: bytes, steps: tuple[_Step, ...], hits: int) -> int:
        """Ask about the texts that the steps of a plan make of a value, each distinct text once."""
        answer = 0
        texts = [value]
        others: dict[bytes, tuple[int, _Step | None]] | None = None
        for step in steps:
            transform, parent, mask, _, _, operators = step
            text = transform(texts[parent])
            texts.append(text)
            if mask:
                if text is value or text == value:
                    same = hits & mask
                    answer |= self._confirmed(same, value) if same & self._rough_mask else same
                elif others is None:
                    others = {text: (mask, step)}
                elif text in others:
                    others[text] = (others[text][0] | mask, None)
                else:
                    others[text] = (mask, step)
            for bit, operator, negated in operators:
                if (operator(text) is None) is negated:
                    answer |= bit
        if others is not None:
            for text, (mask, own) in others.items():
                answer |= self._scan(text, mask, own)
        return answer

    def _scan(self, text: bytes, mask: int, step: _Step | None) -> int:
        scanner = self._scanner
        if step is not None and step.scan is not None:
            scan, rules = step.scan, step.rules
        elif scanner is not None:
            scan, rules = scanner.union, scanner.union_rules
        else:
            return 0
        found = 0
        for number in scan(text):
            found |= rules[number]
        found &= mask
        return self._confirmed(found, text) if found & self._rough_mask else found

    def _confirmed(self, found: int, text: bytes) -> int:
        """Leave out rules of which the scan was only roughly right."""
        rough = found & self._rough_mask
        while rough:
            bit = rough & -rough
            rough ^= bit
            if self._rough[bit](text) is None:
                found ^= bit
        return found

    def _remember(self, signature: frozenset[int]) -> _Plan:
        if len(self._plans) >= PLANS:
            self._plans.clear()
        plan = self._plans[signature] = self._plan(signature)
        return plan

    def _plan(self, signature: frozenset[int]) -> _Plan:
        """Keep the steps that can change a value with bytes of these classes; what is left out changes nothing.

        What is left of different chains is often the same: then it is done once.
        """
        root = _Draft()
        drafts = [root]
        numbers: dict[tuple[int, str], int] = {}
        kept: dict[int, int] = {-1: 0}
        for number, node in enumerate(self._nodes):
            parent = kept[node.parent]
            if number == 0 or (parent == 0 and not self._changes(node, signature)):
                kept[number] = 0
                root.take(node)
                continue
            name = node.name.removesuffix(EITHER_CASE)
            at = numbers.setdefault((parent, name), len(drafts))
            if at == len(drafts):
                drafts.append(_Draft(name, parent))
            kept[number] = at
            drafts[at].take(node)
        return _Plan(root.mask, root.operators(), tuple(self._step(draft) for draft in drafts[1:]))

    def _step(self, draft: _Draft) -> _Step:
        scan, rules = self._own_scan(draft.chains[0]) if len(draft.chains) == 1 else (None, ())
        return _Step(self._transformations[draft.name], draft.parent, draft.mask, scan, rules, draft.operators())

    def _own_scan(self, chain: tuple[str, ...]) -> tuple[Scan | None, Sequence[int]]:
        if self._scanner is None or chain not in self._scanner.by_chain:
            return None, ()
        return self._scanner.by_chain[chain]

    def _changes(self, node: _Node, signature: frozenset[int]) -> bool:
        changes = _changed_by(node.name)
        if changes is None:
            return True
        return any(self._classes[byte] in signature for byte in changes if byte not in self._plain)


def _changed_by(name: str) -> frozenset[int] | None:
    """Return the bytes without which a step changes nothing, or only their case where case does not matter."""
    changes = CHANGES[name.removesuffix(EITHER_CASE)]
    return changes - UPPER if changes is not None and name.endswith(EITHER_CASE) else changes


def _byte_classes(nodes: Sequence[_Node]) -> tuple[bytes, bytes]:
    """Return a table from bytes to classes, and the bytes that no step of the tree cares about.

    Bytes that the same steps care about are of one class.
    """
    table = bytearray(range(256))
    plain = bytearray()
    classes: dict[frozenset[str], int] = {}
    names = {node.name for node in nodes[1:]}
    for byte in range(256):
        concerned = frozenset(name for name in names if (changes := _changed_by(name)) is not None and byte in changes)
        if not concerned:
            plain.append(byte)
        else:
            table[byte] = classes.setdefault(concerned, len(classes))
    return bytes(table), bytes(plain)
