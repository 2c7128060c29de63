"""Host names of nodes: resolved before they are needed, and again after ``dns.ttl``.

The system's resolver does not tell the TTL of what it answers, hence the configured one. A name that cannot be resolved
any more keeps the addresses it had last: an outage of DNS is not one of the upstream.
"""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Awaitable, Callable

from structlog.typing import FilteringBoundLogger

from bartizan.edge.upstreams.address import Endpoint
from bartizan.edge.upstreams.node import Node
from bartizan.errors import UpstreamUnreachable

__all__ = ["Lookup", "Resolver", "system_lookup"]

Lookup = Callable[[str, int], Awaitable[tuple[Endpoint, ...]]]
"""Takes a host name and a port, returns its endpoints in order of preference; raises ``OSError`` if it cannot."""

LOOKUP_TIMEOUT = 10.0  # seconds
MAX_ADDRESSES = 64  # of one name
_FIRST_RETRY = 1.0  # seconds after a failure, doubled up to the TTL


async def system_lookup(host: str, port: int) -> tuple[Endpoint, ...]:
    """Ask the system's resolver, in the loop's executor."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return tuple(dict.fromkeys((str(sockaddr[0]), port) for *_, sockaddr in found))


class Resolver:
    """Keeps ``node.endpoints`` current. ``moved`` is called with a node that has lost an address it had."""

    def __init__(
        self,
        ttl: float,
        log: FilteringBoundLogger,
        *,
        lookup: Lookup = system_lookup,
        moved: Callable[[Node], None],
        rng: random.Random,
    ) -> None:
        self._ttl = ttl
        self._log = log
        self._lookup = lookup
        self._moved = moved
        self._rng = rng
        self._running: dict[Node, asyncio.Task[str | None]] = {}

    async def endpoints(self, node: Node) -> tuple[Endpoint, ...]:
        """Return where ``node`` is, waiting only if that has never been known.

        Raises ``UpstreamUnreachable`` if its name cannot be resolved.
        """
        if not node.endpoints:
            problem = await self._refresh(node)
            if not node.endpoints:
                raise UpstreamUnreachable(f"the name of node {node.name} cannot be resolved: {problem}", sent=False)
        return node.endpoints

    async def keep_fresh(self, node: Node) -> None:
        """Resolve the name of ``node`` again and again, until cancelled."""
        delay = _FIRST_RETRY
        while True:
            problem = await self._refresh(node)
            if problem is None:
                delay = _FIRST_RETRY
                await asyncio.sleep(self._ttl * self._rng.uniform(0.9, 1.1))
            else:
                await asyncio.sleep(min(delay, self._ttl))
                delay *= 2

    async def _refresh(self, node: Node) -> str | None:
        """Resolve once, together with whoever asks at the same time; returns what is wrong, or None."""
        task = self._running.get(node)
        if task is None:
            task = self._running[node] = asyncio.get_running_loop().create_task(self._resolve(node))
            task.add_done_callback(lambda _: self._running.pop(node, None))
        return await asyncio.shield(task)

    async def _resolve(self, node: Node) -> str | None:
        try:
            async with asyncio.timeout(LOOKUP_TIMEOUT):
                found = (await self._lookup(node.address.host, node.address.port))[:MAX_ADDRESSES]
        except TimeoutError:
            problem = f"no answer within {LOOKUP_TIMEOUT:g} s"
        except (OSError, UnicodeError) as error:  # UnicodeError: a label that IDNA cannot encode
            problem = str(error)
        else:
            if found:
                self._take(node, found)
                return None
            problem = "the name has no addresses"
        self._log.warning("upstream_name_not_resolved", node=node.name, error=problem, kept=len(node.endpoints))
        return problem

    def _take(self, node: Node, found: tuple[Endpoint, ...]) -> None:
        before, node.endpoints = node.endpoints, found
        if set(before) != set(found):
            self._log.info("upstream_name_resolved", node=node.name, addresses=[str(endpoint[0]) for endpoint in found])
        if set(before) - set(found):
            self._moved(node)

    async def stop(self) -> None:
        """End look-ups that are still under way."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
