"""What is in force for a route: the defaults of the file with the route's overrides laid over them."""

from __future__ import annotations

from bartizan.config.model import Config, Guards, Route

__all__ = ["effective_guards"]

_ADDED = frozenset(("exclusions",))
"""Lists to which a route adds: an exclusion for one route must not take away those for all."""


def effective_guards(config: Config, route: Route) -> Guards:
    """Return the settings of every guard for ``route``; fields that the route leaves out keep the default's value.

    A route's exclusions of WAF rules are added to the default's.
    """
    merged = {}
    for name in Guards.model_fields:
        default, override = getattr(config.guards, name), getattr(route.guards, name)
        changes = {
            field: [*getattr(default, field), *value] if field in _ADDED else value
            for field in type(override).model_fields
            if (value := getattr(override, field)) is not None
        }
        merged[name] = default.model_copy(update=changes) if changes else default
    return Guards(**merged)
