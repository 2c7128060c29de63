"""Putting rules together: links to chains, defaults to rules, and the directives that change rules afterwards."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from bartizan.perimeter.waf.seclang.actions import split_actions
from bartizan.perimeter.waf.seclang.draft import Draft, DraftError, apply_actions
from bartizan.perimeter.waf.seclang.model import Link, Marker, Operation, Place, Rule, Target
from bartizan.perimeter.waf.seclang.targets import parse_targets
from bartizan.perimeter.waf.seclang.template import Template, parse_template

__all__ = ["RuleList", "split_operator"]


def split_operator(text: bytes) -> tuple[str, bytes, bool]:
    """Return operator name (lower case; ``rx`` when none is given), argument, and whether it is negated."""
    rest = text.lstrip()
    negated = rest.startswith(b"!")
    if negated:
        rest = rest[1:].lstrip()
    if not rest.startswith(b"@"):
        return "rx", rest if negated else text, negated
    name, _, argument = rest[1:].partition(b" ")
    return name.decode("latin-1").lower(), argument.lstrip(), negated


class RuleList:
    """The rules read so far. Methods raise ``ValueError`` with what is wrong with a directive's arguments."""

    def __init__(self, operators: Collection[str], transformations: Collection[str]) -> None:
        self.entries: list[Rule | Marker] = []
        self._operators = operators
        self._transformations = transformations
        self._ids: dict[int, int] = {}
        self._defaults: dict[int, Draft] = {}
        self._chain: tuple[Draft, list[Link]] | None = None

    @property
    def open_chain(self) -> Place | None:
        """Where a chain began that still waits for its next link."""
        return None if self._chain is None else self._chain[1][0].place

    def rule(self, place: Place, targets: bytes, operator: bytes, actions: bytes) -> None:
        """``SecRule``."""
        included, excluded = parse_targets(targets)
        if not included:
            raise ValueError("a rule has to look at something: there are only exclusions")
        name, argument, negated = split_operator(operator)
        if name not in self._operators:
            raise ValueError(f"@{name} is no operator")
        if name not in ("rx", "rxglobal"):
            argument = argument.replace(b'\\"', b'"')
        operation = Operation(name, _argument(name, argument), negated)
        self._add(place, included, excluded, operation, actions)

    def action(self, place: Place, actions: bytes) -> None:
        """``SecAction``."""
        self._add(place, (), (), None, actions)

    def marker(self, place: Place, name: str) -> None:
        """``SecMarker``."""
        self.entries.append(Marker(name, place))

    def default(self, actions: bytes) -> None:
        """``SecDefaultAction``."""
        draft = self._draft(actions)
        if draft.phase is None or draft.disruption is None:
            raise ValueError("SecDefaultAction needs a phase and a disruptive action: phase:2,log,auditlog,pass")
        if draft.disruption == "block":
            raise ValueError("SecDefaultAction cannot be block: block means what SecDefaultAction says")
        if draft.id is not None or draft.chain or draft.skip or draft.skip_after:
            raise ValueError("SecDefaultAction takes no id, chain, skip or skipAfter")
        self._defaults[draft.phase] = draft

    def change(self, matches: Callable[[Rule], bool], change: Callable[[Rule], Rule | None]) -> int:
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

    def update_targets(self, matches: Callable[[Rule], bool], targets: bytes, replaced: bytes | None) -> int:
        """``SecRuleUpdateTargetBy…``: add targets and exclusions to the first link, or replace a target by them."""
        included, excluded = parse_targets(targets)
        old: tuple[Target, ...] = () if replaced is None else parse_targets(replaced)[0]

        def change(rule: Rule) -> Rule:
            first = rule.links[0]
            kept = tuple(target for target in first.targets if target not in old)
            link = replace(first, targets=kept + included, excluded=first.excluded + excluded)
            return replace(rule, links=(link, *rule.links[1:]))

        return self.change(matches, change)

    def update_actions(self, rule_id: int, actions: bytes) -> int:
        """``SecRuleUpdateActionById``: replace what the rule's actions say by what these say."""
        draft = self._draft(actions)
        if draft.id is not None or draft.chain or draft.phase is not None:
            raise ValueError("SecRuleUpdateActionById cannot change id, phase or chain")
        return self.change(lambda rule: rule.id == rule_id, lambda rule: _updated(rule, draft))

    def _draft(self, actions: bytes) -> Draft:
        draft = Draft(transformation_names=self._transformations)
        apply_actions(draft, split_actions(actions))
        return draft

    def _add(
        self,
        place: Place,
        targets: tuple[Target, ...],
        excluded: tuple[Target, ...],
        operation: Operation | None,
        actions: bytes,
    ) -> None:
        draft = self._draft(actions)
        if self._chain is None:
            self._begin(draft)
        else:
            _check_continuation(draft)
        head, links = self._chain or (draft, [])
        phase = head.phase or 2
        links.append(_link(place, targets, excluded, operation, draft, self._defaults.get(phase)))
        if draft.chain:
            self._chain = (head, links)
            return
        self._chain = None
        if len(links) > 1 and head.msg is None and draft.msg is not None:
            head.msg = draft.msg
        self.entries.append(_rule(head, tuple(links), phase, self._defaults.get(phase)))

    def _begin(self, draft: Draft) -> None:
        if draft.id is None:
            raise ValueError("a rule needs an id: id:NUMBER")
        if draft.id in self._ids:
            raise ValueError(f"the id {draft.id} is taken by another rule")
        self._ids[draft.id] = draft.id


