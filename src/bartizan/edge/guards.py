"""The series of guards, readable in one place: what there is, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from bartizan.config.model import Access as AccessSettings
from bartizan.config.model import Config, Guards, Route
from bartizan.config.model import Waf as WafSettings
from bartizan.detection.obstacles import RUNGS, Means, Obstacles, SessionRisk, behind, places_of
from bartizan.perimeter.denylist import Bans, Denylist, PrefixSet
from bartizan.perimeter.ratelimit import RateLimit
from bartizan.pipeline import Client, Series, Step
from bartizan.storage.state.interface import State

if TYPE_CHECKING:
    from bartizan.access.guard import EdgeAccess
    from bartizan.detection.challenge import Challenger
    from bartizan.edge.deception import DeceptionParts
    from bartizan.perimeter.waf.load import RuleSet

__all__ = ["GUARDS", "GuardKind", "Services", "build_series"]


@dataclass(frozen=True, slots=True)
class Services:
    """What guards may be built with."""

    state: State
    bans: Bans
    prefixes: Callable[[Sequence[str], Sequence[str]], PrefixSet]
    """Returns the compiled set of CIDRs and list files."""
    rules: Callable[[WafSettings], RuleSet]
    """Returns the compiled rules of a WAF."""
    settings: AccessSettings
    """``access`` of the configuration that is built."""
    means: Means
    """What obstacles are made of, but for the challenger."""
    access: Callable[[AccessSettings], EdgeAccess]
    """Returns what guards that ask who somebody is share."""
    challenger: Callable[[], Challenger]
    """Returns what asks for work before risky clients go on; raises ``SealError`` for keys that cannot be used."""
    identity: bytes
    """Unique to this process, for leases in the shared state."""
    clock: Callable[[], float]
    """Unix time in seconds."""
    deceive: Callable[[Config], DeceptionParts | None]
    """Returns what guards that deceive share, for a configuration."""
    deception: DeceptionParts | None = None
    """That of the configuration that is built, if it has ``deception`` on."""


@dataclass(frozen=True, slots=True)
class GuardKind:
    """One row of the series: ``build`` returns the guard as a step for a route, or None where it has nothing to do.

    ``settings`` is the field of ``guards`` that it is configured by, if it is not that of its name.
    """

    name: str
    build: Callable[[Guards, Route, Services], Step | None]
    settings: str = ""


def _denylist(guards: Guards, route: Route, services: Services) -> Step | None:  # noqa: ARG001 - one signature for all
    settings = guards.denylist
    if not settings.enabled:
        return None
    guard = Denylist(
        deny=services.prefixes(settings.deny, settings.deny_files),
        allow=services.prefixes(settings.allow, settings.allow_files),
        bans=services.bans,
        clock=services.clock,
    )
    return Step(guard, settings.on_error, settings.timeout)


def _rate_limit(guards: Guards, route: Route, services: Services) -> Step | None:
    settings = guards.rate_limit
    if not settings.enabled or not (settings.windows or settings.concurrency):
        return None
    guard = RateLimit(settings, route, services.state, services.identity)
    return Step(guard, settings.on_error, settings.timeout)


def _honeytokens(guards: Guards, route: Route, services: Services) -> Step | None:  # noqa: ARG001
    settings, parts = guards.decoys, services.deception
    if parts is None or not settings.enabled:
        return None
    from bartizan.detection.honeytokens.guard import Honeytokens  # noqa: PLC0415 - not always wanted

    return Step(
        Honeytokens(parts.places, parts.baits.tokens, lambda: parts.planted.held), settings.on_error, settings.timeout
    )


def _decoys(guards: Guards, route: Route, services: Services) -> Step | None:
    settings, parts = guards.decoys, services.deception
    if parts is None or not settings.enabled or not parts.decoys.by_path:
        return None
    from bartizan.detection.decoys.guard import DecoyGuard  # noqa: PLC0415 - not always wanted

    upstream = route.upstream or (route.split[0].upstream if route.split else "")
    guard = DecoyGuard(
        parts.decoys, partial(parts.profiles.get, upstream or parts.usual), services.clock, alone=not upstream
    )
    return Step(guard, settings.on_error, settings.timeout)


def _canaries(guards: Guards, route: Route, services: Services) -> Step | None:
    settings, parts = guards.decoys, services.deception
    if parts is None or not settings.enabled or not parts.canaries:
        return None
    from bartizan.detection.canaries.guard import CanaryGuard  # noqa: PLC0415 - not always wanted
    from bartizan.detection.canaries.touches import Canaries  # noqa: PLC0415

    canaries = Canaries(parts.canaries).of(route.paths)
    if canaries is None:
        return None
    guard = CanaryGuard(canaries, parts.recipients, parts.canary_key, services.clock)
    return Step(guard, settings.on_error, settings.timeout)


def _announcements(guards: Guards, route: Route, services: Services) -> Step | None:
    settings, parts = guards.decoys, services.deception
    if parts is None or not settings.enabled or not parts.announced.paths or not (route.upstream or route.split):
        return None
    from bartizan.detection.announcements.guard import AnnouncementGuard  # noqa: PLC0415 - not always wanted
    from bartizan.detection.canaries.templates import overlap  # noqa: PLC0415

    if not any(overlap(path, route.paths) for path in parts.announced.paths):
        return None
    upstream = route.upstream or route.split[0].upstream
    guard = AnnouncementGuard(parts.announced, partial(parts.profiles.get, upstream), services.clock)
    return Step(guard, settings.on_error, settings.timeout)


def _profile(guards: Guards, route: Route, services: Services) -> Step | None:
    settings, parts = guards.decoys, services.deception
    if parts is None or not settings.enabled or not (route.upstream or route.split):
        return None
    from bartizan.detection.profile.guard import ProfileGuard  # noqa: PLC0415 - not always wanted

    return Step(ProfileGuard(parts.profiles.learner, services.clock), settings.on_error, settings.timeout)


def _waf(guards: Guards, route: Route, services: Services) -> Step | None:  # noqa: ARG001
    settings = guards.waf
    if not settings.enabled or settings.mode == "off":
        return None
    from bartizan.perimeter.waf.guard import Waf  # noqa: PLC0415 - its engine is large, and not always wanted

    body = settings.response_body
    guard = Waf(
        services.rules(settings),
        services.state,
        plain_responses=body.enabled and body.accept_encoding == "identity",
    )
    return Step(guard, settings.on_error, settings.timeout)


def _access(guards: Guards, route: Route, services: Services) -> Step | None:
    settings = services.settings
    if not settings.enabled:
        return None
    from bartizan.access.guard import Access  # noqa: PLC0415 - CEL and JOSE, and not always wanted

    edge = services.access(settings)
    risk = SessionRisk(guards.obstacles, _means(guards, services), edge.sessions, _spares(guards, services))
    guard = Access(guards.access, settings, route.upstream or route.name, edge, risk)
    return Step(guard, "deny", guards.access.timeout)


def _places(guards: Guards, route: Route, services: Services) -> Step | None:  # noqa: ARG001
    means = _means(guards, services)
    return _obstacles(guards, Obstacles(guards.obstacles, places_of, means, means.rungs, _spares(guards, services)))


def _people(guards: Guards, route: Route, services: Services) -> Step | None:  # noqa: ARG001
    return _obstacles(guards, Obstacles(guards.obstacles, behind, _means(guards, services), RUNGS))


def _obstacles(guards: Guards, guard: Obstacles) -> Step | None:
    return Step(guard, guards.obstacles.on_error, guards.obstacles.timeout) if guard.puts_any else None


def _means(guards: Guards, services: Services) -> Means:
    challenge = guards.obstacles.challenge
    if not guards.obstacles.enabled or challenge.at is None:
        return services.means
    return replace(services.means, challenger=services.challenger())


def _spares(guards: Guards, services: Services) -> Callable[[Client], bool] | None:
    allow = services.prefixes(guards.denylist.allow, guards.denylist.allow_files)
    return (lambda client: allow.row(client.version, client.number) >= 0) if len(allow) else None


GUARDS = (
    GuardKind("denylist", _denylist),
    GuardKind("rate_limit", _rate_limit),
    GuardKind("obstacles", _places),
    GuardKind("honeytokens", _honeytokens, "decoys"),
    GuardKind("decoys", _decoys),
    GuardKind("canaries", _canaries, "decoys"),
    GuardKind("announcements", _announcements, "decoys"),
    GuardKind("waf", _waf),
    GuardKind("access", _access),
    GuardKind("obstacles", _people),
    GuardKind("profile", _profile, "decoys"),
)


def build_series(guards: Guards, route: Route, services: Services) -> Series:
    """Return the series that exchanges of a route pass, with the settings in force for it."""
    steps = (kind.build(guards, route, services) for kind in GUARDS)
    return Series(tuple(step for step in steps if step is not None))
