"""What no configuration names: the gateway's own routes and upstream, and the upstream of decoys.

None can shadow its own routes. That of its pages and API has the guards of the file but three: the WAF is off, since
what comes here are passwords, codes and signatures that rules take for attacks and that no rule should write down, and
control reads its inputs strictly; everybody may pass, since here is where people log in; and nobody is diverted, since
somebody honest behind a risky address would give a decoy their password. That where challenges are answered is there
wherever one can be asked for, with access or without: the edge itself answers. That of planted paths comes behind all
others, and answers as where there is no route.
"""

from __future__ import annotations

from pathlib import Path

from bartizan.config.model import Config, Route, Upstream
from bartizan.config.resolve import effective_guards
from bartizan.control.contract import CLIENT, EXCHANGE, JA4, MAX_BODY, PATHS, socket_path
from bartizan.decoy import contract as decoy
from bartizan.detection.challenge import PATHS as CHALLENGE_PATHS
from bartizan.detection.challenge import Challenger, Desk
from bartizan.detection.decoys.table import chosen
from bartizan.pipeline import Deny, Exchange, Series, Step

__all__ = [
    "NAME",
    "asks_challenges",
    "challenge_route",
    "challenge_series",
    "decoy_upstream",
    "own_route",
    "own_series",
    "own_upstream",
    "planted_route",
    "planted_series",
]

NAME = "bartizan"
"""Of the route and of the upstream of pages and API."""
CHALLENGE = "bartizan-challenge"
"""Of the route where challenges are answered."""
PLANTED = "bartizan-planted"
"""Of the route of paths that are planted in responses."""
_ANYWHERE = frozenset(("denylist", "rate_limit", "obstacles", "honeytokens", "decoys", "canaries"))
"""Guards that look at requests also where there is no route."""
DECOY_CONNECTIONS = 256  # of one edge process to the decoy
_ABOVE_ALL = 1_000_001  # the configuration allows 1,000,000


def own_route() -> Route:
    """Return the route of pages and API."""
    guards = {"waf": {"enabled": False}, "access": {"public": True}, "obstacles": {"divert": {}}}
    route = Route.model_validate(
        {"name": NAME, "paths": list(PATHS), "upstream": NAME, "body_bytes": MAX_BODY, "guards": guards}
    )
    return route.model_copy(update={"priority": _ABOVE_ALL})


def planted_route(config: Config) -> Route | None:
    """Return the route of decoys, and of the paths that are planted in objects, where no other route takes them.

    None where there are none.
    """
    if not config.deception.enabled:
        return None
    decoys = (decoy.path for decoy in chosen(config.deception.decoys))
    paths = dict.fromkeys((*(field.value for field in config.deception.fields), *decoys))
    if not paths:
        return None
    route = Route.model_validate({"name": PLANTED, "paths": list(paths)})
    return route.model_copy(update={"priority": -_ABOVE_ALL})


def planted_series(guards: Series) -> Series:
    """Return the series of that route: the guards that tell who comes, and then what there is without a route."""
    telling = (step for step in guards.steps if step.guard.name in _ANYWHERE)
    return Series((*telling, Step(_NoRoute())))


def own_upstream(config: Config) -> Upstream:
    """Return the upstream: the control process of this machine. One node has nobody to be ejected for."""
    return Upstream.model_validate(
        {
            "name": NAME,
            "nodes": [{"address": f"unix:{socket_path(Path(config.storage.directory))}"}],
            "timeouts": {"connect": "2s", "response": "30s", "read": "30s", "write": "30s"},
            "pool": {"max_connections": 256, "max_idle": 16},
            "health_checks": {"passive": None},
        }
    )


def decoy_upstream(config: Config) -> Upstream:
    """Return the upstream that takes whoever is diverted.

    It is never ejected and never asked twice: where it does not answer, a client meets what it meets when the real
    upstream is down.
    """
    return Upstream.model_validate(
        {
            "name": decoy.UPSTREAM,
            "nodes": [{"address": f"unix:{decoy.socket_path(Path(config.storage.directory))}"}],
            "timeouts": {"connect": "2s", "response": "120s", "read": "30s", "write": "30s"},
            "pool": {"max_connections": DECOY_CONNECTIONS, "max_idle": 16},
            "retries": {"attempts": 0},
            "health_checks": {"passive": None},
        }
    )


def own_series(guards: Series) -> Series:
    """Return the series of the route: its guards but access, and then what tells control about the client."""
    return Series((*(step for step in guards.steps if step.guard.name != "access"), Step(_Facts())))


def asks_challenges(config: Config) -> bool:
    """Tell whether anybody can be challenged on any route."""
    settings = (effective_guards(config, route).obstacles for route in config.routes)
    return any(each.enabled and each.challenge.at is not None for each in (config.guards.obstacles, *settings))


def challenge_route() -> Route:
    """Return the route where challenges are answered; its paths are exact, so it goes before that of pages."""
    route = Route.model_validate({"name": CHALLENGE, "paths": list(CHALLENGE_PATHS), "body_bytes": 1024})
    return route.model_copy(update={"priority": _ABOVE_ALL})


def challenge_series(guards: Series, challenger: Challenger) -> Series:
    """Return its series: who is let in at all, how often, and the desk. Nobody is challenged at the desk itself."""
    kept = (step for step in guards.steps if step.guard.name in ("denylist", "rate_limit"))
    return Series((*kept, Step(Desk(challenger))))


class _Facts:
    """Tells control what only the edge knows. No verdict, no signal."""

    name = "client_facts"

    async def on_request(self, exchange: Exchange) -> None:
        """Add the header fields of ``control.contract``; what clients send under these names never comes this far."""
        fields, tls = exchange.upstream_fields, exchange.connection.tls
        fields.append((EXCHANGE, exchange.id.encode("ascii")))
        if exchange.client.address:
            fields.append((CLIENT, exchange.client.address.encode("ascii")))
        if tls is not None and tls.ja4 is not None:
            fields.append((JA4, tls.ja4.encode("ascii")))


class _NoRoute:
    """Refuses all, as where there is no route. Verdict: deny 404."""

    name = "no_route"

    async def on_request(self, exchange: Exchange) -> Deny:
        """Refuse."""
        exchange.error = "no_route"
        return Deny(404, because="no route of the configuration takes this path; it was planted in responses")
