"""What is in force for a route: the defaults of the file with the route's overrides laid over them."""

from __future__ import annotations

from typing import Any

from bartizan.config.model import Config, Guards, Route, SessionRules
from bartizan.config.model.access import AccessGuard, AccessGuardOverride

__all__ = ["SESSION_PRESETS", "effective_guards", "session_limits"]

SESSION_PRESETS = {"default": (900.0, 7200.0), "aal2": (3600.0, 86_400.0), "aal3": (900.0, 43_200.0)}
"""Idle time and lifetime in seconds; the last two are the most that SP 800-63B-4 allows (2.2.3, 2.3.3)."""

_ADDED = frozenset(("exclusions",))
"""Lists to which a route adds: an exclusion for one route must not take away those for all."""


def effective_guards(config: Config, route: Route) -> Guards:
    """Return the settings of every guard for ``route``; fields that the route leaves out keep the default's value.

    A route's exclusions of WAF rules are added to the default's. Who may pass is said by one of the two: a route that
    is public drops the default's policy, one with a policy is not public although the default is.
    """
    merged = {}
    for name in Guards.model_fields:
        default, override = getattr(config.guards, name), getattr(route.guards, name)
        changes = {
            field: [*getattr(default, field), *value] if field in _ADDED else value
            for field in type(override).model_fields
            if (value := getattr(override, field)) is not None
        }
        if name == "access":
            changes |= _access(default, override)
        merged[name] = default.model_copy(update=changes) if changes else default
    return Guards(**merged)


def session_limits(rules: SessionRules) -> tuple[float, float]:
    """Return idle time and lifetime in seconds, of the preset where they are not set."""
    idle, lifetime = SESSION_PRESETS[rules.preset]
    return rules.idle or idle, rules.lifetime or lifetime


def _access(default: AccessGuard, override: AccessGuardOverride) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if override.public:
        changes |= {"policy": override.policy, "reauth": override.reauth or []}
    elif override.policy is not None and override.public is None:
        changes["public"] = False
    if override.session is not None:
        own = {name: getattr(override.session, name) for name in override.session.model_fields_set}
        changes["session"] = default.session.model_copy(update=own)
    return changes