def _argument(name: str, argument: bytes) -> Template:
    """Patterns are full of braces: in one only what names a variable of the language is a macro."""
    if name in ("rx", "rxglobal") and b"%{" not in argument:
        return Template((argument,) if argument else ())
    return parse_template(argument)


def _check_continuation(draft: Draft) -> None:
    if draft.disruption not in (None, "pass", "block") or draft.skip or draft.skip_after:
        raise DraftError("only the first rule of a chain can have a disruptive action, skip or skipAfter")


def _link(
    place: Place,
    targets: tuple[Target, ...],
    excluded: tuple[Target, ...],
    operation: Operation | None,
    draft: Draft,
    default: Draft | None,
) -> Link:
    inherited = [] if default is None or draft.fresh_transformations else default.transformations
    return Link(
        place=place,
        targets=targets,
        excluded=excluded,
        operation=operation,
        transformations=(*inherited, *draft.transformations),
        multi_match=draft.multi_match,
        capture=draft.capture,
        setvars=tuple(draft.setvars),
        controls=tuple(draft.controls),
        actions=tuple(draft.actions),
        namespaces=tuple(draft.namespaces),
    )


def _rule(head: Draft, links: tuple[Link, ...], phase: int, default: Draft | None) -> Rule:
    disruption = head.disruption
    argument = head.disruption_argument
    status = head.status
    if disruption in (None, "block") and default is not None:
        disruption, argument = default.disruption, default.disruption_argument
        status = status if status is not None else default.status
    log = head.log if head.log is not None else (default.log if default is not None else None)
    audit = head.audit_log if head.audit_log is not None else (default.audit_log if default is not None else None)
    return Rule(
        id=head.id or 0,
        phase=phase,
        links=links,
        disruption="pass" if disruption in (None, "block") else disruption,
        disruption_argument=argument or Template(()),
        status=status if status is not None else (302 if disruption == "redirect" else 403),
        msg=head.msg,
        logdata=head.logdata,
        tags=tuple(head.tags),
        severity=head.severity,
        ver=head.ver,
        rev=head.rev,
        maturity=head.maturity,
        accuracy=head.accuracy,
        log=log is not False,
        audit_log=audit is not False,
        skip=head.skip,
        skip_after=head.skip_after,
    )


def _updated(rule: Rule, draft: Draft) -> Rule:
    first = rule.links[0]
    link = replace(
        first,
        transformations=tuple(draft.transformations) if draft.transformations else first.transformations,
        setvars=first.setvars + tuple(draft.setvars),
        controls=first.controls + tuple(draft.controls),
        actions=first.actions + tuple(draft.actions),
    )
    changes: dict[str, object] = {
        name: value
        for name in ("disruption", "disruption_argument", "status", "msg", "logdata", "severity", "log", "audit_log")
        if (value := getattr(draft, name)) is not None
    }
    if draft.tags:
        changes["tags"] = rule.tags + tuple(draft.tags)
    if draft.skip_after:
        changes["skip_after"] = draft.skip_after
    return replace(rule, links=(link, *rule.links[1:]), **changes)  # type: ignore[arg-type]
