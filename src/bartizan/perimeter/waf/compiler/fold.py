"""Folding: what is the same in every transaction is worked out once.

A rule set such as the OWASP Core Rule Set begins by setting variables to what the configuration says, and asks for them
again and again: before each paranoia level, whether to skip it. Rules that depend on nothing but such variables are run
here, once:

- a rule whose result and effect are known never runs (*folded*); what it sets is set from the beginning (*hoisted*);
- rules that a known ``skipAfter`` passes over are *dead*;
- a rule that reads TX and would do nothing as long as what it reads and sets was not changed runs only if it was
  (*readers*);
- a rule that first looks at the request runs only if the gate says that it may match (*gated*);
- everything else runs always.

Sound because a hoisted variable has no reader and no other writer before the rule that sets it, in any transaction, and
because a ``ctl`` that removes a rule whose effect others rely on (*relied*) makes the transaction fall back to running
every rule; so does, in phase 5, what ended a transaction before all rules were reached.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bartizan.perimeter.waf.compiler.lower import Lowered
from bartizan.perimeter.waf.compiler.reads import (
    CAPTURED,
    Access,
    Member,
    concerns,
    condition,
    expanded,
    link_reads,
    looks_up_geo,
    meets,
    persistent_reads,
    persistent_writes,
    reads_only_tx,
    rule_reads,
    rule_writes,
)
from bartizan.perimeter.waf.engine import Program, RequestHead, Transaction
from bartizan.perimeter.waf.engine.evaluate import run_link
from bartizan.perimeter.waf.engine.program import Hoisted
from bartizan.perimeter.waf.engine.variables import DYNAMIC
from bartizan.perimeter.waf.operators.regex import compile_rx
from bartizan.perimeter.waf.seclang.model import Link, Rule
from bartizan.perimeter.waf.seclang.names import PERSISTENT, is_collection

PATTERN_OPERATORS = frozenset(("contains", "detectsqli", "detectxss", "pm", "pmf", "pmfromfile", "rx", "streq"))

__all__ = ["Folding", "GatedLink", "fold"]


@dataclass(frozen=True, slots=True)
class GatedLink:
    """The link of a rule that decides whether the rule may match; ``argument`` is its operator's, macros known."""

    position: int
    index: int
    argument: bytes


@dataclass(slots=True)
class Folding:
    """What was worked out. Sets of rules are integers with the bit of each position."""

    initial: dict[bytes, bytes] = field(default_factory=dict)
    hoisted: list[Hoisted] = field(default_factory=list)
    folded: int = 0
    relied: int = 0
    foreseen: int = 0
    """Of them, those on whose effect rules of other phases may rely, too: what they set, not what they skip."""
    always: int = 0
    gated: list[GatedLink] = field(default_factory=list)
    readers: dict[bytes, int] = field(default_factory=dict)
    pattern_readers: list[tuple[Callable[[bytes], bool], int]] = field(default_factory=list)
    loads_collections: bool = False
    """Whether any rule that runs reads a persistent collection that is ever written."""


def fold(lowered: Lowered) -> Folding:
    """Work out what never varies. Changes nothing."""
    stay: set[bytes] = set()
    while True:
        analysis = _Analysis(lowered, stay)
        analysis.run()
        misplaced = analysis.misplaced()
        if not misplaced:
            return analysis.conclude()
        stay |= misplaced


