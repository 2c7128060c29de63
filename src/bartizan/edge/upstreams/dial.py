"""Opening a connection to a node: which address, how long, and what a failure is called."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from bartizan.edge.upstreams.address import Endpoint
from bartizan.edge.upstreams.node import Node
from bartizan.edge.upstreams.resolve import Resolver
from bartizan.errors import UpstreamError, UpstreamTimeout, UpstreamUnreachable

__all__ = ["Connector", "Dialer"]

C = TypeVar("C")

Connector = Callable[[Node, Endpoint, ssl.SSLContext | None, str | None], Awaitable[C]]
"""Opens a connection to an endpoint of a node, with TLS if there is a context, for which the last argument is the
server's name (empty: none to send or verify). Raises ``OSError`` (of which ``ssl.SSLError`` is one)."""


class Dialer(Generic[C]):
    """Opens connections to the nodes of one upstream with ``connector``, within ``timeout`` seconds."""

    def __init__(
        self,
        connector: Connector[C],
        resolver: Resolver,
        *,
        timeout: float,
        context: ssl.SSLContext | None = None,
        server_names: dict[Node, str] | None = None,
    ) -> None:
        self._connector = connector
        self._resolver = resolver
        self._timeout = timeout
        self._context = context
        self._server_names = server_names or {}

    async def dial(self, node: Node) -> C:
        """Return a connection to ``node``; if it has several addresses, they take turns, and the next is tried.

        What is left of the time is shared out evenly among the addresses left. Raises ``UpstreamTimeout`` or
        ``UpstreamUnreachable`` (nothing was sent), the last address's.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timeout
        try:
            async with asyncio.timeout_at(deadline):
                endpoints = await self._resolver.endpoints(node)
        except TimeoutError:
            raise UpstreamTimeout(f"the name of node {node.name} was not resolved in {self._timeout:g} s") from None
        turn, count = node.turn, len(endpoints)
        node.turn = (turn + 1) % count
        problem: UpstreamError | None = None
        for tried in range(count):
            share = (deadline - loop.time()) / (count - tried)
            endpoint = endpoints[(turn + tried) % count]
            try:
                async with asyncio.timeout(share):
                    return await self._connector(node, endpoint, self._context, self._server_names.get(node))
            except UpstreamError as error:
                problem = error
            except OSError as error:
                problem = _named(error, node, endpoint, self._timeout)
        raise problem or UpstreamUnreachable(f"node {node.name} has no address", sent=False)


def _named(error: OSError, node: Node, endpoint: Endpoint, timeout: float) -> UpstreamError:
    where = f"node {node.name}"
    if not isinstance(endpoint, str) and endpoint[0] != node.address.host:
        where += f" at {endpoint[0]}"
    if isinstance(error, TimeoutError):
        return UpstreamTimeout(
            f"{where} did not accept a connection within {timeout:g} s: see whether it is up, or raise timeouts.connect"
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return UpstreamUnreachable(
            f"{where}: its certificate was refused ({error.verify_message}): see tls.ca and tls.server_name", sent=False
        )
    if isinstance(error, ssl.SSLError):
        return UpstreamUnreachable(f"{where}: the TLS handshake failed ({error.reason or error})", sent=False)
    why = os.strerror(error.errno) if error.errno else str(error)
    return UpstreamUnreachable(f"{where}: cannot connect ({why})", sent=False)
