"""Which rules depend on nothing but a few parts of the request, so that what they did can be remembered.

Many rules look at the same few header values in every request, capture something, compare it with a constant, and do not
match. Such a rule is run once for each content of what it depends on, its *inputs*; after that its effect is known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bartizan.perimeter.waf.compiler.fold import Folding, concerns, overlaps
from bartizan.perimeter.waf.compiler.lower import Lowered
from bartizan.perimeter.waf.compiler.reads import CAPTURED, Access, rule_writes
from bartizan.perimeter.waf.engine.program import CompiledRule
from bartizan.perimeter.waf.engine.variables import DYNAMIC, READERS, Reader
from bartizan.perimeter.waf.seclang.model import Link, Rule
from bartizan.perimeter.waf.seclang.template import Macro, Template

__all__ = ["with_inputs"]

OWN = frozenset(("MATCHED_VAR", "MATCHED_VARS", "MATCHED_VARS_NAMES", "MATCHED_VAR_NAME"))
LARGE = frozenset(("REQUEST_BODY", "RESPONSE_BODY", "FULL_REQUEST", "FILES_TMP_CONTENT", "XML"))
"""Variables that are rarely the same twice."""


def with_inputs(lowered: Lowered, folding: Folding) -> tuple[CompiledRule, ...]:
    """Return the rules, those with ``inputs`` that can be remembered by them."""
    rules = lowered.order.rules
    live = [position for position in range(len(rules)) if not folding.folded >> position & 1]
    writes = {position: rule_writes(rules[position]) for position in live}
    gated = {link.position for link in folding.gated}
    return tuple(
        replace(compiled, inputs=_inputs(rules[position], compiled, position, writes))
        if (position := compiled.position) in gated
        else compiled
        for compiled in lowered.program.rules
    )


def _inputs(rule: Rule, compiled: CompiledRule, position: int, writes: dict[int, Access]) -> tuple[Reader, ...] | None:
    others = [access for at, access in writes.items() if at != position]

    def is_stable(name: bytes) -> bool:
        return not any(concerns(access, name) for access in others)

    found: list[Reader] = []
    own = Access()
    for index, (link, compiled_link) in enumerate(zip(rule.links, compiled.links, strict=True)):
        if any(setvar.operation in ("add", "subtract") or setvar.collection != "TX" for setvar in link.setvars):
            return None
        for target, compiled_target in zip(link.targets, compiled_link.targets, strict=True):
            variable = target.variable
            if variable in OWN and index > 0:
                continue
            if variable == "TX":
                if target.selector is None or not _tx_is_own(target.selector.kind, target.selector.text, own, others):
                    return None
            elif variable in DYNAMIC or variable in LARGE:
                return None
            else:
                found.append(compiled_target.fetch)
        own.add(rule_writes(replace(rule, links=(link,))))
        for template in _templates(link):
            for macro in template.macros:
                reader = _macro_input(macro, own, is_stable)
                if reader is None:
                    return None
                found.append(reader)
    return tuple(found)


def _templates(link: Link) -> Sequence[Template]:
    templates = [template for setvar in link.setvars for template in (setvar.name, setvar.value)]
    return templates if link.operation is None else [*templates, link.operation.argument]


def _tx_is_own(kind: str, text: bytes, own: Access, others: Sequence[Access]) -> bool:
    if kind == "regex":
        return not any(overlaps(access, text) for access in others)
    if text in CAPTURED:
        return text in own.names
    return not any(concerns(access, text) for access in others)


def _nothing(_: object) -> tuple[()]:
    return ()


def _macro_input(macro: Macro, own: Access, is_stable: Callable[[bytes], bool]) -> Reader | None:
    """Return what a macro depends on, beside what the rule itself has set; None if it cannot be told."""
    key = macro.key
    if macro.variable == "TX" and key is not None:
        known = key in own.names if key in CAPTURED else is_stable(key)
        return _nothing if known else None
    if macro.variable in OWN or macro.variable == "RULE":
        return _nothing
    if macro.variable in DYNAMIC or macro.variable in LARGE or macro.variable not in READERS:
        return None
    return READERS[macro.variable]
