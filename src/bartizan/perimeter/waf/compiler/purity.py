"""Which rules depend on nothing but a few parts of the request, so that what they did can be remembered.

Many rules look at the same few header values in every request, capture something, compare it with a constant, and do
not match. Such a rule is run once for each content of what it depends on, its *inputs*; after that its effect is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bartizan.perimeter.waf.compiler.controls import BEGINNINGS
from bartizan.perimeter.waf.compiler.fold import Folding
from bartizan.perimeter.waf.compiler.lower import Lowered
from bartizan.perimeter.waf.compiler.reads import CAPTURED, Access, concerns, looks_up_geo, overlaps, rule_writes
from bartizan.perimeter.waf.engine.program import CompiledLink, CompiledRule
from bartizan.perimeter.waf.engine.variables import DYNAMIC, READERS, Reader
from bartizan.perimeter.waf.operators.pcre import translate
from bartizan.perimeter.waf.seclang.model import Link, Rule
from bartizan.perimeter.waf.seclang.template import Macro, Template

__all__ = ["with_inputs"]

OWN = frozenset(("MATCHED_VAR", "MATCHED_VARS", "MATCHED_VARS_NAMES", "MATCHED_VAR_NAME"))
FIXED = (b"id", b"rev", b"severity")
"""Members of RULE that are the same in every exchange."""
CAPTURING = frozenset(("pm", "pmf", "pmfromfile"))
"""Operators that capture what they found, and nothing else."""
LARGE = frozenset(("REQUEST_BODY", "RESPONSE_BODY", "FULL_REQUEST", "FILES_TMP_CONTENT", "XML"))
"""Variables that are rarely the same twice."""


def with_inputs(lowered: Lowered, folding: Folding, compiled_rules: Sequence[CompiledRule]) -> tuple[CompiledRule, ...]:
    """Return the rules, those with ``inputs`` that can be remembered by them."""
    rules = lowered.order.rules
    live = [position for position in range(len(rules)) if not folding.folded >> position & 1]
    writes = {position: rule_writes(rules[position]) for position in live}
    gated = {link.position for link in folding.gated}
    found = []
    for compiled in compiled_rules:
        position = compiled.position
        if position in gated:
            others = [access for at, access in writes.items() if at != position]
            found.append(_Dependence(rules[position], compiled, others).result())
        else:
            found.append(compiled)
    return tuple(found)


class _Dependence:
    """What a rule depends on. ``others`` is what other rules may write to TX."""

    def __init__(self, rule: Rule, compiled: CompiledRule, others: Sequence[Access]) -> None:
        self._rule = rule
        self._compiled = compiled
        self._others = others
        self._own: set[bytes] = set()
        """Captures that are this rule's own if it comes to look at them."""
        self._inputs: list[Reader] = []

    def result(self) -> CompiledRule:
        """Return the rule with its inputs, if they are known.

        What the last link sets counts only if the whole rule matches: then it must be told too, for a match to be
        ``repeatable``.
        """
        *before, last = zip(self._rule.links, self._compiled.links, strict=True)
        for index, (link, compiled) in enumerate(before):
            if not (self._asks(index, link, compiled) and self._sets(link)):
                return self._compiled
        if not self._asks(len(before), *last):
            return self._compiled
        repeatable = self._compiled.quiet and self._sets(last[0])
        if not before and not repeatable:
            return self._compiled  # the gate remembers already for which values it does not match
        return replace(self._compiled, inputs=tuple(self._inputs), repeatable=repeatable)

    def _asks(self, index: int, link: Link, compiled: CompiledLink) -> bool:
        if looks_up_geo(link):
            return False
        for target, compiled_target in zip(link.targets, compiled.targets, strict=True):
            variable = target.variable
            if variable in OWN and index > 0:
                continue
            if variable == "TX":
                if target.selector is None or not self._is_own(target.selector.kind, target.selector.text):
                    return False
            elif variable in DYNAMIC or variable in LARGE:
                return False
            else:
                self._inputs.append(compiled_target.fetch)
        self._own |= _captured(link)
        return link.operation is None or self._knows(link.operation.argument)

    def _sets(self, link: Link) -> bool:
        for setvar in link.setvars:
            if setvar.operation in ("add", "subtract") or setvar.collection != "TX":
                return False
            if not (self._knows(setvar.name) and self._knows(setvar.value)):
                return False
        return not any(action.name in BEGINNINGS for action in link.actions)

    def _is_own(self, kind: str, text: bytes) -> bool:
        if kind == "regex":
            return not any(overlaps(access, text) for access in self._others)
        if text in CAPTURED:
            return text in self._own
        return self._is_stable(text)

    def _is_stable(self, name: bytes) -> bool:
        return not any(concerns(access, name) for access in self._others)

    def _knows(self, template: Template) -> bool:
        return all(self._knows_macro(macro) for macro in template.macros)

    def _knows_macro(self, macro: Macro) -> bool:
        key = macro.key
        if macro.variable == "TX" and key is not None:
            return key in self._own if key in CAPTURED else self._is_stable(key)
        if macro.variable in OWN or (macro.variable == "RULE" and key in FIXED):
            return True
        if macro.variable in DYNAMIC or macro.variable in LARGE or macro.variable not in READERS:
            return False
        self._inputs.append(READERS[macro.variable])
        return True


def _captured(link: Link) -> set[bytes]:
    """Return the captures that a link certainly sets when it matches: as many as its pattern has groups."""
    operation = link.operation
    if not link.capture or operation is None or operation.negated:
        return set()
    if operation.name in CAPTURING:
        return {b"0"}
    argument = operation.argument.literal
    if operation.name != "rx" or argument is None:
        return set()
    return {b"%d" % number for number in range(min(10, len(translate(argument).groups) + 1))}
