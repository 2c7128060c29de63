"""Running a phase: the rules that may match, in their order, with skips, removals, budgets and interventions."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from bartizan.perimeter.waf.engine.evaluate import run_remembered, run_rule
from bartizan.perimeter.waf.engine.match import Intervention
from bartizan.perimeter.waf.operators.backtracking import MatchLimitError

if TYPE_CHECKING:
    from bartizan.perimeter.waf.engine.program import Gate
    from bartizan.perimeter.waf.engine.transaction import Transaction

__all__ = ["begin_phase", "resume_phase"]

BODY, LOGGING = 2, 5


def begin_phase(transaction: Transaction, phase: int) -> bool:
    """Run ``phase`` from its beginning; False: collections are wanted first, then go on with ``resume_phase``."""
    began = perf_counter()
    before, transaction.phase = transaction.phase, phase
    if transaction.mode == "off" or (transaction.intervention is not None and phase != LOGGING):
        transaction.agenda = 0
        return True
    program = transaction.program
    gate = program.gate
    first, end = program.phases[phase]
    whole = (1 << end) - (1 << first)
    if phase == LOGGING and gate is not None and (transaction.intervention is not None or before != LOGGING - 1):
        not_reached = (1 << first) - (1 << (transaction.position + 1))
        if program.foreseen & not_reached:
            _without_foresight(transaction)  # the effect of rules that were not reached was there from the beginning
    if phase == BODY and transaction.body_is_malformed and program.first_of_body and phase > transaction.allowed_until:
        transaction.agenda = program.first_of_body & ~transaction.removed
        _run(transaction, began)  # they mostly end it, before anybody has to look at what there is of the body
        if _is_over(transaction):
            return True
        began = perf_counter()
        whole &= ~program.first_of_body
    if gate is None or transaction.naive:
        transaction.agenda = whole & ~transaction.removed
    else:
        if phase != LOGGING or gate.gated & whole:
            try:
                _find_out(transaction, gate, phase)
            except MatchLimitError:
                _out_of_time(transaction)
                return True
        transaction.agenda = (transaction.mask | program.always) & whole & ~transaction.removed
    if phase <= transaction.allowed_until and phase != LOGGING:
        transaction.agenda = 0
        return True
    return _run(transaction, began)


def _is_over(transaction: Transaction) -> bool:
    return transaction.intervention is not None or transaction.mode == "off"


def _find_out(transaction: Transaction, gate: Gate, phase: int) -> None:
    """Find out which rules may match because of what has come, also in phases that did not run."""
    mask = transaction.mask
    for each in range(transaction.known_until + 1, phase + 1):
        for facts in gate.facts[each]:
            mask |= facts(transaction)
    transaction.known_until = phase
    transaction.mask = mask


def resume_phase(transaction: Transaction) -> bool:
    """Go on with the rules that are left in this phase."""
    return _run(transaction, perf_counter())


def _run(transaction: Transaction, began: float) -> bool:
    """Run what is on the agenda. The time budget is for the rules: what passes between phases does not count."""
    deadline = began + transaction.program.time_budget - transaction.spent
    try:
        finished = _run_until(transaction, deadline)
    except MatchLimitError:
        _out_of_time(transaction)
        finished = True
    transaction.spent += perf_counter() - began
    return finished


def _run_until(transaction: Transaction, deadline: float) -> bool:
    program = transaction.program
    agenda = transaction.agenda
    rules = program.rules
    first, end = program.phases[transaction.phase]
    whole = (1 << end) - (1 << first)
    while agenda:
        lowest = agenda & -agenda
        agenda ^= lowest
        position = lowest.bit_length() - 1
        transaction.position = position
        rule = rules[position]
        if rule.inputs is None or transaction.naive or position in transaction.exclusions:
            run_rule(transaction, rule)
        else:
            run_remembered(transaction, rule)
        if transaction.touched:
            touched = transaction.touched
            transaction.touched = 0
            transaction.mask |= touched
            agenda |= touched & whole & ~((lowest << 1) - 1) & ~transaction.removed
        if transaction.changed:
            agenda = _after_control(transaction, agenda, lowest, whole)
        if transaction.skip_to:
            if transaction.skip_to > position:
                agenda &= -(1 << transaction.skip_to)
            transaction.skip_to = 0
        if _is_over(transaction) and transaction.phase != LOGGING:
            break
        if transaction.phase <= transaction.allowed_until and transaction.phase != LOGGING:
            break
        if transaction.persistent.wanted:
            transaction.agenda = agenda
            return False
        if perf_counter() > deadline:
            _out_of_time(transaction)
            break
    else:
        transaction.position = end - 1
    transaction.agenda = 0
    return True


def _after_control(transaction: Transaction, agenda: int, lowest: int, whole: int) -> int:
    """A ``ctl`` has removed rules: take them out; if the effect of one was worked out beforehand, undo that."""
    transaction.changed = False
    program = transaction.program
    later = ~((lowest << 1) - 1)
    if (
        not transaction.naive
        and program.gate is not None
        and (transaction.removed | transaction.excluded) & program.relied & later
    ):
        _without_foresight(transaction)
        agenda = whole & later
    return agenda & ~transaction.removed


def _without_foresight(transaction: Transaction) -> None:
    """Run every rule from here on: take back what rules behind this position would set.

    None that ran could see it, since a variable is set beforehand only if no rule looks at it before it would be.
    """
    transaction.naive = transaction.tx_removed = True
    for hoisted in reversed(transaction.program.hoisted):
        if hoisted.position <= transaction.position:
            break
        if hoisted.before is None:
            transaction.tx.pop(hoisted.name, None)
        else:
            transaction.tx[hoisted.name] = hoisted.before


def _out_of_time(transaction: Transaction) -> None:
    """The time budget is used up: end the rules here, closed or open as configured."""
    transaction.agenda = 0
    transaction.over_budget = True
    program = transaction.program
    if program.on_budget == "deny" and transaction.mode == "on":
        transaction.intervention = Intervention("deny", 503, reason="the WAF's time budget for a request is used up")
    else:
        transaction.mode = "off"
