"""One whole configuration in the form that exchanges use. A reload builds another and swaps the reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bartizan.config.model import Config, Limits, Listener, Route
from bartizan.edge.forwarding import ForwardingRules
from bartizan.edge.http1.client import ClientConnection
from bartizan.edge.http1.request_parser import ParserLimits
from bartizan.edge.rewrite import CompiledRewrite
from bartizan.edge.router import Router
from bartizan.edge.upstreams import Node, UpstreamGroup, Upstreams
from bartizan.http.headers import Headers
from bartizan.http.message import Request
from bartizan.pipeline import Exchange, RouteInfo, Series

__all__ = ["Destination", "ListenerRuntime", "RouteRuntime", "Snapshot"]


@dataclass(frozen=True, slots=True)
class ListenerRuntime:
    """A listener's limits as its connections use them; implements ``http1.server.ConnectionLimits``."""

    name: str
    parser: ParserLimits
    header_timeout: float
    body_timeout: float
    idle_timeout: float
    write_timeout: float
    tunnel_idle_timeout: float
    min_rate: int
    requests_per_connection: int
    connections: int
    connections_per_client: int
    body_bytes: int
    escaped_slashes: str

    @classmethod
    def of(cls, listener: Listener) -> ListenerRuntime:
        """Take over what the configuration says."""
        limits: Limits = listener.limits
        timeouts = limits.timeouts
        return cls(
            name=listener.name,
            parser=ParserLimits(
                limits.header_count, limits.header_bytes, limits.target_bytes, listener.underscores_in_headers
            ),
            header_timeout=timeouts.header,
            body_timeout=timeouts.body,
            idle_timeout=timeouts.idle,
            write_timeout=timeouts.write,
            tunnel_idle_timeout=timeouts.tunnel_idle,
            min_rate=limits.min_rate,
            requests_per_connection=limits.requests_per_connection,
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
    host_header: str
    hash_key: Callable[[Exchange], bytes] | None

    def host(self, request: Request, node: Node) -> bytes:
        """Return the Host that a node sees."""
        if self.host_header == "preserve":
            return request.authority.encode("ascii")
        if self.host_header == "node":
            return node.name.encode("ascii")
        return self.host_header.encode("ascii")


@dataclass(frozen=True, slots=True)
class RouteRuntime:
    """A route with everything an exchange needs of it; ``timeout`` in seconds, ``body_limit`` in bytes."""

    config: Route
    info: RouteInfo
    series: Series
    choose: Callable[[Headers], str]
    rewrite: CompiledRewrite | None
    body_limit: int | None
    timeout: float | None
    upgrade: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All of it. ``generation`` counts the configurations that this worker has served."""

    generation: int
    config: Config
    router: Router[RouteRuntime]
    upstreams: Upstreams[ClientConnection]
    destinations: Mapping[str, Destination]
    listeners: Mapping[str, ListenerRuntime]
    forwarding: ForwardingRules
