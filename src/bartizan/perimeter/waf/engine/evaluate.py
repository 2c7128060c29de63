"""Running one rule: look at its targets, and do what it says if they match. The order of effects is ModSecurity v3's.

For each value that matches, captures and ``setvar`` take effect at once; ``ctl``, the other actions, the log entry and
the disruptive action only when the whole chain has matched.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bartizan.perimeter.waf.engine.match import Intervention, RuleMatch
from bartizan.perimeter.waf.engine.persistent import Change, to_number
from bartizan.perimeter.waf.engine.program import REMEMBERED_VALUE, Outcome

if TYPE_CHECKING:
    from bartizan.perimeter.waf.engine.program import (
        Captures,
        CompiledLink,
        CompiledRule,
        CompiledSetVar,
        Exclusion,
        Operator,
    )
    from bartizan.perimeter.waf.engine.transaction import Transaction
    from bartizan.perimeter.waf.engine.variables import Pairs

__all__ = ["run_link", "run_remembered", "run_rule"]

LOGGING = 5  # a phase when everything is over already
REMEMBERED = 512  # outcomes of a rule
REMEMBERED_LENGTH = 2048  # bytes of an outcome
NOTHING = Outcome({}, 0, 0)
CAPTURES = tuple(b"%d" % number for number in range(10))


def run_rule(transaction: Transaction, rule: CompiledRule) -> bool:
    """Run a rule to its end; tells whether it matched. A disruptive one leaves ``transaction.intervention``."""
    transaction.rule = rule
    transaction.matched_var = transaction.matched_var_name = b""
    if transaction.matched_vars:
        transaction.matched_vars = []
    for link in rule.links:
        if not run_link(transaction, link):
            return False
    _conclude(transaction, rule)
    return True


def run_remembered(transaction: Transaction, rule: CompiledRule) -> None:
    """Run a rule, or do what it did when its inputs were the same."""
    inputs = rule.inputs or ()
    if len(inputs) == 1:
        key = hash(tuple(inputs[0](transaction)))
    else:
        key = hash(tuple([tuple(reader(transaction)) for reader in inputs]))
    outcome = rule.outcomes.get(key)
    if outcome is None:
        _run_and_remember(transaction, rule, key)
    elif outcome is not NOTHING:
        transaction.tx.update(outcome.writes)
        transaction.touched |= outcome.touched
        transaction.skip_to = outcome.skip_to


def _run_and_remember(transaction: Transaction, rule: CompiledRule, key: int) -> None:
    before = transaction.tx
    transaction.tx = after = _Recording(before)
    matched = run_rule(transaction, rule)
    transaction.tx = before
    writes = after.writes
    if after.unset:
        before.clear()
        before.update(after)
    else:
        before.update(writes)
    if (matched and not rule.repeatable) or after.unset or not sys.flags.hash_randomization:
        return
    if len(rule.outcomes) >= REMEMBERED:
        rule.outcomes.clear()
    if not matched and not writes:
        rule.outcomes[key] = NOTHING
    elif sum(map(len, writes.values())) <= REMEMBERED_LENGTH:
        rule.outcomes[key] = Outcome(writes, transaction.touched, transaction.skip_to)


class _Recording(dict[bytes, bytes]):
    """TX while what a rule writes is recorded, the values that were there already included."""

    def __init__(self, tx: dict[bytes, bytes]) -> None:
        super().__init__(tx)
        self.writes: dict[bytes, bytes] = {}
        self.unset = False

    def __setitem__(self, name: bytes, value: bytes) -> None:
        super().__setitem__(name, value)
        self.writes[name] = value

    def pop(self, name: bytes, default: bytes | None = None) -> bytes | None:  # type: ignore[override]
        self.unset = True
        return super().pop(name, default)


def run_link(transaction: Transaction, link: CompiledLink) -> bool:
    """Look at every value of every target; tells whether any matched."""
    if link.always:
        for beginning in link.beginnings:
            beginning.apply(transaction)
        _set_variables(transaction, link)
        return True
    operator = link.operator or link.operator_for(transaction)  # type: ignore[misc]
    exclusions = _exclusions(transaction, link) if transaction.exclusions else None
    matched = False
    for target in link.targets:
        pairs = target.fetch(transaction)
        if not pairs:
            continue
        if exclusions is not None:
            for exclusion in exclusions:
                if exclusion.variable == target.target.variable:
                    pairs = [pair for pair in pairs if not exclusion.excludes(pair[0])]
        ask = target.ask
        if ask is not None and len(pairs) > 1 and not transaction.naive:
            bit = link.bit
            pairs = [pair for pair in pairs if len(pair[1]) > REMEMBERED_VALUE or ask(pair[1]) & bit]
        if _look(transaction, link, operator, target.label, target.is_collection, pairs):
            matched = True
    return matched


def _exclusions(transaction: Transaction, link: CompiledLink) -> tuple[Exclusion, ...] | None:
    """``ctl:ruleRemoveTarget…`` is about the first link of a chain, as ``SecRuleUpdateTarget…`` is."""
    rule = transaction.rule
    return transaction.exclusions.get(transaction.position) if rule is not None and rule.links[0] is link else None


def _look(
    transaction: Transaction,
    link: CompiledLink,
    operator: Operator,
    label: bytes,
    is_collection: bool,  # noqa: FBT001 - on the hot path
    pairs: Pairs,
) -> bool:
    matched = False
    negated = link.negated
    chain = link.chain
    if link.multi_match:
        pairs = [(name, text) for name, value in pairs for text in _every_stage(link, value)]
        chain = ()
    for name, value in pairs:
        text = _transformed(transaction, link, value) if chain else value
        captures = operator(text)
        if (captures is None) is negated:
            matched = True
            transaction.matched_var = text
            transaction.matched_var_name = full = b"%b:%b" % (label, name) if is_collection and name else label
            transaction.matched_vars.append((full, text))
            if link.acts:
                _act(transaction, link, captures)
    return matched


def _transformed(transaction: Transaction, link: CompiledLink, value: bytes) -> bytes:
    chain = link.chain
    if len(chain) <= 2 and len(value) <= 64:
        for transformation in chain:
            value = transformation(value)
        return value
    cache = transaction.transformed
    key = (link.chain_id, value)
    text = cache.get(key)
    if text is None:
        text = value
        for transformation in chain:
            text = transformation(text)
        cache[key] = text
    return text


def _every_stage(link: CompiledLink, value: bytes) -> list[bytes]:
    """``multiMatch``: the value before, between and after the transformations, each text once as it changes."""
    texts = [value]
    for transformation in link.chain:
        changed = transformation(texts[-1])
        if changed != texts[-1]:
            texts.append(changed)
    return texts


def _act(transaction: Transaction, link: CompiledLink, captures: Captures | None) -> None:
    """Do what a link does for each value that matches."""
    if link.locate is not None:
        transaction.geo = dict(link.locate(transaction.matched_var))
    if link.capture and captures:
        tx = transaction.tx
        readers = transaction.program.readers
        for number, captured in zip(CAPTURES, captures, strict=False):
            tx[number] = captured
            if number in readers:
                transaction.touched |= readers[number]
    for beginning in link.beginnings:
        beginning.apply(transaction)
    if link.setvars:
        _set_variables(transaction, link)


def _set_variables(transaction: Transaction, link: CompiledLink) -> None:
    for setvar in link.setvars:
        name = setvar.known_name or setvar.name(transaction).lower()
        if setvar.collection == "TX":
            _set_tx(transaction, setvar, name)
        else:
            transaction.persistent.change(setvar.collection, _persistent_change(transaction, setvar, name))


def _set_tx(transaction: Transaction, setvar: CompiledSetVar, name: bytes) -> None:
    tx = transaction.tx
    operation = setvar.operation
    if operation == "set":
        tx[name] = setvar.value(transaction)
    elif operation == "unset":
        transaction.tx_removed = True
        tx.pop(name, None)
    else:
        amount = setvar.known_amount
        if amount is None:
            amount = to_number(setvar.value(transaction))
            if operation == "subtract":
                amount = -amount
        before = tx.get(name)
        tx[name] = b"%d" % (amount if before is None else to_number(before) + amount)
    transaction.touched |= transaction.program.rules_that_read(name)


def _persistent_change(transaction: Transaction, setvar: CompiledSetVar, name: bytes) -> Change:
    if setvar.operation == "unset":
        return Change("unset", name)
    value = setvar.value(transaction)
    if setvar.operation == "set":
        return Change("set", name, value, now=transaction.head.received)
    amount = to_number(value)
    return Change("add", name, amount=amount if setvar.operation == "add" else -amount, now=transaction.head.received)


def _conclude(transaction: Transaction, rule: CompiledRule) -> None:
    """The whole chain has matched: controls, actions, log, disruption."""
    for link in rule.links:
        for control in link.controls:
            control.apply(transaction)
        for action in link.actions:
            action.apply(transaction)
    if rule.severity is not None and rule.severity < transaction.highest_severity:
        transaction.highest_severity = rule.severity
    if rule.skip_to:
        transaction.skip_to = rule.skip_to
    disruption = rule.disruption
    disruptive = disruption in ("deny", "drop", "redirect") and rule.phase != LOGGING
    if rule.log or (disruptive and transaction.mode == "on"):
        match = _describe(transaction, rule, disruptive=disruptive)
        if rule.log:
            transaction.matches.append(match)
        if disruptive and transaction.mode == "on" and transaction.intervention is None:
            url = rule.disruption_argument(transaction) if disruption == "redirect" else b""
            transaction.intervention = Intervention(disruption, rule.status, url, match)  # type: ignore[arg-type]
    if disruption == "allow" and transaction.mode == "on":
        scope = rule.disruption_argument(transaction)
        transaction.allowed_until = {b"phase": rule.phase, b"request": max(2, rule.phase)}.get(scope, 4)


def _describe(transaction: Transaction, rule: CompiledRule, *, disruptive: bool) -> RuleMatch:
    place = rule.links[0].place
    return RuleMatch(
        id=rule.id,
        phase=rule.phase,
        msg="" if rule.msg is None else _readable(rule.msg(transaction)),
        data="" if rule.logdata is None else _readable(rule.logdata(transaction)),
        var=_readable(transaction.matched_var_name),
        value=transaction.matched_var,
        severity=rule.severity,
        tags=rule.fixed_tags or tuple(_readable(tag(transaction)) for tag in rule.tags),
        ver=rule.ver,
        rev=rule.rev,
        maturity=rule.maturity,
        accuracy=rule.accuracy,
        file=place.file,
        line=place.line,
        disruptive=disruptive,
        audit=rule.audit_log,
    )


def _readable(text: bytes) -> str:
    return text.decode("utf-8", "backslashreplace")
