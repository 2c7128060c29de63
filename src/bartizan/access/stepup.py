"""Which rules for proving anew apply to a request, and which of them somebody does not fulfil. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bartizan.access.policy.attributes import BODY
from bartizan.access.policy.cel import Policy
from bartizan.access.sessions.model import Session
from bartizan.config.model import Reauth

__all__ = ["ReauthRule", "compile_rules", "missing"]


@dataclass(frozen=True, slots=True)
class ReauthRule:
    """One rule; ``max_age`` in seconds, ``methods`` empty for all."""

    max_age: float
    factor: str
    methods: frozenset[str]
    when: Policy | None

    def applies_to(self, method: str) -> bool:
        """Tell whether the rule is about requests with this method."""
        return not self.methods or method in self.methods

    def is_fulfilled(self, session: Session, now: float) -> bool:
        """Tell whether the factor was proven recently enough."""
        proven = session.authenticated if self.factor == "any" else session.factors.get(self.factor)
        return proven is not None and now - proven <= self.max_age


def compile_rules(rules: Sequence[Reauth]) -> tuple[ReauthRule, ...]:
    """Return rules ready to be asked; raises ``PolicyError`` for a condition that cannot be compiled."""
    return tuple(
        ReauthRule(
            rule.max_age,
            rule.factor,
            frozenset(rule.methods),
            None if rule.when is None else Policy.compile(rule.when, body=True),
        )
        for rule in rules
    )


def missing(
    rules: Sequence[ReauthRule],
    session: Session,
    method: str,
    now: float,
    attributes: Callable[[Policy], Mapping[str, object]],
    *,
    body_is_there: bool,
) -> tuple[ReauthRule | None, bool]:
    """Return the first rule that is not fulfilled, and whether one with a condition is yet to be asked.

    ``attributes`` gives what a condition looks at. While the body is not there, conditions that look at it are not
    asked. One that cannot be worked out counts as met, so that nobody gets by with a body that cannot be read.
    """
    unasked = False
    for rule in rules:
        if not rule.applies_to(method) or rule.is_fulfilled(session, now):
            continue
        if rule.when is None:
            return rule, False
        if BODY in rule.when.uses and not body_is_there:
            unasked = True
        elif rule.when.holds(attributes(rule.when), on_error=True):
            return rule, False
    return None, unasked
