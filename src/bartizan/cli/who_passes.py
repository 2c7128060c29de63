"""What the guard ``access`` of a route asks for, in words."""

from __future__ import annotations

from collections.abc import Iterator

from bartizan.config.model import Access, AccessGuard, Guards, Reauth
from bartizan.config.model.base import format_duration
from bartizan.config.resolve import session_limits

__all__ = ["who_passes"]


def who_passes(access: Access, guards: Guards) -> list[str]:
    """Return who may pass and what they prove, a line each; ``guards`` are what is in force for the route."""
    guard, step_up = guards.access, guards.obstacles.step_up
    if guard.public:
        return ["everybody passes, without being asked"]
    if guard.policy is None:
        return ["nobody passes: there is no policy"]
    said = [f"passes: {_on_one_line(guard.policy)}"]
    said += [_reauth(rule) for rule in guard.reauth]
    if guards.obstacles.enabled and step_up.at is not None:
        shadow = ", in shadow mode" if guards.obstacles.shadow or step_up.shadow else ""
        said.append(f"proves anew who they are: from risk {step_up.at}{shadow}")
    said.append(_session(access, guard))
    return said


def _reauth(rule: Reauth) -> str:
    return "proves anew who they are: " + ", ".join(_terms(rule))


def _terms(rule: Reauth) -> Iterator[str]:
    yield f"by {'any factor' if rule.factor == 'any' else rule.factor}"
    yield f"at most {format_duration(rule.max_age)} ago"
    if rule.methods:
        yield f"for {' '.join(rule.methods)}"
    if rule.when is not None:
        yield f"when {_on_one_line(rule.when)}"


def _on_one_line(policy: str) -> str:
    lines = (line.strip() for line in policy.splitlines())
    return " ".join(line for line in lines if not line.startswith("//")).strip()


def _session(access: Access, guard: AccessGuard) -> str:
    idle, lifetime = session_limits(access.session)
    idle = min(idle, guard.session.idle or idle)
    lifetime = min(lifetime, guard.session.lifetime or lifetime)
    shorter = "; some groups have less" if any(group.session.model_fields_set for group in access.groups) else ""
    return f"session: {format_duration(idle)} without a request, {format_duration(lifetime)} in all{shorter}"
