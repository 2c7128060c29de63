"""What is no error in ``guards.obstacles`` and what it lives of, and has to be known."""

from __future__ import annotations

from collections.abc import Iterator

from bartizan.config.model import Config, Obstacles, ObstaclesOverride
from bartizan.detection.obstacles.ladder import RUNGS

__all__ = ["notices"]

_SESSIONS = ("step_up", "revoke_session", "quarantine_device")


def notices(config: Config) -> list[str]:
    """Return a line for each, with its place."""
    places: list[tuple[str, Obstacles | ObstaclesOverride]] = [("guards.obstacles", config.guards.obstacles)]
    places += [
        (f"routes[{number}].guards.obstacles", route.guards.obstacles) for number, route in enumerate(config.routes)
    ]
    found = [notice for place, settings in places for notice in _notices(config, place, settings)]
    return [*found, *_sources(config)]


def _sources(config: Config) -> Iterator[str]:
    """Yield what keeps the sentry, or the decoy, from knowing what they have to."""
    if config.sentry.enabled and not config.storage.journal.enabled:
        yield "sentry: finds nothing, since it reads the journal, which is off; set storage.journal.enabled"
    divert = config.deception.divert
    if divert.enabled and not config.deception.enabled and not divert.openapi:
        yield (
            "deception.divert: whoever is diverted gets little but 404, since nothing is learned of upstreams while "
            "deception is off; set deception.enabled, or name OpenAPI documents in deception.divert.openapi"
        )


def _notices(config: Config, place: str, settings: Obstacles | ObstaclesOverride) -> Iterator[str]:
    used = [name for name in RUNGS if (rung := getattr(settings, name)) is not None and rung.at is not None]
    if not used or settings.enabled is False:
        return
    if not config.sentry.enabled:
        yield (
            f"{place}: nobody has a risk while the sentry is off, unless the sentry of another machine shares this "
            "state; set sentry.enabled"
        )
    if "divert" in used and not config.deception.divert.enabled:
        yield f"{place}.divert: has no effect, since there is no decoy to divert to; set deception.divert.enabled"
    for name in _SESSIONS:
        if name in used and not config.access.enabled:
            yield f"{place}.{name}: has no effect, since there are no sessions; set access.enabled"
