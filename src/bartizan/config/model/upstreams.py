"""``upstreams``: the servers behind the gateway."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bartizan.config.model.base import HASH_ON_PATTERN, Duration, Model, Name, Path, Status, TlsVersion

__all__ = [
    "ActiveCheck",
    "CircuitBreaker",
    "Dns",
    "HealthChecks",
    "Node",
    "PassiveCheck",
    "Pool",
    "Retries",
    "Upstream",
    "UpstreamTimeouts",
    "UpstreamTls",
]


class Node(Model):
    """One server: ``host:port``, ``[v6]:port`` or ``unix:/path``. A host name is resolved again after ``dns.ttl``."""

    address: Annotated[str, Field(description="host:port, [v6]:port or unix:/path")]
    weight: Annotated[int, Field(ge=0, le=1000, description="0 takes the node out without removing it")] = 1


class UpstreamTls(Model):
    """TLS towards the nodes. Verification can only be turned off by saying so."""

    verify: Annotated[bool, Field(description="check the nodes' certificates")] = True
    ca: Annotated[str | None, Field(description="PEM bundle; the system's authorities when absent")] = None
    server_name: Annotated[str | None, Field(description="SNI and name to verify; the node's host when absent")] = None
    certificate: Annotated[str | None, Field(description="PEM client certificate")] = None
    key: Annotated[str | None, Field(description="PEM key of the client certificate")] = None
    min_version: Annotated[TlsVersion, Field(description="the lowest version of TLS")] = "1.2"


class UpstreamTimeouts(Model):
    """How long a node may take."""

    connect: Annotated[Duration, Field(gt=0, description="for a connection, TLS included")] = "3s"  # type: ignore[assignment]
    response: Annotated[Duration, Field(gt=0, description="from the request's last byte to the response head")] = "60s"  # type: ignore[assignment]
    read: Annotated[Duration, Field(gt=0, description="between two reads of the response body")] = "60s"  # type: ignore[assignment]
    write: Annotated[Duration, Field(gt=0, description="for the node to take what was sent")] = "60s"  # type: ignore[assignment]


class Pool(Model):
    """Keep-alive connections per node and worker."""

    max_connections: Annotated[int, Field(ge=1, le=100000, description="open ones, in use or idle")] = 1024
    max_idle: Annotated[int, Field(ge=0, le=100000, description="idle ones that are kept")] = 128
    idle_timeout: Annotated[Duration, Field(gt=0, description="after which an idle connection is closed")] = "50s"  # type: ignore[assignment]
    max_pending: Annotated[int, Field(ge=0, description="exchanges that may wait for a connection")] = 1024
    pending_timeout: Annotated[Duration, Field(gt=0, description="for how long an exchange waits for a connection")] = (
        "1s"  # type: ignore[assignment]
    )


class ActiveCheck(Model):
    """A probe that each worker sends to every node."""

    type: Annotated[
        Literal["http", "tcp"],
        Field(
            description="`http`: a GET has to be answered with one of `statuses`; `tcp`: a connection has to succeed"
        ),
    ] = "http"
    path: Annotated[Path, Field(description="what an http probe asks for")] = "/"
    host: Annotated[str | None, Field(description="the probe's Host; the node's if absent")] = None
    interval: Annotated[Duration, Field(ge=0.05, description="between two probes of a node")] = "5s"  # type: ignore[assignment]
    timeout: Annotated[Duration, Field(gt=0, description="for one probe")] = "2s"  # type: ignore[assignment]
    healthy_threshold: Annotated[int, Field(ge=1, le=100, description="successes in a row that bring a node back")] = 2
    unhealthy_threshold: Annotated[int, Field(ge=1, le=100, description="failures in a row that take a node out")] = 3
    statuses: Annotated[list[Status], Field(description="codes or classes that count as healthy")] = ["2xx", "3xx"]


class PassiveCheck(Model):
    """Outlier ejection: nodes that fail real exchanges are left out for a while."""

    consecutive_failures: Annotated[int, Field(ge=1, description="failures in a row that eject a node")] = 5
    statuses: Annotated[list[Status], Field(description="codes or classes that count as a failure")] = [
        "502",
        "503",
        "504",
    ]
    ejection_time: Annotated[Duration, Field(gt=0, description="doubles with each ejection in a row")] = "10s"  # type: ignore[assignment]
    max_ejection_time: Annotated[Duration, Field(gt=0, description="the longest ejection")] = "5m"  # type: ignore[assignment]
    max_ejection_percent: Annotated[
        int, Field(ge=0, le=100, description="of the nodes that may be out at once, for whatever reason")
    ] = 50


class HealthChecks(Model):
    """How the health of nodes is known."""

    active: Annotated[ActiveCheck | None, Field(description="probes; none when absent")] = None
    passive: Annotated[PassiveCheck | None, Field(description="what real exchanges tell; null turns it off")] = (
        PassiveCheck()
    )


class CircuitBreaker(Model):
    """Stops sending to an upstream that fails as a whole: closed, open, half-open."""

    failure_ratio: Annotated[float, Field(gt=0, le=1, description="share of failures in `window` that opens it")] = 0.5
    min_requests: Annotated[int, Field(ge=1, description="exchanges in `window` before the ratio counts")] = 20
    window: Annotated[Duration, Field(gt=0, description="that failures are counted over")] = "10s"  # type: ignore[assignment]
    open_time: Annotated[Duration, Field(gt=0, description="for how long nothing is sent")] = "5s"  # type: ignore[assignment]
    half_open_requests: Annotated[int, Field(ge=1, description="exchanges let through then; all have to succeed")] = 3


class Retries(Model):
    """Retries happen only where they are safe: nothing sent, or the method idempotent and the body replayable."""

    attempts: Annotated[int, Field(ge=0, le=10, description="after the first try")] = 1
    statuses: Annotated[list[Status], Field(description="answers to idempotent requests that are tried again")] = []
    budget_percent: Annotated[int, Field(ge=0, le=100, description="retries allowed, as a share of exchanges")] = 20


class Dns(Model):
    """How host names of nodes are resolved."""

    ttl: Annotated[Duration, Field(gt=0, description="for how long an answer is used")] = "30s"  # type: ignore[assignment]


class Upstream(Model):
    """A named group of nodes that serve the same API."""

    name: Annotated[Name, Field(description="what routes call it")]
    nodes: Annotated[list[Node], Field(min_length=1, max_length=1000, description="its servers")]
    balancing: Annotated[
        Literal["round_robin", "least_connections", "consistent_hash"], Field(description="how a node is chosen")
    ] = "round_robin"
    hash_on: Annotated[
        str,
        Field(
            pattern=HASH_ON_PATTERN,
            description="key for consistent_hash: address, path, header:NAME or cookie:NAME",
        ),
    ] = "address"
    tls: Annotated[UpstreamTls | None, Field(description="speak TLS to the nodes; plain text when absent")] = None
    host_header: Annotated[
        str,
        Field(
            description="Host that nodes see: `preserve` the client's, the `node`'s own, or a fixed name",
        ),
    ] = "preserve"
    timeouts: Annotated[UpstreamTimeouts, Field(description="how long a node may take")] = UpstreamTimeouts()
    pool: Annotated[Pool, Field(description="connections that are kept")] = Pool()
    health_checks: Annotated[HealthChecks, Field(description="how the health of nodes is known")] = HealthChecks()
    circuit_breaker: Annotated[CircuitBreaker | None, Field(description="none when absent")] = None
    retries: Annotated[Retries, Field(description="when an exchange is tried again")] = Retries()
    dns: Annotated[Dns, Field(description="how host names are resolved")] = Dns()
