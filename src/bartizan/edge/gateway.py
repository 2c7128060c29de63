"""One worker's data plane: the connections it holds, the exchanges on them, and the snapshot they use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import time

from bartizan.edge.forwarding import ConnectionForwarding
from bartizan.edge.http1.client import ClientConnection
from bartizan.edge.http1.request_parser import Head
from bartizan.edge.http1.server import ServerConnection
from bartizan.edge.ids import ExchangeIds
from bartizan.edge.proxy import Proxy
from bartizan.edge.snapshot import ListenerRuntime, Snapshot
from bartizan.edge.stats import Stats
from bartizan.errors import RequestError
from bartizan.http.body import Body
from bartizan.http.headers import Headers
from bartizan.http.message import Request, Response
from bartizan.http.problem import error_response
from bartizan.http.target import TargetParser
from bartizan.pipeline import Client, Connection, Exchange, TlsInfo

__all__ = ["ConnectionContext", "Gateway"]

FAST_TICK = 0.1  # seconds between looks at what waits for upstreams
SLOW_TICK = 0.5  # seconds between looks at client connections


@dataclass(slots=True)
class ConnectionContext:
    """What the gateway knows about a client connection."""

    listener: str
    connection: Connection
    forwarding: ConnectionForwarding
    trusted: bool
