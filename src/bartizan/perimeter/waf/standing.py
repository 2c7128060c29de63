"""Where a rule stands in a configuration: whether it runs at all, when, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import hyperscan

from bartizan.perimeter.waf.compiler.atoms import Pattern, patterns_of
from bartizan.perimeter.waf.compiler.databases import FLAGS
from bartizan.perimeter.waf.compiler.fold import GatedLink, fold
from bartizan.perimeter.waf.compiler.lower import Lowered
from bartizan.perimeter.waf.compiler.reads import Access, concerns, rule_writes
from bartizan.perimeter.waf.engine import RequestHead, Transaction
from bartizan.perimeter.waf.engine.evaluate import run_link
from bartizan.perimeter.waf.engine.variables import DYNAMIC
from bartizan.perimeter.waf.seclang import Link, Rule
from bartizan.perimeter.waf.seclang.template import Macro, Template

__all__ = ["Analysis", "Standing"]

MANY = 16  # patterns of one rule that are not tried one by one


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a rule stands. ``because`` and ``cost`` are sentences.

    ``kind``: its effect is known (``folded``), it can never match (``dead``), it runs if a scan or an operator says
    that it may match (``gated``), if a rule before it changes what it reads (``on change``), or always.
    """

    kind: Literal["folded", "dead", "gated", "on change", "always"]
    because: str
    cost: str


