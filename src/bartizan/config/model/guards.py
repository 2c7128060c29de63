"""``guards``: the checks of the series. Defaults at the top of the file, per-route overrides in each route."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bartizan.config.model.access import AccessGuard, AccessGuardOverride
from bartizan.config.model.base import Cidr, Duration, Model, Name, OnError, Rate
from bartizan.config.model.obstacles import Obstacles, ObstaclesOverride
from bartizan.config.model.waf import Waf, WafOverride

__all__ = [
    "Concurrency",
    "Decoys",
    "DecoysOverride",
    "Denylist",
    "DenylistOverride",
    "GuardOverrides",
    "Guards",
    "RateLimit",
    "RateLimitOverride",
    "Window",
]


class Denylist(Model):
    """Refuse listed client addresses. The allowlist wins over every entry and every ban."""

    enabled: Annotated[bool, Field(description="whether it is in the series")] = True
    on_error: OnError = "deny"
    timeout: Annotated[Duration, Field(gt=0, description="for one exchange; then `on_error` decides")] = "1s"  # type: ignore[assignment]
    deny: Annotated[list[Cidr], Field(description="addresses and networks")] = []
    deny_files: Annotated[
        list[str], Field(description="one address or network a line, # comments; reloaded on change")
    ] = []
    allow: Annotated[list[Cidr], Field(description="addresses and networks that no entry and no ban keeps out")] = []
    allow_files: Annotated[list[str], Field(description="as deny_files")] = []


class Window(Model):
    """A limit: ``rate`` exchanges per window, of which ``burst`` at once (the whole window's when absent)."""

    rate: Annotated[Rate, Field(description="exchanges per window: 10/s, 600/m, 5000/1h")]
    burst: Annotated[int | None, Field(ge=1, description="how many of them at once; all of them when absent")] = None
    key: Annotated[
        list[str],
        Field(
            min_length=1,
            max_length=8,
            description="what is counted together: address, network, header:NAME, ja4, principal, route, listener",
        ),
    ] = ["address"]
    name: Annotated[Name | None, Field(description="for RateLimit headers, logs and metrics")] = None


class Concurrency(Model):
    """At most ``limit`` exchanges of a key in flight at once, over all workers."""

    limit: Annotated[int, Field(ge=1, description="exchanges in flight of one key")]
    key: Annotated[
        list[str], Field(min_length=1, max_length=8, description="what is counted together, as in windows")
    ] = ["address"]
    lease: Annotated[Duration, Field(gt=0, description="after which a dead worker's share is given back")] = "60s"  # type: ignore[assignment]


class RateLimit(Model):
    """Refuse with 429 what exceeds a window (GCRA) or a concurrency limit."""

    enabled: Annotated[bool, Field(description="whether it is in the series")] = True
    on_error: OnError = "deny"
    timeout: Annotated[Duration, Field(gt=0, description="for one exchange; then `on_error` decides")] = "1s"  # type: ignore[assignment]
    windows: Annotated[list[Window], Field(max_length=16, description="an exchange has to fit into all of them")] = []
    concurrency: Annotated[Concurrency | None, Field(description="no limit when absent")] = None
    headers: Annotated[bool, Field(description="send RateLimit and RateLimit-Policy")] = True
    network_prefix_v4: Annotated[
        int, Field(ge=8, le=32, description="bits of an IPv4 address that make its `network`")
    ] = 24
    network_prefix_v6: Annotated[
        int, Field(ge=16, le=128, description="bits of an IPv6 address that make its `network`")
    ] = 64


class Decoys(Model):
    """Whether ``deception`` is in force on a route. A failure lets exchanges pass, since nothing is kept out here."""

    enabled: Annotated[bool, Field(description="decoys, honeytokens and canaries")] = True
    on_error: OnError = "allow"
    timeout: Annotated[Duration, Field(gt=0, description="for one exchange; then `on_error` decides")] = "1s"  # type: ignore[assignment]


class Guards(Model):
    """The defaults for every route."""

    denylist: Annotated[Denylist, Field(description="addresses that are refused")] = Denylist()
    rate_limit: Annotated[RateLimit, Field(description="how much a client may ask for")] = RateLimit()
    obstacles: Annotated[Obstacles, Field(description="what rising risk puts in the way")] = Obstacles()
    decoys: Annotated[Decoys, Field(description="decoys, honeytokens and canaries")] = Decoys()
    waf: Annotated[Waf, Field(description="rules that requests and responses must not match")] = Waf()
    access: Annotated[AccessGuard, Field(description="who may pass")] = AccessGuard()


class DenylistOverride(Model):
    """What a route changes of the denylist; fields left out keep the default's value."""

    enabled: bool | None = None
    on_error: OnError | None = None
    timeout: Annotated[Duration | None, Field(gt=0)] = None
    deny: list[Cidr] | None = None
    deny_files: list[str] | None = None
    allow: list[Cidr] | None = None
    allow_files: list[str] | None = None


class RateLimitOverride(Model):
    """What a route changes of the rate limit; fields left out keep the default's value."""

    enabled: bool | None = None
    on_error: OnError | None = None
    timeout: Annotated[Duration | None, Field(gt=0)] = None
    windows: list[Window] | None = None
    concurrency: Concurrency | None = None
    headers: bool | None = None
    network_prefix_v4: Annotated[int | None, Field(ge=8, le=32)] = None
    network_prefix_v6: Annotated[int | None, Field(ge=16, le=128)] = None


class DecoysOverride(Model):
    """What a route changes; fields left out keep the default's value."""

    enabled: bool | None = None
    on_error: OnError | None = None
    timeout: Annotated[Duration | None, Field(gt=0)] = None


class GuardOverrides(Model):
    """What one route changes."""

    denylist: Annotated[DenylistOverride, Field(description="addresses that are refused")] = DenylistOverride()
    rate_limit: Annotated[RateLimitOverride, Field(description="how much a client may ask for")] = RateLimitOverride()
    obstacles: Annotated[ObstaclesOverride, Field(description="what rising risk puts in the way")] = ObstaclesOverride()
    decoys: Annotated[DecoysOverride, Field(description="decoys, honeytokens and canaries")] = DecoysOverride()
    waf: Annotated[WafOverride, Field(description="rules that requests and responses must not match")] = WafOverride()
    access: Annotated[AccessGuardOverride, Field(description="who may pass")] = AccessGuardOverride()
