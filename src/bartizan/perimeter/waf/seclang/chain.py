"""From drafts to rules: what links, the first rule of a chain and ``SecDefaultAction`` each contribute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bartizan.perimeter.waf.seclang.draft import Draft
from bartizan.perimeter.waf.seclang.model import Disruption, Link, Operation, Place, Rule, Target
from bartizan.perimeter.waf.seclang.template import Template

__all__ = ["make_link", "make_rule", "updated"]

DENIED = 403
REDIRECTED = 302


def make_link(
    place: Place,
    targets: tuple[tuple[Target, ...], tuple[Target, ...]],
    operation: Operation | None,
    draft: Draft,
    default: Draft,
) -> Link:
    """Return a link with what ``default`` adds to it. ``targets`` are those looked at, and those left out."""
    inherited = [] if draft.fresh_transformations else default.transformations
    return Link(
        place=place,
        targets=targets[0],
        excluded=targets[1],
        operation=operation,
        transformations=(*inherited, *draft.transformations),
        multi_match=draft.multi_match or default.multi_match,
        capture=draft.capture or default.capture,
        setvars=(*default.setvars, *draft.setvars),
        controls=(*default.controls, *draft.controls),
        actions=(*default.actions, *draft.actions),
        namespaces=(*default.namespaces, *draft.namespaces),
    )


def make_rule(drafts: Sequence[Draft], links: tuple[Link, ...], phase: int, default: Draft) -> Rule:
    """Return the rule of a chain. What its first rule leaves open, the first of the others that says it tells."""
    head = drafts[0]
    disruption, argument, status = _disruption(drafts, default)
    log = head.log if head.log is not None else default.log
    audit_log = head.audit_log if head.audit_log is not None else default.audit_log
    return Rule(
        id=head.id or 0,
        phase=phase,
        links=links,
        disruption=disruption,
        disruption_argument=argument,
        status=status,
        msg=next((draft.msg for draft in drafts if draft.msg is not None), None),
        logdata=next((draft.logdata for draft in drafts if draft.logdata is not None), None),
        tags=tuple(dict.fromkeys(tag for draft in (default, *drafts) for tag in draft.tags)),
        severity=next((draft.severity for draft in drafts if draft.severity is not None), None),
        ver=head.ver,
        rev=head.rev,
        maturity=head.maturity,
        accuracy=head.accuracy,
        log=log is not False,
        audit_log=audit_log is not False,
        skip=head.skip,
        skip_after=head.skip_after,
    )


def _disruption(drafts: Sequence[Draft], default: Draft) -> tuple[Disruption, Template, int]:
    head = drafts[0]
    said = next((draft.status for draft in drafts if draft.status is not None), None)
    if head.disruption in (None, "block"):
        disruption, argument = default.disruption or "pass", default.disruption_argument
    else:
        disruption, argument = head.disruption, head.disruption_argument
    if said is None and (disruption != "redirect" or default.disruption == "redirect"):
        said = default.status
    return disruption, argument or Template(()), said or _usual_status(disruption)


def _usual_status(disruption: Disruption) -> int:
    return REDIRECTED if disruption == "redirect" else DENIED


def updated(rule: Rule, offset: int, draft: Draft, default: Draft) -> Rule:
    """Return a rule with the actions of ``SecRuleUpdateActionById``.

    Actions that a rule has once are replaced, others added at the end; ``offset`` counts the links of the chain from 0,
    and what belongs to a link goes to that one. Raises ``ValueError`` if there is none.
    """
    if offset >= len(rule.links):
        raise ValueError(f"the rule {rule.id} is a chain of {len(rule.links)}: there is no link {offset}")
    link = rule.links[offset]
    kept = () if draft.fresh_transformations else link.transformations
    changed = replace(
        link,
        transformations=(*kept, *draft.transformations),
        setvars=link.setvars + tuple(draft.setvars),
        controls=link.controls + tuple(draft.controls),
        actions=link.actions + tuple(draft.actions),
        namespaces=link.namespaces + tuple(draft.namespaces),
        capture=link.capture or draft.capture,
        multi_match=link.multi_match or draft.multi_match,
    )
    changes: dict[str, object] = {
        name: value
        for name in ("msg", "logdata", "severity", "log", "audit_log")
        if (value := getattr(draft, name)) is not None
    }
    changes |= {name: value for name in ("ver", "rev", "maturity", "accuracy") if (value := getattr(draft, name))}
    if draft.skip or draft.skip_after:
        changes |= {"skip": draft.skip, "skip_after": draft.skip_after}
    if draft.tags:
        changes["tags"] = tuple(dict.fromkeys((*rule.tags, *draft.tags)))
    changes |= _changed_disruption(rule, draft, default)
    return replace(rule, links=(*rule.links[:offset], changed, *rule.links[offset + 1 :]), **changes)  # type: ignore[arg-type]


def _changed_disruption(rule: Rule, draft: Draft, default: Draft) -> dict[str, object]:
    if draft.disruption is None:
        return {} if draft.status is None else {"status": draft.status}
    disruption, argument, status = _disruption([draft], default)
    if draft.status is None and (disruption == "redirect") == (rule.disruption == "redirect"):
        status = rule.status
    return {"disruption": disruption, "disruption_argument": argument, "status": status}
