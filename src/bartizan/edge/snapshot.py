"""One whole configuration in the form that exchanges use. A reload builds another and swaps the reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bartizan.config.model import Config, Listener, Route
from bartizan.edge.forwarding import ForwardingRules
from bartizan.edge.http1.client import ClientConnection
from bartizan.edge.http1.contract import ConnectionLimits
from bartizan.edge.http1.request_parser import ParserLimits
from bartizan.edge.rewrite import CompiledRewrite
from bartizan.edge.router import Router
from bartizan.edge.tls.contexts import CertificateStore
from bartizan.edge.upstreams import UpstreamGroup, Upstreams
from bartizan.http.message import Request
from bartizan.pipeline import Exchange, RouteInfo, Series

__all__ = ["Destination", "ListenerRuntime", "RouteRuntime", "Snapshot"]


@dataclass(frozen=True, slots=True)
class ListenerRuntime:
    """A listener as its connections use it; times in seconds, sizes in bytes."""

    name: str
    limits: ConnectionLimits
    tunnel_idle_timeout: float
    connections: int
    connections_per_client: int
    body_bytes: int
    escaped_slashes: str

    @classmethod
    def of(cls, listener: Listener) -> ListenerRuntime:
        """Take over what the configuration says."""
        limits = listener.limits
        timeouts = limits.timeouts
        return cls(
            name=listener.name,
            limits=ConnectionLimits(
                parser=ParserLimits(
                    limits.header_count, limits.header_bytes, limits.target_bytes, listener.underscores_in_headers
                ),
                header_timeout=timeouts.header,
                body_timeout=timeouts.body,
                idle_timeout=timeouts.idle,
                write_timeout=timeouts.write,
                min_rate=limits.min_rate,
                requests_per_connection=limits.requests_per_connection,
            ),
            tunnel_idle_timeout=timeouts.tunnel_idle,
            connections=limits.connections,
            connections_per_client=limits.connections_per_client,
            body_bytes=limits.body_bytes,
            escaped_slashes=listener.escaped_slashes,
        )


@dataclass(frozen=True, slots=True)
class Destination:
    """An upstream with what an exchange needs of its configuration; times in seconds."""

    name: str
    group: UpstreamGroup[ClientConnection]
    response_timeout: float
    read_timeout: float
    hash_key: Callable[[Exchange], bytes | None] | None


@dataclass(frozen=True, slots=True)
class RouteRuntime:
    """A route with everything an exchange needs of it; ``timeout`` in seconds, ``body_limit`` in bytes."""

    config: Route
    series: Series
    choose: Callable[[Request], str]
    rewrite: CompiledRewrite | None
    body_limit: int | None
    timeout: float | None
    upgrade: bool
    infos: Mapping[str, RouteInfo]
    """By path pattern."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All of it. ``generation`` counts the configurations that this worker has served."""

    generation: int
    config: Config
    router: Router[RouteRuntime]
    upstreams: Upstreams[ClientConnection]
    destinations: Mapping[str, Destination]
    listeners: Mapping[str, ListenerRuntime]
    stores: dict[str, CertificateStore]
    forwarding: ForwardingRules
    unrouted: Series
    """The guards by default: they see what no route fits."""
    looks_at_refusals: bool
    """Whether any guard looks at requests that were refused."""
