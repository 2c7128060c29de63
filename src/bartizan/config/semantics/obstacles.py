"""Checks of ``guards.obstacles``: a rung that another one always comes before has no effect."""

from __future__ import annotations

from collections.abc import Iterator

from bartizan.config.document import FieldPath
from bartizan.config.model import Obstacles, ObstaclesOverride, Rung
from bartizan.config.semantics.finding import Finding
from bartizan.config.validation import Parts

__all__ = ["RUNGS", "obstacle_findings"]

RUNGS = tuple(name for name, field in Obstacles.model_fields.items() if isinstance(field.default, Rung))
"""From the mildest to the gravest."""
_GIVE_WAY = frozenset(("throttle", "challenge", "step_up"))
"""Whoever has met these meets the milder ones, so they may come first."""


def obstacle_findings(parts: Parts) -> Iterator[Finding]:
    """Yield rungs that are never reached."""
    default = None if parts.guards is None else parts.guards.obstacles
    if default is not None:
        yield from _order(default, None, ("guards", "obstacles"))
    for number, route in parts.routes.items():
        if "guards" in route.model_fields_set and route.guards.obstacles.model_fields_set:
            yield from _order(route.guards.obstacles, default, ("routes", number, "guards", "obstacles"))


def _order(settings: Obstacles | ObstaclesOverride, default: Obstacles | None, path: FieldPath) -> Iterator[Finding]:
    """Check the settings of one place; those of a route lie over the ``default``."""
    levels: list[tuple[str, int, bool]] = []
    for name in RUNGS:
        own = getattr(settings, name)
        rung = own if own is not None or default is None else getattr(default, name)
        if rung is not None and rung.at is not None:
            levels.append((name, rung.at, own is not None))
    for number, (graver, high, graver_is_own) in enumerate(levels):
        if graver in _GIVE_WAY:
            continue
        for milder, low, milder_is_own in levels[:number]:
            if low <= high or not (milder_is_own or graver_is_own):
                continue
            message = f"is never reached: `{graver}` is in the way from risk {high} on"
            if milder_is_own:
                yield Finding((*path, milder, "at"), message, str(low), f"make it at most {high}")
            else:
                message = f"is below `{milder}` of the default, which is never reached then"
                yield Finding((*path, graver, "at"), message, str(high), f"make it at least {low}")
