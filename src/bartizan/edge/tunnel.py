"""After 101 Switching Protocols: bytes pass both ways, with back-pressure, until one side ends or falls silent."""

from __future__ import annotations

import asyncio

__all__ = ["Tunnel"]


class _End(asyncio.Protocol):
    """One end: passes what it receives to the other side's transport."""

    __slots__ = ("_tunnel", "peer_transport", "received")

    def __init__(self, tunnel: Tunnel) -> None:
        self._tunnel = tunnel
        self.peer_transport: asyncio.Transport | None = None
        self.received = 0

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        self._tunnel.touch()
        peer = self.peer_transport
        if peer is None:
            self._tunnel.keep(self, data)
        else:
            peer.write(data)
            if peer.get_write_buffer_size() > self._tunnel.high_water:
                self._tunnel.pause(self)

    def eof_received(self) -> bool:
        """Pass a half-close on where the other side can carry it, else end both."""
        peer = self.peer_transport
        if peer is not None and peer.can_write_eof():
            peer.write_eof()
            return True
        self._tunnel.close()
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the signature is asyncio's
        self._tunnel.close()


class Tunnel:
    """Joins a client's and a node's connection. ``idle_timeout`` in seconds; ``closed`` is done when it has ended."""

    high_water = 256 * 1024  # bytes that may wait for the slower side

    def __init__(self, loop: asyncio.AbstractEventLoop, idle_timeout: float) -> None:
        self._loop = loop
        self._idle_timeout = idle_timeout
        self._touched = loop.time()
        self._early: list[tuple[_End, bytes]] = []
        self._transports: dict[_End, asyncio.Transport] = {}
        self.client_side = _End(self)
        """Receives what the client sends."""
        self.node_side = _End(self)
        """Receives what the node sends."""
        self.closed: asyncio.Future[None] = loop.create_future()

    def join(self, client: asyncio.Transport, node: asyncio.Transport | None) -> None:
        """Connect both transports and pass on what has already arrived."""
        if node is None or client.is_closing():
            self._transports = {self.client_side: client}
            self.close()
            return
        self._transports = {self.client_side: client, self.node_side: node}
        self.client_side.peer_transport = node
        self.node_side.peer_transport = client
        for end, data in self._early:
            end.data_received(data)
            end.received -= len(data)
        self._early.clear()

    async def run(self) -> None:
        """Wait for the end; closes both sides when nothing has moved for ``idle_timeout``, or when cancelled."""
        try:
            while not self.closed.done():
                left = self._touched + self._idle_timeout - self._loop.time()
                if left <= 0:
                    break
                await asyncio.wait((self.closed,), timeout=left)
        finally:
            self.close()

    def touch(self) -> None:
        """Note that something moved."""
        self._touched = self._loop.time()

    def keep(self, end: _End, data: bytes) -> None:
        """Keep what arrives before the other side is joined."""
        self._early.append((end, data))

    def pause(self, end: _End) -> None:
        """Stop reading on one side until the other has caught up."""
        own = self._transports.get(end)
        if own is not None and not own.is_closing():
            own.pause_reading()
            self._loop.call_later(0.005, self._try_resume, end)

    def _try_resume(self, end: _End) -> None:
        own, peer = self._transports.get(end), end.peer_transport
        if own is None or peer is None or own.is_closing():
            return
        if peer.is_closing() or peer.get_write_buffer_size() <= self.high_water // 4:
            self.touch()
            own.resume_reading()
        else:
            self._loop.call_later(0.005, self._try_resume, end)

    def close(self) -> None:
        """End both sides after what is written has been sent."""
        for transport in self._transports.values():
            transport.close()
        if not self.closed.done():
            self.closed.set_result(None)