class _Analysis:
    """One pass over all rules, with what is known of TX at each. ``stay`` names variables that cannot be hoisted."""

    def __init__(self, lowered: Lowered, stay: set[bytes]) -> None:
        self._program = lowered.program
        self._rules = lowered.order.rules
        self._landings = lowered.order.landings
        self._stay = stay
        self._known: dict[bytes, bytes] = {}
        self._unknown = Access()
        self._hoisted: list[Hoisted] = []
        self._folded = 0
        self._dead = 0
        self._relied = 0
        self._foreseen = 0
        self._certain = 0
        self._matching = 0
        self._left: list[int] = []
        self._arguments: dict[tuple[int, int], bytes] = {}
        self._maybe_landings: list[int] = []
        """Where skips lead that may or may not be taken."""
        self._always_maybe = False
        self._written: set[Member] = set()
        self._touched: dict[int, Access] = {}

    # the pass

    def run(self) -> None:
        for first, end in self._program.phases[1:]:
            dead_until = 0
            self._maybe_landings.clear()
            for position in range(first, end):
                if position < dead_until:
                    self._dead |= 1 << position
                    continue
                if self._rule(position):
                    dead_until = self._passed_over(position)
                    if dead_until > position:
                        self._relied |= 1 << position

    def _rule(self, position: int) -> bool:
        """Look at one rule; tells whether it certainly matches, so that its skip is certain."""
        rule = self._rules[position]
        compiled = self._program.rules[position]
        certain = not self._always_maybe and all(landing <= position for landing in self._maybe_landings)
        self._certain |= int(certain) << position
        outcome = self._constant_outcome(position, rule)
        if outcome is None and self._never_matches(position, rule):
            self._dead |= 1 << position
            return False
        if outcome[0] if outcome is not None else self._matches_always(position, rule):
            self._matching |= 1 << position
        if outcome is None:
            self._note_arguments(position, rule)
            self._vary(position, rule)
            return False
        matched, after, ran = outcome
        changes = {name: value for name, value in after.items() if self._known.get(name) != value}
        removed = [name for name in self._known if name not in after]
        writes = rule_writes(replace(rule, links=ran))
        overwrites = not self._is_known(writes)  # with what may be there already, or something else
        if not matched and not changes and not removed and not overwrites:
            self._dead |= 1 << position
            return False
        if not certain or overwrites:
            self._vary(position, rule)
            return matched
        if changes or removed:
            self._foreseen |= 1 << position
        if removed or (matched and not compiled.quiet) or changes.keys() & self._stay:
            self._left.append(position)
            self._known = after
            if rule.disruption == "allow":
                self._always_maybe = True
            return matched
        for name, value in changes.items():
            self._hoisted.append(Hoisted(position, name, self._known.get(name), value))
        self._known = after
        self._folded |= 1 << position
        return matched

    def _passed_over(self, position: int) -> int:
        """Return up to where no rule runs behind one that matches and skips.

        The rule itself may have been passed over by an earlier skip: then what it passes over was, too, as far as that
        one leads.
        """
        landing = self._landings.get(position, 0)
        return min([landing, *(other for other in self._maybe_landings[:-1] if other > position)])

    def _constant_outcome(self, position: int, rule: Rule) -> tuple[bool, dict[bytes, bytes], tuple[Link, ...]] | None:
        """Run a rule that depends on known TX variables alone: whether it matches, TX after it, links that matched."""
        transaction = _scratch(self._program, self._known)
        for index, (link, compiled) in enumerate(zip(rule.links, self._program.rules[position].links, strict=True)):
            if not reads_only_tx(link) or link.capture or compiled.beginnings or not self._is_known(link_reads(link)):
                return None
            if any(setvar.collection != "TX" or setvar.name.literal is None for setvar in link.setvars):
                return None
            if not run_link(transaction, compiled):
                return False, transaction.tx, rule.links[:index]
        return True, transaction.tx, rule.links

    def _never_matches(self, position: int, rule: Rule) -> bool:
        """Tell whether a later link is known not to match, and those before it have no effect of their own."""
        for link, compiled in zip(rule.links, self._program.rules[position].links, strict=True):
            asks = condition(link)
            known = reads_only_tx(asks) and bool(link.targets) and self._is_known(link_reads(asks))
            if known and not run_link(_scratch(self._program, self._known), compiled):
                return True
            if link.setvars or link.capture or compiled.beginnings or looks_up_geo(link):
                return False
        return False

    def _matches_always(self, position: int, rule: Rule) -> bool:
        """Tell whether a rule of one link is known to match, whatever is not known of what it sets."""
        (link, *more), compiled = rule.links, self._program.rules[position].links[0]
        if more or link.operation is None:
            return not more
        asks = condition(link)
        known = reads_only_tx(asks) and self._is_known(link_reads(asks))
        return known and run_link(_scratch(self._program, self._known), compiled)

    def _is_known(self, reads: Access) -> bool:
        unknown = self._unknown
        if reads.everything or reads.patterns or reads.prefixes:
            return False
        if unknown.everything or reads.names & unknown.names:
            return False
        return not any(name.startswith(prefix) for name in reads.names for prefix in unknown.prefixes)

    def _vary(self, position: int, rule: Rule) -> None:
        """A rule that may or may not match: what it writes is unknown from here on, and so is what it skips."""
        self._left.append(position)
        writes = rule_writes(rule)
        self._unknown.add(writes)
        if position in self._landings:
            self._maybe_landings.append(self._landings[position])
        if rule.disruption == "allow":
            self._always_maybe = True

    def _note_arguments(self, position: int, rule: Rule) -> None:
        """Remember the arguments of operators whose macros are known here."""
        for index, link in enumerate(rule.links):
            if link.operation is None:
                continue
            argument = expanded(link.operation.argument, self._value)
            if argument is not None:
                self._arguments[position, index] = argument

    def _value(self, name: bytes) -> bytes | None:
        return self._known.get(name, b"") if self._is_known(Access({name})) else None

    # what follows from it

    def misplaced(self) -> set[bytes]:
        """Return hoisted variables that a rule which runs reads or writes before they would be set."""
        last = {hoisted.name: hoisted.position for hoisted in self._hoisted}
        wrong: set[bytes] = set()
        for position in self._left:
            rule = self._rules[position]
            touched = rule_reads(rule)
            touched.add(rule_writes(rule))
            for name, at in last.items():
                if at > position and concerns(touched, name):
                    wrong.add(name)
        return wrong

    def conclude(self) -> Folding:
        folding = Folding(hoisted=self._hoisted, folded=self._folded | self._dead, foreseen=self._foreseen)
        for hoisted in self._hoisted:
            folding.initial[hoisted.name] = hoisted.value
        patterns: dict[bytes, int] = {}
        self._written = {member for at in self._left for member in persistent_writes(self._rules[at])}
        folding.loads_collections = any(
            meets(member, self._written) for at in self._left for member in persistent_reads(self._rules[at])
        )
        for position in self._left:
            self._touched[position] = rule_reads(self._rules[position])
            self._touched[position].add(rule_writes(self._rules[position]))
        for position in self._left:
            self._classify(position, folding, patterns)
        folding.relied = self._relied | folding.foreseen
        folding.hoisted.sort(key=lambda hoisted: hoisted.position)
        folding.pattern_readers = [(compile_rx(text, ignore_case=True).test, mask) for text, mask in patterns.items()]
        for reads, mask in folding.pattern_readers:
            for name in CAPTURED:  # captures are looked up by name only
                if reads(name):
                    folding.readers[name] = folding.readers.get(name, 0) | mask
        return folding

    def _never_written(self, link: Link) -> bool:
        """Tell whether a link looks at persistent members that no rule which runs ever writes: there are none."""
        only_asks = Rule(0, 1, (condition(link),))
        return (
            bool(link.targets)
            and all(target.variable in PERSISTENT for target in link.targets)
            and reads_only_tx(replace(link, targets=()))
            and not any(meets(member, self._written) for member in persistent_reads(only_asks))
        )

    def _hoist_baseline(
        self, position: int, rule: Rule, before: dict[bytes, bytes], after: dict[bytes, bytes], folding: Folding
    ) -> bool:
        """Set from the beginning what a rule would set in every transaction that changes nothing it reads.

        Only where it is certain that the rule runs and matches, nothing looks at it before, the rule itself included,
        and the rule would do the same again.
        """
        names = [name for name in after if before.get(name) != after[name]]
        if not self._certain & self._matching & 1 << position or len(rule.links) != 1:
            return False
        if any(name not in after for name in before):
            return False
        if any(target.variable != "TX" or target.selector is None for target in rule.links[0].targets):
            return False
        if any(target.selector is not None and target.selector.text in names for target in rule.links[0].targets):
            return False
        for other in self._left:
            if other < position and any(concerns(self._touched[other], name) for name in names):
                return False
        again = _scratch(self._program, after)
        run_link(again, self._program.rules[position].links[0])
        if again.tx != after:
            return False
        for name in names:
            folding.initial[name] = after[name]
            folding.hoisted.append(Hoisted(position, name, before.get(name), after[name]))
        folding.foreseen |= 1 << position
        return True

    def _classify(self, position: int, folding: Folding, patterns: dict[bytes, int]) -> None:
        """Find out when a rule has to run, by what its links do as long as nothing was changed."""
        rule = self._rules[position]
        compiled = self._program.rules[position]
        bit = 1 << position
        reads = Access()
        transaction = _scratch(self._program, folding.initial)
        for index, (link, compiled_link) in enumerate(zip(rule.links, compiled.links, strict=True)):
            if reads_only_tx(link) or self._never_written(link):
                before = dict(transaction.tx)
                matched = run_link(transaction, compiled_link)
                reads.add(link_reads(link if matched else condition(link)))
                if matched:  # what it sets has to be set again if something else was set there
                    reads.add(rule_writes(replace(rule, links=(link,))))
                lasting = compiled_link.beginnings or any(setvar.collection != "TX" for setvar in link.setvars)
                if matched and (link.capture or lasting):
                    folding.always |= bit
                    return
                if transaction.tx != before and not self._hoist_baseline(
                    position, rule, before, transaction.tx, folding
                ):
                    folding.always |= bit
                    return
                if not matched:
                    break
                continue
            gated = self._best_gate(position, index)
            if gated is None:
                folding.always |= bit
                return
            folding.gated.append(gated)
            break
        else:
            skipped = range(position + 1, self._landings.get(position, 0))
            if not compiled.quiet or any(other in skipped for other in self._left):
                folding.always |= bit
                return
        if reads.everything or reads.prefixes:
            folding.always |= bit
            return
        for name in reads.names:
            folding.readers[name] = folding.readers.get(name, 0) | bit
        for pattern in reads.patterns:
            patterns[pattern] = patterns.get(pattern, 0) | bit

    def _best_gate(self, position: int, start: int) -> GatedLink | None:
        """Return the link that rules out most, among those before which nothing has an effect."""
        best: GatedLink | None = None
        links = self._rules[position].links
        for index in range(start, len(links)):
            link = links[index]
            argument = self._arguments.get((position, index))
            if argument is None or not _can_gate(link):
                break
            if best is None or _rules_out_most(link):
                best = GatedLink(position, index, argument)
            captures = link.capture and link.operation is not None and not link.operation.negated
            if _rules_out_most(link) or link.setvars or captures or link.actions or looks_up_geo(link):
                break
        return best


def _rules_out_most(link: Link) -> bool:
    """Tell whether a link looks for a pattern in something that has many values, or is long."""
    operation = link.operation
    if operation is None or operation.negated or operation.name not in PATTERN_OPERATORS:
        return False
    return any(is_collection(target.variable) or target.variable == "RESPONSE_BODY" for target in link.targets)


def _scratch(program: Program, tx: dict[bytes, bytes]) -> Transaction:
    transaction = Transaction(program, RequestHead(b"", b"", b"", ()), "on")
    transaction.tx = dict(tx)
    return transaction


def _can_gate(link: Link) -> bool:
    return not (link.namespaces or any(target.variable in DYNAMIC for target in link.targets))
