"""Checks of ``guards.obstacles``: what is put in the way gets graver as the risk rises."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from bartizan.config.document import FieldPath
from bartizan.config.model import Obstacles, ObstaclesOverride, Rung
from bartizan.config.semantics.finding import Finding
from bartizan.config.validation import Parts

__all__ = ["RUNGS", "obstacle_findings"]

RUNGS = tuple(name for name, field in Obstacles.model_fields.items() if isinstance(field.default, Rung))
"""From the mildest to the gravest."""


def obstacle_findings(parts: Parts) -> Iterator[Finding]:
    """Yield rungs that come before a milder one."""
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
    for (milder, low, milder_is_own), (graver, high, graver_is_own) in pairwise(levels):
        if high >= low or not (milder_is_own or graver_is_own):
            continue
        if graver_is_own:
            remedy = f"make it at least {low}: what happens gets graver as the risk rises"
            yield Finding((*path, graver, "at"), f"comes before `{milder}`", str(high), remedy)
        else:
            remedy = f"make it at most {high}: what happens gets graver as the risk rises"
            yield Finding((*path, milder, "at"), f"comes after `{graver}` of the default", str(low), remedy)
