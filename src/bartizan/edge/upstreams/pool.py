"""The keep-alive connections of one node: which are idle, how many there may be, and who waits for one.

    take() ─idle one─▶ in use ─release()─▶ idle ─idle_timeout / closed by the node─▶ gone
    connect() ─room─▶ connecting ─▶ in use        └─▶ straight to whoever waits longest
              └─no room─▶ pending, until a connection or room for one comes free, or pending_timeout

``max_connections`` bounds idle, in use and connecting together. A pool that is retired keeps nothing idle any more but
still serves those exchanges that had already chosen it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

from bartizan.config.model.upstreams import Pool as PoolConfig
from bartizan.errors import UpstreamUnavailable

__all__ = ["Pool", "PooledConnection"]


class PooledConnection(Protocol):
    """What a pool knows of a connection. When it closes, it calls the pool's ``closed`` with itself."""

    reusable: bool
    """Whether another exchange may use it: False while one does, and for ever once it is closed."""
    idle_since: float
    """For the pool: when it became idle, in monotonic seconds."""

    def close(self) -> None:
        """End the connection, whatever is going on; closing twice is no error."""
        ...


C = TypeVar("C", bound=PooledConnection)


class Pool(Generic[C]):
    """The connections of one worker to one node. ``dial`` opens one, ``clock`` gives monotonic seconds."""

    __slots__ = (
        "_clock",
        "_config",
        "_dial",
        "_idle",
        "_idle_timeout",
        "_in_use",
        "_max_idle",
        "_name",
        "_stale",
        "_waiting",
        "connections",
    )

    def __init__(
        self, name: str, config: PoolConfig, dial: Callable[[], Awaitable[C]], clock: Callable[[], float]
    ) -> None:
        self._name = name
        self._config = config
        self._dial = dial
        self._clock = clock
        self._idle: list[C] = []  # the most recently used last
        self._in_use: set[C] = set()
        self._stale: set[C] = set()  # in use, and to be closed when they are released
        self._waiting: deque[asyncio.Future[C | None]] = deque()
        self._idle_timeout = config.idle_timeout
        self._max_idle = config.max_idle
        self.connections = 0
        """Idle, in use and connecting together."""

    @property
    def idle(self) -> int:
        """How many connections are idle."""
        return len(self._idle)

    @property
    def pending(self) -> int:
        """How many exchanges wait for a connection."""
        return len(self._waiting)

    def take(self) -> C | None:
        """Return the connection that became idle last, or None if there is none that may be used."""
        idle = self._idle
        while idle:
            connection = idle.pop()
            if connection.reusable and self._clock() - connection.idle_since < self._idle_timeout:
                self._in_use.add(connection)
                return connection
            self._discard(connection)
        return None

    async def connect(self) -> C:
        """Return a new connection, or the next one that comes free where no more may be opened.

        Raises what ``dial`` raises, and ``UpstreamUnavailable`` if too many wait already or for too long.
        """
        if self.connections >= self._config.max_connections:
            connection = await self._wait()
            if connection is not None:
                return connection
        else:
            self.connections += 1
        try:
            connection = await self._dial()
        except BaseException:
            self._vacate()
            raise
        self._in_use.add(connection)
        return connection

    def release(self, connection: C) -> None:
        """Take back a connection that ``take`` or ``connect`` gave: it is kept if ``reusable``, else closed."""
        self._in_use.remove(connection)
        if not connection.reusable or (self._stale and connection in self._stale):
            self._stale.discard(connection)
            self._discard(connection)
        elif self._waiting and self._hand_over(connection):
            self._in_use.add(connection)
        elif len(self._idle) < self._max_idle:
            connection.idle_since = self._clock()
            self._idle.append(connection)
        else:
            self._discard(connection)

    def closed(self, connection: C) -> None:
        """Forget an idle connection that the node has closed. For one in use nothing changes until its release."""
        if connection in self._idle:
            self._idle.remove(connection)
            self._vacate()

    def sweep(self) -> None:
        """Close what has been idle for too long; called from time to time."""
        deadline = self._clock() - self._idle_timeout
        expired = 0
        for connection in self._idle:
            if connection.idle_since > deadline:
                break
            expired += 1
        self._drop(self._idle[:expired])

    def flush(self) -> None:
        """Close all idle connections now and those in use at their release: the node is elsewhere or going away."""
        self._stale |= self._in_use
        self._drop(list(self._idle))

    def retire(self) -> None:
        """Keep no connections from now on."""
        self._max_idle = 0
        self.flush()

    def _drop(self, connections: list[C]) -> None:
        for connection in connections:
            self._idle.remove(connection)
            self._discard(connection)

    def _discard(self, connection: C) -> None:
        connection.close()
        self._vacate()

    def _vacate(self) -> None:
        """Give the room of a connection that is gone to whoever waits longest."""
        if not self._hand_over(None):
            self.connections -= 1

    def _hand_over(self, connection: C | None) -> bool:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return True
        return False

    async def _wait(self) -> C | None:
        """Wait for a connection, or for room to open one (None; the room is then already counted)."""
        config = self._config
        if len(self._waiting) >= config.max_pending:
            raise UpstreamUnavailable(
                f"node {self._name}: {config.max_connections} connections in use and {len(self._waiting)} exchanges "
                "waiting: raise pool.max_connections or pool.max_pending, or add nodes"
            )
        waiter: asyncio.Future[C | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout(config.pending_timeout):
                return await waiter
        except BaseException as error:
            self._give_up(waiter)
            if isinstance(error, TimeoutError):
                raise UpstreamUnavailable(
                    f"node {self._name}: all {config.max_connections} connections were in use for "
                    f"{config.pending_timeout:g} s: raise pool.max_connections or pool.pending_timeout, or add nodes"
                ) from None
            raise

    def _give_up(self, waiter: asyncio.Future[C | None]) -> None:
        if not waiter.cancelled() and waiter.done():
            self._return(waiter.result())
        elif waiter in self._waiting:
            self._waiting.remove(waiter)

    def _return(self, connection: C | None) -> None:
        """Pass on what came too late for the one who waited."""
        if connection is None:
            self._vacate()
        else:
            self.release(connection)
