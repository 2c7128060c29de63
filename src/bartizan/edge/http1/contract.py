"""What a server connection needs from outside, and the phases it goes through (drawn in ``server``)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from bartizan.edge.http1.request_parser import Head, ParserLimits
from bartizan.errors import RequestError
from bartizan.http.body import Body
from bartizan.http.message import Response

if TYPE_CHECKING:
    from bartizan.edge.http1.server import ServerConnection

__all__ = ["ConnectionLimits", "Exchanges", "Journey", "Phase"]


class Phase(Enum):
    """Where a connection is; the module's header draws the transitions."""

    OPEN = "open"
    HEAD = "head"
    EXCHANGE = "exchange"
    TUNNEL = "tunnel"
    LINGER = "linger"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What the listener's configuration says; times in seconds, rates in bytes per second."""

    parser: ParserLimits
    header_timeout: float = 10.0
    body_timeout: float = 30.0
    idle_timeout: float = 75.0
    write_timeout: float = 30.0
    min_rate: int = 240
    requests_per_connection: int = 100_000


Journey = object
"""An exchange with what its server needs besides; opaque to connections."""


class Exchanges(Protocol):
    """The rest of the gateway, as a connection sees it."""

    def opened(self, connection: ServerConnection, transport: asyncio.Transport) -> bool:
        """Take note of a new connection; False refuses it."""
        ...

    def begin(self, connection: ServerConnection, head: Head, body: Body | None) -> Journey:
        """Return the exchange for a request head, ready to be served. Raises ``RequestError``."""
        ...

    def serve(self, connection: ServerConnection, journey: Journey) -> Coroutine[Any, Any, None]:
        """Carry an exchange to its end, over ``connection`` as its ``Stream``."""
        ...

    def refused(self, connection: ServerConnection, error: RequestError, data: bytes) -> Response:
        """Record a request that never became an exchange, and return the answer; ``data`` is what has arrived of it."""
        ...

    def closed(self, connection: ServerConnection) -> None:
        """Forget a connection."""
        ...

    @property
    def draining(self) -> bool:
        """Whether connections should end after their current exchange."""
        ...