class Analysis:
    """What the compiler works out about a lowered rule set."""

    def __init__(self, lowered: Lowered) -> None:
        self._lowered = lowered
        self._program = lowered.program
        self._rules = lowered.order.rules
        self._folding = fold(lowered)
        self._gated = {gated.position: gated for gated in self._folding.gated}
        self._writes = Access()
        """What rules that run may write to TX."""
        for position, rule in enumerate(self._rules):
            if not self._folding.folded >> position & 1:
                self._writes.add(rule_writes(rule))

    def position(self, rule: int) -> int | None:
        """Return the position of a rule by its id."""
        return self._program.by_id.get(rule)

    def runs(self, rule: int) -> bool:
        """Tell whether a rule ever runs, by its id."""
        position = self._program.by_id.get(rule)
        return position is not None and not self._folding.folded >> position & 1

    def expanded(self, template: Template) -> str:
        """Return a text with the TX variables in it that are the same for every exchange."""
        text = ""
        for part in template.parts:
            if isinstance(part, bytes):
                text += part.decode("latin-1")
            else:
                known = self._constant(part)
                text += str(part) if known is None else known.decode("latin-1")
        return text

    def _constant(self, macro: Macro) -> bytes | None:
        if macro.variable != "TX" or macro.key is None or concerns(self._writes, macro.key):
            return None
        return self._folding.initial.get(macro.key)

    def standing(self, position: int) -> Standing:
        """Return where the rule at a position stands."""
        folding, bit = self._folding, 1 << position
        if folding.folded & bit:
            return self._never(position)
        if folding.always & bit:
            cost = "it runs for each exchange that comes to its phase: what it looks at is read and compared there"
            return Standing("always", self._why_always(self._rules[position]), cost)
        gated = self._gated.get(position)
        if gated is not None:
            return self._if_gated(position, gated)
        names = sorted(name.decode("latin-1") for name, readers in folding.readers.items() if readers & bit)
        which = f"tx.{', tx.'.join(names)}" if names else "TX variables"
        return Standing("on change", f"it runs only if a rule before it changes {which}", "nothing otherwise")

    def _never(self, position: int) -> Standing:
        hoisted = [each for each in self._folding.hoisted if each.position == position]
        if hoisted:
            sets = ", ".join(f"tx.{each.name.decode('latin-1')} = {each.value.decode('latin-1')}" for each in hoisted)
            because = f"what it does is the same for every exchange, and done beforehand: {sets}"
            return Standing("folded", because, "nothing: it never runs")
        skipping = self._skipping(position)
        if skipping is not None:
            because = f"rule {skipping.id} ({skipping.place}) skips it in this configuration"
            return Standing("dead", because, "nothing: it never runs")
        if self._matches(position):
            because = "it always matches, and where it goes on is known beforehand"
            return Standing("folded", because, "nothing: it never runs")
        return Standing("dead", "what it asks for is known beforehand, and is not so", "nothing: it never runs")

    def _skipping(self, position: int) -> Rule | None:
        """Return the rule that certainly skips another one."""
        phase = self._rules[position].phase
        first, _ = self._program.phases[phase]
        for before in range(first, position):
            leads = self._program.rules[before].skip_to
            if leads > position and self._folding.folded >> before & 1 and self._matches(before):
                return self._rules[before]
        return None

    def _matches(self, position: int) -> bool:
        """Tell whether a rule that depends on nothing but TX variables matches in a fresh transaction."""
        if any(target.variable != "TX" for link in self._rules[position].links for target in link.targets):
            return False
        transaction = Transaction(self._program, RequestHead(b"", b"", b"", ()), "on")
        transaction.tx = dict(self._folding.initial)
        return all(run_link(transaction, link) for link in self._program.rules[position].links)

    def _why_always(self, rule: Rule) -> str:
        for link in rule.links:
            if link.operation is None:
                return "it is an action without a condition, and what it does depends on the exchange"
            moving = next((target for target in link.targets if target.variable in DYNAMIC - {"TX"}), None)
            if moving is not None:
                return f"it looks at {moving}, which may change while rules run"
            unknown = next((macro for macro in link.operation.argument.macros if self._constant(macro) is None), None)
            if unknown is not None:
                return f"its operator compares with {unknown}, which is not known beforehand"
        return "what it does to TX variables cannot be known beforehand"

    def _if_gated(self, position: int, gated: GatedLink) -> Standing:
        link = self._rules[position].links[gated.index]
        ordinal = "" if gated.index == 0 else f", by what its link {gated.index + 1} asks"
        because = f"it runs only if it may match{ordinal}"
        why_not, patterns = self._scanned(link, gated.argument)
        if why_not:
            cost = f"its operator is called once for each distinct value that it looks at: {why_not}"
            return Standing("gated", because, cost)
        cost = (
            f"a share of a scan: Hyperscan looks for {_number(patterns)} together with those of other rules, once for "
        )
        cost += "each distinct text; where it fires, RE2 or the operator itself decides"
        if len(patterns) <= MANY and not all(_takes(pattern, 0) for pattern in patterns):
            if not all(_takes(pattern, hyperscan.HS_FLAG_PREFILTER) for pattern in patterns):
                cost = "its operator is called for each distinct value: Hyperscan cannot take its pattern even roughly"
            else:
                cost += (
                    ". It takes the pattern only roughly (prefilter), so it fires where the rule does not match, too"
                )
        return Standing("gated", because, cost)

    def _scanned(self, link: Link, argument: bytes) -> tuple[str, tuple[Pattern, ...]]:
        """Return the patterns of a link; without any, first why there are none."""
        operation = link.operation
        if operation is None:
            return "it has no operator", ()
        if operation.negated:
            return "it asks for what does not match, which no scan finds", ()
        patterns = patterns_of(operation.name, argument, self._lowered.context(link.place.file))
        if not patterns:
            return f"what @{operation.name} asks for is no pattern that a scan could find", ()
        if all(target.count for target in link.targets):
            return "it asks for a number of values", ()
        return "", patterns


def _number(patterns: tuple[Pattern, ...]) -> str:
    return "its pattern" if len(patterns) == 1 else f"its {len(patterns)} patterns"


def _takes(pattern: Pattern, flags: int) -> bool:
    flags |= FLAGS | (hyperscan.HS_FLAG_CASELESS if pattern.caseless else 0)
    flags |= hyperscan.HS_FLAG_ALLOWEMPTY if pattern.allow_empty else 0
    try:
        hyperscan.Database().compile(expressions=[pattern.expression], ids=[0], flags=[flags])
    except hyperscan.HyperscanError:
        return False
    return True
