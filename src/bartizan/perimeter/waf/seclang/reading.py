"""Putting rules together: links to chains, and the directives that change rules afterwards."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

from bartizan.perimeter.waf.seclang.actions import split_actions
from bartizan.perimeter.waf.seclang.chain import make_link, make_rule, updated
from bartizan.perimeter.waf.seclang.draft import Draft, apply_actions
from bartizan.perimeter.waf.seclang.model import Link, Marker, Operation, Place, Rule, Target
from bartizan.perimeter.waf.seclang.selection import Selection
from bartizan.perimeter.waf.seclang.targets import parse_targets
from bartizan.perimeter.waf.seclang.template import parse_pattern, parse_template

__all__ = ["RuleList", "split_operator"]

DEFAULT_PHASE = 2  # of the reference manual: SecDefaultAction is phase:2,log,auditlog,pass until it is set
PATTERNS = frozenset(("rx", "rxglobal"))
TEXTS = PATTERNS | {"beginswith", "contains", "containsword", "endswith", "streq", "strmatch", "within"}
"""Operators whose argument is all that follows the one space behind their name."""
BARE = frozenset(
    (
        "detectsqli",
        "detectxss",
        "geolookup",
        "nomatch",
        "unconditionalmatch",
        "validateurlencoding",
        "validateutf8encoding",
    )
)
"""Operators that need no argument."""

_GOES_ON = re.compile(rb"(?:\A|,)\s*chain\s*(?:,|\Z)", re.IGNORECASE)


def split_operator(text: bytes) -> tuple[str, bytes, bool]:
    """Return operator name (lower case; ``rx`` when none is given), argument, and whether it is negated."""
    rest = text.lstrip(b" \t")
    negated = rest.startswith(b"!")
    if negated:
        rest = rest[1:].lstrip(b" \t")
    if not rest.startswith(b"@"):
        return "rx", rest if negated else text, negated
    name, _, argument = rest[1:].partition(b" ")
    operator = name.decode("latin-1").lower()
    return operator, argument if operator in TEXTS else argument.strip(b" \t"), negated


@dataclass(slots=True)
class _Chain:
    place: Place
    drafts: list[Draft] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    broken: bool = False
    """One of its rules could not be read: the others are read for their own mistakes only."""


class RuleList:
    """The rules read so far. Methods raise ``ValueError`` with what is wrong with a directive's arguments."""

    def __init__(self, operators: Collection[str], transformations: Collection[str]) -> None:
        self.entries: list[Rule | Marker] = []
        self._operators = operators
        self._transformations = transformations
        self._ids: dict[int, Place] = {}
        self._defaults: dict[int, Draft] = {}
        self._chain: _Chain | None = None

    @property
    def open_chain(self) -> Place | None:
        """Where a chain began that still waits for its next link."""
        return None if self._chain is None else self._chain.place

    def rule(self, place: Place, targets: bytes, operator: bytes, actions: bytes) -> None:
        """``SecRule``."""
        self._add(place, (targets, operator), actions)

    def action(self, place: Place, actions: bytes) -> None:
        """``SecAction``."""
        self._add(place, None, actions)

    def marker(self, place: Place, name: str) -> None:
        """``SecMarker``."""
        if not name:
            raise ValueError("a name was expected")
        self.entries.append(Marker(name, place))

    def default(self, actions: bytes) -> None:
        """``SecDefaultAction``."""
        draft = self._draft(actions)
        if draft.phase is None or draft.disruption is None:
            raise ValueError("SecDefaultAction needs a phase and a disruptive action: phase:2,log,auditlog,pass")
        if draft.disruption == "block":
            raise ValueError("SecDefaultAction cannot be block: block means what SecDefaultAction says")
        if draft.chain or draft.skip or draft.skip_after:
            raise ValueError("SecDefaultAction takes no chain, skip or skipAfter")
        if draft.identifies:
            raise ValueError("SecDefaultAction takes no id, msg, logdata, severity, ver, rev, maturity or accuracy")
        if draft.fresh_transformations:
            raise ValueError("SecDefaultAction takes no t:none: rules inherit nothing else than what it says")
        if draft.phase in self._defaults:
            raise ValueError(f"there is a SecDefaultAction for phase {draft.phase} already: remove one of them")
        self._defaults[draft.phase] = draft

    def change(self, matches: Selection, change: Callable[[Rule], Rule | None]) -> int:
        """Replace the rules that match by what ``change`` makes of them (None removes one); returns how many."""
        entries: list[Rule | Marker] = []
        count = 0
        for entry in self.entries:
            if isinstance(entry, Rule) and matches(entry):
                count += 1
                changed = change(entry)
                if changed is not None:
                    entries.append(changed)
            else:
                entries.append(entry)
        self.entries = entries
        return count

    def update_targets(self, matches: Selection, targets: bytes, replaced: bytes | None) -> int:
        """``SecRuleUpdateTargetBy…``: add targets and exclusions to the first link, or replace a target by them."""
        included, excluded = parse_targets(targets)
        old: tuple[Target, ...] = () if replaced is None else parse_targets(replaced)[0]

        def change(rule: Rule) -> Rule:
            first = rule.links[0]
            if old and not any(target in old for target in first.targets):
                return rule
            kept = tuple(target for target in first.targets if target not in old)
            link = replace(first, targets=kept + included, excluded=first.excluded + excluded)
            return replace(rule, links=(link, *rule.links[1:]))

        return self.change(matches, change)

    def update_actions(self, rule_id: int, offset: int, actions: bytes) -> int:
        """``SecRuleUpdateActionById``; ``offset`` is which rule of a chain, from 0. Returns how many there are."""
        draft = self._draft(actions)
        if not actions.strip():
            raise ValueError("actions were expected")
        if draft.id is not None or draft.chain or draft.phase is not None:
            raise ValueError("SecRuleUpdateActionById cannot change id, phase or chain")
        if offset and draft.disruption is not None:
            raise ValueError("only the first rule of a chain can have a disruptive action")
        return self.change(
            lambda rule: rule.id == rule_id,
            lambda rule: updated(rule, offset, draft, self._defaults.get(rule.phase, Draft())),
        )

    def _draft(self, actions: bytes) -> Draft:
        draft = Draft(transformation_names=self._transformations)
        apply_actions(draft, split_actions(actions))
        return draft

    def _operation(self, text: bytes) -> Operation:
        name, argument, negated = split_operator(text)
        if name not in self._operators:
            raise ValueError(
                f"@{name} is no operator{self._meant(name)}; a pattern that begins with @ needs @rx before"
            )
        if not argument and name not in BARE:
            raise ValueError(f"the operator @{name} needs an argument: @{name} …")
        if name in PATTERNS:
            return Operation(name, parse_pattern(argument), negated)
        return Operation(name, parse_template(argument.replace(b'\\"', b'"')), negated)

    def _meant(self, name: str) -> str:
        close = difflib.get_close_matches(name, self._operators, 1)
        return f": did you mean @{close[0]}?" if close else ""

    def _add(self, place: Place, rule: tuple[bytes, bytes] | None, actions: bytes) -> None:
        """Add a link to the chain that waits for one, or begin a rule; ``rule`` is its targets and operator."""
        chain, self._chain = self._chain, None
        head = chain is None
        chain = chain or _Chain(place)
        try:
            targets, operation = (((), ()), None) if rule is None else self._looks(*rule)
            draft = self._draft(actions)
            if head:
                self._check_head(draft)
            else:
                _check_continuation(draft)
        except ValueError:
            if _GOES_ON.search(actions) is not None:
                chain.broken = True
                self._chain = chain
            raise
        if head and draft.id is not None:
            self._ids[draft.id] = place
        chain.drafts.append(draft)
        phase = chain.drafts[0].phase or DEFAULT_PHASE
        default = self._defaults.get(phase, Draft())
        chain.links.append(make_link(place, targets, operation, draft, default))
        if draft.chain:
            self._chain = chain
        elif not chain.broken:
            self.entries.append(make_rule(chain.drafts, tuple(chain.links), phase, default))

    def _looks(
        self, targets: bytes, operator: bytes
    ) -> tuple[tuple[tuple[Target, ...], tuple[Target, ...]], Operation | None]:
        included, excluded = parse_targets(targets)
        if not included:
            raise ValueError("a rule has to look at something: there are only exclusions")
        return (included, excluded), self._operation(operator)

    def _check_head(self, draft: Draft) -> None:
        if draft.id is None:
            raise ValueError("a rule needs an id: id:NUMBER")
        if draft.id in self._ids:
            raise ValueError(f"the id {draft.id} is taken by the rule at {self._ids[draft.id]}")


def _check_continuation(draft: Draft) -> None:
    if draft.disruption not in (None, "block") or draft.skip or draft.skip_after:
        raise ValueError("only the first rule of a chain can have a disruptive action, skip or skipAfter")
