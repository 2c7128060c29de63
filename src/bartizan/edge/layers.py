"""What the layers below a wire protocol have in common: ``[PROXY protocol] -> [TLS] -> HTTP``.

A layer is an asyncio protocol on a transport. When it knows its facts it makes the next protocol with a factory that
takes them as arguments, so that nothing above has to ask a transport for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bartizan.pipeline import TlsInfo

__all__ = ["InnerFactory", "PeerName", "hand_over"]

PeerName = tuple[str, int] | str
"""Who connected: address and port, or the path of a Unix socket."""

InnerFactory = Callable[[PeerName | None, TlsInfo | None], asyncio.BaseProtocol]
"""Makes the next protocol. Without a peer name, the one of the transport holds; without TLS facts, there is no TLS."""


def hand_over(transport: asyncio.Transport, protocol: asyncio.BaseProtocol, data: bytes) -> None:
    """Step out of the way: from now on ``transport`` talks to ``protocol``, which first gets ``data`` already read."""
    transport.set_protocol(protocol)
    protocol.connection_made(transport)
    if not data or transport.is_closing():
        return
    if isinstance(protocol, asyncio.Protocol):
        protocol.data_received(data)
        return
    if not isinstance(protocol, asyncio.BufferedProtocol):
        raise TypeError(f"{type(protocol).__name__} is not a stream protocol")
    left = memoryview(data)
    while left and not transport.is_closing():
        buffer = memoryview(protocol.get_buffer(len(left))).cast("B")
        count = min(len(buffer), len(left))
        buffer[:count] = left[:count]
        protocol.buffer_updated(count)
        left = left[count:]
