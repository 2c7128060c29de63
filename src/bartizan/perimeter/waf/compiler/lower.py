"""Lowering: every rule in the form that runs, in the order in which phases and places have them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from bartizan.errors import Problem, SecLangError
from bartizan.perimeter.waf.compiler.controls import BEGINNINGS, compile_action, compile_control
from bartizan.perimeter.waf.compiler.reads import looks_up_geo
from bartizan.perimeter.waf.compiler.selection import compile_target
from bartizan.perimeter.waf.engine.macros import Expansion, expansion
from bartizan.perimeter.waf.engine.persistent import to_number
from bartizan.perimeter.waf.engine.program import (
    CompiledLink,
    CompiledRule,
    CompiledSetVar,
    Operator,
    Program,
    Transformation,
)
from bartizan.perimeter.waf.engine.transaction import Transaction
from bartizan.perimeter.waf.operators import OPERATORS, Context, OperatorError, geo_lookup
from bartizan.perimeter.waf.operators.refused import REFUSED
from bartizan.perimeter.waf.seclang.model import Link, Marker, Operation, Rule, RuleBook, SetVar
from bartizan.perimeter.waf.seclang.template import Template
from bartizan.perimeter.waf.transformations import TRANSFORMATIONS

__all__ = ["Lowered", "Order", "lower", "order"]

PHASES = (1, 2, 3, 4, 5)
REMEMBERED_OPERATORS = 256  # operators made from arguments with macros, by argument


@dataclass(frozen=True, slots=True)
class Order:
    """The rules by position, the bounds of each phase, and where each ``skipAfter`` and ``skip`` leads."""

    rules: tuple[Rule, ...]
    phases: tuple[tuple[int, int], ...]
    landings: dict[int, int]
    """By position of a rule that skips: where to go on."""


@dataclass(frozen=True, slots=True)
class Lowered:
    """A program without gate and folding, and the rules it came from, by position."""

    program: Program
    order: Order
    make_operator: Callable[[Link, bytes], Operator]
    """Returns the operator of a link for an argument whose macros are known; raises ``OperatorError``."""
    transformations: Mapping[str, Transformation]
    context: Callable[[str], Context]
    """Returns what operators of a rule file may use."""
    refused: Mapping[int, Problem]
    """By position: rules with an operator that is not available here. They must not run."""


def order(book: RuleBook) -> Order:
    """Put rules into the order in which they run: by phase, then by place."""
    rules: list[Rule] = []
    phases = [(0, 0)]
    landings: dict[int, int] = {}
    for phase in PHASES:
        first = len(rules)
        landmarks: list[tuple[str, int]] = []
        for entry in book.entries:
            if isinstance(entry, Marker):
                landmarks.append((entry.name, len(rules)))
            elif entry.phase == phase:
                rules.append(entry)
                landmarks.append((str(entry.id), len(rules)))
        end = len(rules)
        for position in range(first, end):
            rule = rules[position]
            if rule.skip:
                landings[position] = min(end, position + 1 + rule.skip)
            elif rule.skip_after:
                ahead = [at for name, at in landmarks if name == rule.skip_after and at > position]
                landings[position] = ahead[0] if ahead else end
        phases.append((first, end))
    return Order(tuple(rules), tuple(phases), landings)


def lower(book: RuleBook, context: Callable[[str], Context], transformations: dict[str, Transformation]) -> Lowered:
    """Return the program of ``book`` with every rule ready to run.

    ``context`` gives what operators of a file may use; ``transformations`` are those of the table, with what the
    settings change of them. Raises ``SecLangError`` with every operator, target or ``ctl`` that cannot be compiled.
    """
    placed = order(book)
    known = {**TRANSFORMATIONS, **transformations}
    lowering = _Lowering(placed, context, known)
    rules = [lowering.rule(position, rule) for position, rule in enumerate(placed.rules)]
    if lowering.problems:
        raise SecLangError(lowering.problems)
    program = Program(
        rules=tuple(rule for rule in rules if rule is not None),
        phases=placed.phases,
        settings=book.settings,
        by_id={rule.id: position for position, rule in enumerate(placed.rules)},
        mode=book.settings.mode,
        notices=book.notices,
    )

    def make_operator(link: Link, argument: bytes) -> Operator:
        if link.operation is None:
            raise ValueError("a SecAction has no operator")
        return OPERATORS[link.operation.name](argument, context(link.place.file))

    return Lowered(program, placed, make_operator, known, context, lowering.refused)


class _Lowering:
    def __init__(
        self, placed: Order, context: Callable[[str], Context], transformations: dict[str, Transformation]
    ) -> None:
        self.problems: list[Problem] = []
        self.refused: dict[int, Problem] = {}
        self._order = placed
        self._by_position = dict(enumerate(placed.rules))
        self._context = context
        self._transformations = transformations
        self._chains: dict[tuple[str, ...], int] = {}

    def rule(self, position: int, rule: Rule) -> CompiledRule | None:
        links = [self._guarded(position, link) for link in rule.links]
        if any(link is None for link in links):
            return None
        return CompiledRule(
            id=rule.id,
            phase=rule.phase,
            position=position,
            links=tuple(link for link in links if link is not None),
            disruption=rule.disruption,
            disruption_argument=expansion(rule.disruption_argument),
            status=rule.status,
            msg=None if rule.msg is None else expansion(rule.msg),
            logdata=None if rule.logdata is None else expansion(rule.logdata),
            tags=tuple(expansion(tag) for tag in rule.tags),
            fixed_tags=() if any(tag.macros for tag in rule.tags) else tuple(_readable(tag) for tag in rule.tags),
            severity=rule.severity,
            ver=rule.ver,
            rev=rule.rev,
            maturity=rule.maturity,
            accuracy=rule.accuracy,
            log=rule.log,
            audit_log=rule.audit_log,
            skip_to=self._order.landings.get(position, 0),
            quiet=_is_quiet(rule),
        )

    def _guarded(self, position: int, link: Link) -> CompiledLink | None:
        try:
            return self._link(position, link)
        except (ValueError, OperatorError) as error:
            self.problems.append(_problem(link, error))
            return None

    def _link(self, position: int, link: Link) -> CompiledLink:
        operator, operator_for, negated = self._operator(position, link)
        return CompiledLink(
            place=link.place,
            targets=tuple(compile_target(target, link) for target in link.targets),
            operator=operator,
            operator_for=operator_for,
            negated=negated,
            always=link.operation is None,
            chain=tuple(self._transformations[name] for name in link.transformations),
            chain_id=self._chains.setdefault(link.transformations, len(self._chains)),
            multi_match=link.multi_match,
            capture=link.capture,
            setvars=tuple(_setvar(setvar) for setvar in link.setvars),
            controls=tuple(compile_control(control, self._by_position) for control in link.controls),
            beginnings=tuple(compile_action(action) for action in link.actions if action.name in BEGINNINGS),
            actions=tuple(compile_action(action) for action in link.actions if action.name not in BEGINNINGS),
            locate=self._locate(link),
            acts=_acts(link),
        )

    def _locate(self, link: Link) -> Callable[[bytes], Mapping[bytes, bytes]] | None:
        if not looks_up_geo(link):
            return None
        reader = self._context(link.place.file).geo
        return None if reader is None else partial(geo_lookup, reader)

    def _operator(
        self, position: int, link: Link
    ) -> tuple[Operator | None, Callable[[Transaction], Operator] | None, bool]:
        operation = link.operation
        if operation is None:
            return None, None, False
        if operation.name in REFUSED:
            # Rule sets have such rules behind settings that leave them out: only one that would run is an error.
            try:
                OPERATORS[operation.name](b"", Context())
            except OperatorError as error:
                self.refused[position] = _problem(link, error)
            return _never, None, operation.negated
        context = self._context(link.place.file)
        literal = operation.argument.literal
        if literal is not None:
            return OPERATORS[operation.name](literal, context), None, operation.negated
        return None, _expanding(operation, context), operation.negated


def _expanding(operation: Operation, context: Context) -> Callable[[Transaction], Operator]:
    """Return what makes the operator of an argument with macros; the last ones are remembered."""
    factory = OPERATORS[operation.name]
    argument: Expansion = expansion(operation.argument)
    known: dict[bytes, Operator] = {}

    def operator_for(transaction: Transaction) -> Operator:
        text = argument(transaction)
        operator = known.get(text)
        if operator is None:
            if len(known) >= REMEMBERED_OPERATORS:
                known.clear()
            try:
                operator = factory(text, context)
            except OperatorError:
                operator = _never  # what a client sent is no argument of this operator
            known[text] = operator
        return operator

    return operator_for


def _acts(link: Link) -> bool:
    if link.capture or link.setvars or looks_up_geo(link):
        return True
    return any(action.name in BEGINNINGS for action in link.actions)


def _problem(link: Link, error: Exception) -> Problem:
    directive = "SecAction" if link.operation is None else f"SecRule {link.operation}"[:120]
    return Problem(link.place.file, link.place.line, 1, directive, str(error))


def _never(value: bytes) -> None:  # noqa: ARG001 - an operator
    return None


def _setvar(setvar: SetVar) -> CompiledSetVar:
    name = expansion(setvar.name)
    known = (setvar.name.literal or b"").lower()
    amount = None
    if setvar.value.literal is not None and setvar.operation in ("add", "subtract"):
        amount = to_number(setvar.value.literal) * (1 if setvar.operation == "add" else -1)
    return CompiledSetVar(setvar.collection, name, setvar.operation, expansion(setvar.value), known, amount)


def _readable(tag: Template) -> str:
    return (tag.literal or b"").decode("utf-8", "backslashreplace")


def _is_quiet(rule: Rule) -> bool:
    if rule.log or rule.severity is not None or rule.disruption != "pass":
        return False
    return not any(link.controls or link.actions for link in rule.links)
