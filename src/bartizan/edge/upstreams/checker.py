"""Active checks: a probe of one node, sent again and again."""

from __future__ import annotations

import asyncio
import random
import re
import ssl
from collections.abc import Callable

from bartizan.config.model.upstreams import ActiveCheck
from bartizan.edge.upstreams.address import Endpoint
from bartizan.edge.upstreams.dial import Dialer
from bartizan.edge.upstreams.health import Health
from bartizan.edge.upstreams.node import Node
from bartizan.edge.upstreams.statuses import status_table
from bartizan.errors import UpstreamError

__all__ = ["Checker", "Streams", "open_streams"]

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_MAX_HEAD = 16 * 1024  # bytes of a probe's response head
_MAX_INTERIM = 8  # 1xx responses before the final one (RFC 9110 section 15.2)
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: [^\r\n]*)?\r\n")


async def open_streams(
    node: Node,  # noqa: ARG001 - a Connector
    endpoint: Endpoint,
    context: ssl.SSLContext | None,
    server_name: str | None,
) -> Streams:
    """Open a connection for a probe (a ``Connector``)."""
    name = server_name if context else None
    if isinstance(endpoint, str):
        return await asyncio.open_unix_connection(endpoint, ssl=context, server_hostname=name, limit=_MAX_HEAD)
    return await asyncio.open_connection(*endpoint, ssl=context, server_hostname=name, limit=_MAX_HEAD)


class Checker:
    """Probes one node as ``config`` says; ``changed`` is called with the node and why, when its health has changed."""

    def __init__(
        self,
        node: Node,
        config: ActiveCheck,
        dialer: Dialer[Streams],
        changed: Callable[[Node, str], None],
        rng: random.Random,
    ) -> None:
        self._node = node
        self._config = config
        self._dialer = dialer
        self._changed = changed
        self._rng = rng
        self._good = status_table(config.statuses)
        host = config.host or node.authority.decode("ascii")
        self._request = (
            f"GET {config.path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: bartizan-health-check\r\n"
            "Accept: */*\r\nConnection: close\r\n\r\n"
        ).encode("ascii")

    async def run(self) -> None:
        """Probe until cancelled; intervals vary by a tenth, so that workers and nodes do not fall into step."""
        config, node = self._config, self._node
        health = Health(config.healthy_threshold, config.unhealthy_threshold, healthy=node.healthy)
        await asyncio.sleep(config.interval * self._rng.uniform(0, 0.1))
        while True:
            problem = await self.probe()
            if health.observe(good=problem is None):
                node.healthy = health.healthy
                self._changed(node, problem or "the probe succeeded")
            await asyncio.sleep(config.interval * self._rng.uniform(0.9, 1.1))

    async def probe(self) -> str | None:
        """Send one probe; returns what is wrong, or None if the node is well."""
        try:
            async with asyncio.timeout(self._config.timeout):
                reader, writer = await self._dialer.dial(self._node)
                try:
                    return await self._ask(reader, writer) if self._config.type == "http" else None
                finally:
                    writer.transport.abort()
        except TimeoutError:
            return f"no answer within {self._config.timeout:g} s"
        except UpstreamError as error:
            return str(error)
        except asyncio.IncompleteReadError:
            return "the node closed the connection before its response head was complete"
        except asyncio.LimitOverrunError:
            return f"the response head is larger than {_MAX_HEAD} bytes"
        except OSError as error:
            return error.strerror or str(error)

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str | None:
        writer.write(self._request)
        for _ in range(_MAX_INTERIM):
            head = await reader.readuntil(b"\r\n\r\n")
            match = _STATUS_LINE.match(head)
            if match is None:
                return "the response is not HTTP/1.1"
            status = int(match[1])
            if status >= 200:
                return None if self._good[status] else f"status {status}"
        return f"more than {_MAX_INTERIM} interim responses"
