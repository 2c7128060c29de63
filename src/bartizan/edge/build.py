"""From a configuration to a snapshot. Reads files and compiles, so it runs off the path; it has no effects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from bartizan.config.model import Config, Listener, Route, Upstream
from bartizan.config.resolve import effective_guards
from bartizan.decoy.contract import UPSTREAM
from bartizan.edge.forwarding import ForwardingRules
from bartizan.edge.guards import Services, build_series
from bartizan.edge.http1.client import ClientConnection
from bartizan.edge.internal import (
    asks_challenges,
    challenge_route,
    challenge_series,
    decoy_upstream,
    own_route,
    own_series,
    own_upstream,
    planted_route,
    planted_series,
)
from bartizan.edge.rewrite import compile_rewrite
from bartizan.edge.router import Router
from bartizan.edge.snapshot import Destination, ListenerRuntime, RouteRuntime, Snapshot
from bartizan.edge.tls.contexts import CertificateStore, build_store
from bartizan.edge.upstreams import TrafficSplit, Upstreams, Wiring
from bartizan.http.message import Request
from bartizan.pipeline import Exchange, RouteInfo

__all__ = ["build_snapshot"]

_UNROUTED = Route(name="unrouted")


def build_snapshot(
    config: Config, previous: Snapshot | None, wiring: Wiring[ClientConnection], services: Services
) -> Snapshot:
    """Return the snapshot of ``config``, carrying over from ``previous`` what has not changed.

    Raises ``ConfigError`` or ``TlsError`` for files and addresses that cannot be used.
    """
    decoy = UPSTREAM if config.deception.divert.enabled else None
    services = replace(
        services,
        settings=config.access,
        means=replace(services.means, decoy=decoy),
        deception=services.deceive(config),
    )
    own = [own_upstream(config)] if config.access.enabled else []
    behind = [*config.upstreams, *own, *([decoy_upstream(config)] if config.deception.divert.enabled else [])]
    upstreams = Upstreams.build(behind, None if previous is None else previous.upstreams, wiring)
    stores = {} if previous is None else previous.stores
    routes = [(route, _route(config, route, services)) for route in config.routes]
    if own:
        routes.append(_own_route(config, services))
    if asks_challenges(config):
        routes.append(_challenge_route(config, services))
    planted = planted_route(config)
    if planted is not None:
        runtime = _route(config, planted, services)
        routes.append((planted, replace(runtime, series=planted_series(runtime.series))))
    unrouted = build_series(config.guards, _UNROUTED, services)
    return Snapshot(
        generation=1 if previous is None else previous.generation + 1,
        config=config,
        router=Router(routes),
        upstreams=upstreams,
        destinations={upstream.name: _destination(upstream, upstreams) for upstream in behind},
        listeners={listener.name: ListenerRuntime.of(listener) for listener in config.listeners},
        stores={listener.name: _store(listener, stores) for listener in config.listeners if listener.tls is not None},
        forwarding=ForwardingRules(config.trusted_proxies),
        unrouted=unrouted,
        looks_at_refusals=any(series.looks_at_refusals for series in (unrouted, *(each.series for _, each in routes))),
    )


def _own_route(config: Config, services: Services) -> tuple[Route, RouteRuntime]:
    route = own_route()
    runtime = _route(config, route, services)
    return route, replace(runtime, series=own_series(runtime.series))


def _challenge_route(config: Config, services: Services) -> tuple[Route, RouteRuntime]:
    route = challenge_route()
    runtime = _route(config, route, services)
    return route, replace(runtime, series=challenge_series(runtime.series, services.challenger()))


def _route(config: Config, route: Route, services: Services) -> RouteRuntime:
    return RouteRuntime(
        config=route,
        series=build_series(effective_guards(config, route), route, services),
        choose=_chooser(route),
        rewrite=compile_rewrite(route.rewrite, route.paths),
        body_limit=route.body_bytes,
        timeout=route.timeout,
        upgrade=route.upgrade,
        infos={pattern: RouteInfo(route.name, pattern) for pattern in route.paths},
    )


def _chooser(route: Route) -> Callable[[Request], str]:
    if route.split:
        return TrafficSplit(route.split).choose
    name = route.upstream or ""
    return lambda _: name


def _destination(upstream: Upstream, upstreams: Upstreams[ClientConnection]) -> Destination:
    return Destination(
        name=upstream.name,
        group=upstreams[upstream.name],
        response_timeout=upstream.timeouts.response,
        read_timeout=upstream.timeouts.read,
        hash_key=_hash_key(upstream.hash_on) if upstream.balancing == "consistent_hash" else None,
    )


def _store(listener: Listener, known: dict[str, CertificateStore]) -> CertificateStore:
    if listener.tls is None:
        raise ValueError(f"listener {listener.name} has no TLS")
    return build_store(listener.tls, datetime.now(UTC), known.get(listener.name))


def _hash_key(hash_on: str) -> Callable[[Exchange], bytes | None]:
    kind, _, name = hash_on.partition(":")
    wanted = name.lower().encode("latin-1")
    if kind == "header":
        return lambda exchange: exchange.request.headers.get(wanted)
    if kind == "cookie":
        return lambda exchange: _cookie(exchange, name.encode("latin-1"))
    if kind == "path":
        return lambda exchange: exchange.request.path.encode("ascii")
    return lambda exchange: exchange.client.address.encode("ascii")


def _cookie(exchange: Exchange, name: bytes) -> bytes | None:
    for value in exchange.request.headers.get_all(b"cookie"):
        for pair in value.split(b";"):
            key, _, content = pair.strip().partition(b"=")
            if key == name:
                return content
    return None
