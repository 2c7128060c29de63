"""An upstream as the proxy sees it: pick a node, get a connection, give it back, say how it went.

One try of an exchange is::

    node = group.pick(key, tried)
    connection = group.acquire(node) or await group.connect(node)
    ...                                     # the exchange
    group.succeeded(node, status)           # or failed(node, reason, stale=...), or neither if the client went away
    group.release(node, connection)         # in any case, once ``acquire`` or ``connect`` has given one

Where all nodes are out, exchanges are refused with 503; there is no "panic mode" that sends to nodes known to be bad.
``max_ejection_percent`` already sees to it that passive checks alone leave some nodes in, and what active checks call
dead has refused probes: sending to it would only turn a quick and honest 503 into a slow 502, and add load to servers
that try to come back.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Callable, Container, Coroutine
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar, cast

from structlog.typing import FilteringBoundLogger

from bartizan.config.model.upstreams import PassiveCheck, Upstream
from bartizan.edge.upstreams import tls
from bartizan.edge.upstreams.address import parse_address
from bartizan.edge.upstreams.balance import BALANCERS
from bartizan.edge.upstreams.checker import Checker, open_streams
from bartizan.edge.upstreams.circuit import Circuit, CircuitState
from bartizan.edge.upstreams.dial import Connector, Dialer
from bartizan.edge.upstreams.events import Events, Kind, UpstreamEvent, ignore
from bartizan.edge.upstreams.node import Node
from bartizan.edge.upstreams.outlier import OutlierDetector
from bartizan.edge.upstreams.pool import Pool, PooledConnection
from bartizan.edge.upstreams.resolve import Lookup, Resolver, system_lookup
from bartizan.edge.upstreams.retry import RetryPolicy
from bartizan.edge.upstreams.status import GroupStatus, NodeStatus
from bartizan.edge.upstreams.statuses import status_table
from bartizan.errors import UpstreamError, UpstreamUnavailable
from bartizan.http.message import Request

__all__ = ["UpstreamGroup", "Wiring"]

C = TypeVar("C", bound=PooledConnection)
T = TypeVar("T")

_OTHER_HOSTS = ("preserve", "node")
_SWEEP_INTERVAL = 5.0  # seconds between two looks for connections that were idle for too long, at most


@dataclass(frozen=True, slots=True)
class Wiring(Generic[C]):
    """What upstreams get from outside. ``clock`` gives monotonic seconds; relative paths count from ``directory``.

    ``connector`` has to open connections that call ``node.pool.closed`` with themselves when they are closed.
    """

    connector: Connector[C]
    clock: Callable[[], float]
    log: FilteringBoundLogger
    events: Events = ignore
    rng: random.Random = field(default_factory=random.Random)
    lookup: Lookup = system_lookup
    directory: Path = Path()


class UpstreamGroup(Generic[C]):
    """The nodes of one upstream, in one worker.

    Building one has no effects (it may happen in another thread); ``start`` has. Raises ``ValueError`` for a node's
    address or a status that is none, ``TlsError`` for certificates that cannot be used.
    """

    def __init__(self, config: Upstream, wiring: Wiring[C]) -> None:
        self.config = config
        self.name = config.name
        self.fingerprint = tls.fingerprint(config.tls, wiring.directory)
        """Changes with the content of the certificate files."""
        port = 80 if config.tls is None else 443
        self.nodes = tuple(Node(parse_address(node.address), node.weight, default_port=port) for node in config.nodes)
        self._retries = RetryPolicy(config.retries)
        self._fixed_host = None if config.host_header in _OTHER_HOSTS else config.host_header.encode("ascii")
        self._preserve_host = config.host_header == "preserve"
        self._wiring = wiring
        self._clock = wiring.clock
        self._log = wiring.log.bind(upstream=config.name)
        self._balancer = BALANCERS[config.balancing](self.nodes)
        passive = config.health_checks.passive
        self._bad_status = status_table((passive or PassiveCheck()).statuses)
        self._outlier = None if passive is None else OutlierDetector(passive, self.nodes)
        self._next_return = float("inf")
        self._circuit = None if config.circuit_breaker is None else Circuit(config.circuit_breaker)
        self._circuit_state = CircuitState.CLOSED
        self._count_exchange = self._retries.budget.count
        self._resolver = Resolver(
            config.dns.ttl, self._log, lookup=wiring.lookup, moved=lambda node: node.pool.flush(), rng=wiring.rng
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._prepare_connections()

    # on the path of an exchange

    def pick(self, key: bytes | None = None, exclude: Container[Node] = ()) -> Node:
        """Return the node for the next try. ``key`` is for consistent hashing; ``exclude`` what a retry has tried.

        Where all usable nodes have been tried, one of them is tried again. Raises ``UpstreamUnavailable``, which says
        why no node may be used; after a failed try, answer with that try's error rather than with this one.
        """
        now = self._clock()
        if now >= self._next_return:
            self._let_return(now)
        node = self._balancer.pick(key, exclude)
        if node is None:
            node = self._balancer.pick(key) if exclude else None
            if node is None:
                raise self._unavailable()
        if self._circuit is not None:
            self._pass_circuit(self._circuit, now)
        if not exclude:
            self._count_exchange(now)
        node.picks += 1
        return node

    def acquire(self, node: Node) -> C | None:
        """Return an idle connection to ``node``, or None: then ``connect``."""
        connection = cast("C | None", node.pool.take())
        if connection is not None:
            node.in_flight += 1
        return connection

    async def connect(self, node: Node) -> C:
        """Return a new connection to ``node``, or the next one that comes free where no more may be opened.

        Raises ``UpstreamUnreachable`` or ``UpstreamTimeout`` (nothing was sent: the node failed), or
        ``UpstreamUnavailable`` where the pool's limits are reached (the node did not fail).
        """
        node.in_flight += 1
        try:
            return cast(C, await node.pool.connect())
        except BaseException:
            node.in_flight -= 1
            raise

    def release(self, node: Node, connection: C) -> None:
        """Take back what ``acquire`` or ``connect`` gave, once. It is kept for others if it is ``reusable``."""
        node.in_flight -= 1
        node.pool.release(connection)

    def succeeded(self, node: Node, status: int) -> None:
        """Take in that ``node`` answered; some statuses count as failures (``health_checks.passive.statuses``)."""
        if self._bad_status[status]:
            self.failed(node, f"status {status}")
            return
        node.consecutive_failures = 0
        circuit = self._circuit
        if circuit is not None:
            circuit.succeeded(self._clock())
            if circuit.state is not self._circuit_state:
                self._circuit_moved(circuit, "the probes succeeded")

    def failed(self, node: Node, reason: UpstreamError | str, *, stale: bool = False) -> None:
        """Take in that ``node`` did not answer as it should.

        ``UpstreamUnavailable`` is not counted: there the limits of the pool were reached, and no node was asked.
        ``stale`` tells that a reused connection ended without one byte of a response: the node has closed it while it
        was idle, which it may do at any time (RFC 9112 section 9.5) and which says nothing about its health.
        """
        if stale or isinstance(reason, UpstreamUnavailable):
            return
        node.failures += 1
        now = self._clock()
        if self._outlier is not None and self._outlier.failed(node, now):
            self._next_return = self._outlier.next_return()
            self._tell(node, "ejected", f"{reason}; {node.consecutive_failures} failures in a row")
        circuit = self._circuit
        if circuit is not None:
            circuit.failed(now)
            if circuit.state is not self._circuit_state:
                self._circuit_moved(circuit, str(reason))

    def may_retry(
        self, error: UpstreamError, method: str, retries: int, *, sent: bool, replayable: bool, stale: bool = False
    ) -> bool:
        """Tell whether to try again after a failed try; see ``RetryPolicy.after_error``."""
        return self._retries.after_error(
            error, method, retries, sent=sent, replayable=replayable, stale=stale, now=self._clock()
        )

    def may_retry_status(self, status: int, method: str, retries: int, *, replayable: bool) -> bool:
        """Tell whether to try again after a response (``retries.statuses``); see ``RetryPolicy.after_status``."""
        return self._retries.after_status(status, method, retries, replayable=replayable, now=self._clock())

    def host_header(self, node: Node, request: Request) -> bytes:
        """Return the Host that ``node`` is sent with ``request``."""
        if self._preserve_host:
            return request.authority.encode("latin-1")
        return self._fixed_host or node.authority

    # around it

    def inherit(self, other: UpstreamGroup[C]) -> None:
        """Take over what ``other``, an earlier configuration of this upstream, knows of nodes at the same addresses."""
        checks = self.config.health_checks
        known = {node.name: node for node in other.nodes}
        for node in self.nodes:
            if node.name in known:
                node.inherit(known[node.name], active=checks.active is not None, passive=checks.passive is not None)
        if self._outlier is not None:
            self._next_return = self._outlier.next_return()
        self._balancer.refresh()

    def start(self) -> None:
        """Begin to check, to resolve and to sweep, in the running loop; no effect if that has begun already."""
        if self._tasks:
            return
        self._spawn(self._sweep())
        for node in self.nodes:
            if node.address.endpoint is None:
                self._spawn(self._resolver.keep_fresh(node))
        active = self.config.health_checks.active
        if active is not None:
            dialer = self._dialer(open_streams, active.timeout)
            for node in self.nodes:
                self._spawn(Checker(node, active, dialer, self._health_changed, self._wiring.rng).run())

    async def stop(self) -> None:
        """End the background work and close what is idle.

        Exchanges that are on their way go on, new connections included; what they release is closed.
        """
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._resolver.stop()
        for node in self.nodes:
            node.pool.retire()

    def drain(self, node: Node) -> None:
        """Send nothing more to ``node``; exchanges that it has go on."""
        node.draining = True
        node.refresh()
        self._balancer.refresh()
        node.pool.retire()

    @property
    def in_flight(self) -> int:
        """How many exchanges hold or wait for a connection."""
        return sum(node.in_flight for node in self.nodes)

    def status(self) -> GroupStatus:
        """Return how things stand."""
        circuit = None if self._circuit is None else self._circuit.state.value
        return GroupStatus(self.name, circuit, tuple(NodeStatus.of(node) for node in self.nodes))

    # inside

    def _prepare_connections(self) -> None:
        config = self.config
        self._context: ssl.SSLContext | None = None
        self._server_names: dict[Node, str] = {}
        if config.tls is not None:
            context = self._context = tls.client_context(config.tls, self._wiring.directory)
            self._server_names = {node: tls.server_name(config.tls, node.address, context) for node in self.nodes}
        dialer = self._dialer(self._wiring.connector, config.timeouts.connect)
        for node in self.nodes:
            node.pool = Pool(node.name, config.pool, partial(dialer.dial, node), self._clock)

    def _dialer(self, connector: Connector[T], timeout: float) -> Dialer[T]:
        return Dialer(
            connector, self._resolver, timeout=timeout, context=self._context, server_names=self._server_names
        )

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.error("upstream_task_failed", exc_info=error)

    async def _sweep(self) -> None:
        interval = min(self.config.pool.idle_timeout / 2, _SWEEP_INTERVAL)
        while True:
            await asyncio.sleep(interval)
            for node in self.nodes:
                node.pool.sweep()

    def _let_return(self, now: float) -> None:
        if self._outlier is not None:
            back = self._outlier.returned(now)
            self._next_return = self._outlier.next_return()
            for node in back:
                self._tell(node, "returned", f"its ejection of {node.ejection_time:g} s is over")

    def _health_changed(self, node: Node, because: str) -> None:
        node.refresh()
        self._tell(node, "healthy" if node.healthy else "unhealthy", because)

    def _tell(self, node: Node, kind: Kind, because: str) -> None:
        self._balancer.refresh()
        self._log.warning("upstream_node_" + kind, node=node.name, because=because)
        self._wiring.events(UpstreamEvent(self.name, node.name, kind, because))

    def _pass_circuit(self, circuit: Circuit, now: float) -> None:
        allowed = circuit.allow(now)
        if circuit.state is not self._circuit_state:
            self._circuit_moved(circuit, "its open time is over")
        if not allowed:
            raise UpstreamUnavailable(
                f"upstream {self.name}: too many exchanges failed, its circuit breaker is {circuit.state.value} "
                f"for up to {circuit.retry_after(now):.1f} s more"
            )

    def _circuit_moved(self, circuit: Circuit, because: str) -> None:
        self._circuit_state = circuit.state
        kind = _CIRCUIT_KINDS[circuit.state]
        self._log.warning("upstream_" + kind, because=because)
        self._wiring.events(UpstreamEvent(self.name, None, kind, because))

    def _unavailable(self) -> UpstreamUnavailable:
        counts = {
            "unhealthy": sum(not node.healthy for node in self.nodes),
            "ejected": sum(node.ejected for node in self.nodes),
            "draining": sum(node.draining for node in self.nodes),
            "of weight 0": sum(node.weight == 0 for node in self.nodes),
        }
        listed = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
        return UpstreamUnavailable(f"upstream {self.name}: none of its {len(self.nodes)} nodes may be used: {listed}")


_CIRCUIT_KINDS: dict[CircuitState, Kind] = {
    CircuitState.OPEN: "circuit_open",
    CircuitState.HALF_OPEN: "circuit_half_open",
    CircuitState.CLOSED: "circuit_closed",
}
