"""One edge process put together: storage, guards, journal, gateway and listeners, and how they change on a reload."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from structlog.typing import FilteringBoundLogger

from bartizan.config.model import Config, Listener, Waf
from bartizan.detection.obstacles import Means, Teller
from bartizan.detection.profile.book import DIRECTORY
from bartizan.detection.standing import Standings
from bartizan.edge.build import build_snapshot
from bartizan.edge.deception import Deception
from bartizan.edge.gateway import Gateway
from bartizan.edge.guards import Services
from bartizan.edge.http1.client import ClientConnection
from bartizan.edge.listen import open_listener
from bartizan.edge.people import People
from bartizan.edge.records import Recorder
from bartizan.edge.snapshot import Snapshot
from bartizan.edge.stats import NodeReport, Stats, WorkerReport
from bartizan.edge.upstreams import Endpoint, Node, Wiring
from bartizan.errors import ConfigError, Problem
from bartizan.perimeter.denylist import Bans, PrefixStore
from bartizan.pipeline import Exchange
from bartizan.process.memory import resident_bytes
from bartizan.storage.state import State, StateOpener, open_state

if TYPE_CHECKING:
    from bartizan.detection.challenge import Challenger
    from bartizan.perimeter.waf.load import RuleSet
    from bartizan.perimeter.waf.store import RuleStore

__all__ = ["EdgeWorker"]


@dataclass(slots=True)
class _Open:
    """A listener that is being served."""

    config: Listener
    sock: socket.socket
    server: asyncio.Server


class EdgeWorker:
    """The data plane of one worker ``slot``: ``start``, reloads in two steps, then ``drain`` and ``close``.

    ``observe`` is called with every exchange that is over. ``clock`` is Unix time in seconds, for guards and the state
    on this machine.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        slot: int,
        log: FilteringBoundLogger,
        observe: Callable[[Exchange], None] | None = None,
        clock: Callable[[], float] = time.time,
        opener: StateOpener = open_state,
    ) -> None:
        self._loop = loop
        self._clock = clock
        self._open_state = opener
        self._slot = slot
        self._log = log
        self._observe = observe
        self._identity = os.urandom(6)
        self._stats = Stats()
        self._listeners: dict[str, _Open] = {}
        self._prepared: tuple[Snapshot, dict[str, socket.socket]] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._retiring: set[asyncio.Task[None]] = set()
        self._state: State
        self._services: Services
        self._recorder: Recorder
        self._gateway: Gateway
        self._wiring: Wiring[ClientConnection] = Wiring(connector=self._connect, clock=loop.time, log=log)

    async def start(self, config: Config, sockets: Mapping[str, socket.socket]) -> None:
        """Serve ``config`` on sockets that are bound already, by listener name. Raises ``BartizanError``."""
        directory = Path(config.storage.directory)
        self._state = self._open_state(config.storage.state, directory, self._clock)
        bans = Bans(self._state, self._log, clock=self._clock)
        await bans.load()
        standings = Standings(self._state, self._log, self._clock)
        await standings.load()
        profiles = directory / DIRECTORY if self._slot == 0 else None
        deception = Deception(directory / "keys", self._state, self._clock, self._log, profiles)
        if config.deception.enabled:
            await deception.load()
        people = People(directory / "keys", self._state, self._clock, self._log)
        self._services = Services(
            settings=config.access,
            means=Means(self._state, standings, Teller(self._clock), self._clock),
            access=people,
            state=self._state,
            bans=bans,
            prefixes=PrefixStore(directory / "prefixes", self._log).get,
            rules=_rule_loader(directory / "waf"),
            challenger=_challenger_maker(directory / "keys", self._state, self._clock),
            identity=self._identity,
            clock=self._clock,
            deceive=deception,
        )
        self._recorder = Recorder(
            config.storage.journal, directory, f"edge-{self._slot}", self._stats, self._log, self._observe
        )
        snapshot = await asyncio.to_thread(build_snapshot, config, None, self._wiring, self._services)
        self._gateway = Gateway(self._loop, snapshot, self._stats, self._recorder, self._identity, self._clock)
        snapshot.upstreams.start()
        self._tasks = [
            self._loop.create_task(each)
            for each in (
                bans.follow(),
                standings.follow(),
                deception.follow(),
                people.live.follow(),
                self._recorder.run(),
            )
        ]
        self._gateway.start()
        for listener in config.listeners:
            await self._open(listener, sockets[listener.name])

    async def prepare(self, config: Config, sockets: Mapping[str, socket.socket]) -> None:
        """Build the next snapshot off the path. Raises ``BartizanError`` and has no effect then."""
        previous = self._gateway.snapshot
        if config.storage != previous.config.storage:
            problem = Problem("", 0, 0, "storage", "cannot change while Bartizan runs", remedy="restart it for this")
            raise ConfigError([problem])
        snapshot = await asyncio.to_thread(build_snapshot, config, previous, self._wiring, self._services)
        self._prepared = snapshot, dict(sockets)

    async def commit(self) -> None:
        """Swap to what was prepared. Exchanges in flight finish on the snapshot they began with."""
        if self._prepared is None:
            return
        (snapshot, sockets), self._prepared = self._prepared, None
        previous, self._gateway.snapshot = self._gateway.snapshot, snapshot
        snapshot.upstreams.start()
        retiring = self._loop.create_task(snapshot.upstreams.retire(previous.upstreams))
        self._retiring.add(retiring)
        retiring.add_done_callback(self._retiring.discard)
        await self._match_listeners(snapshot.config, sockets)

    def rollback(self) -> None:
        """Throw away what was prepared."""
        if self._prepared is not None:
            for sock in self._prepared[1].values():
                sock.close()
        self._prepared = None

    async def drain(self, grace: float) -> None:
        """Stop accepting, and let exchanges finish for at most ``grace`` seconds."""
        for name in list(self._listeners):
            self._close(name).close()
        await self._gateway.drain(grace)

    async def close(self) -> None:
        """Give back everything; what is in the journal's buffer goes to disk."""
        self._gateway.stop()
        for task in (*self._tasks, *self._retiring):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._retiring, return_exceptions=True)
        await self._gateway.snapshot.upstreams.stop()
        await self._recorder.close()
        await self._state.close()

    def report(self) -> WorkerReport:
        """Return what has been counted, with the state of connections, nodes and journal."""
        gateway = self._gateway
        report = self._stats.report()
        report.connections = len(gateway.connections)
        report.in_flight = gateway.in_flight
        report.snapshot = gateway.snapshot.generation
        report.nodes = [
            NodeReport(group.name, node.name, node.healthy, node.ejected, node.in_flight, node.pool.idle, node.picks,
                       node.failures)
            for group in gateway.snapshot.upstreams.values()
            for node in group.nodes
        ]  # fmt: skip
        report.journal = self._recorder.report()
        report.resident_bytes = resident_bytes()
        return report

    async def _open(self, listener: Listener, sock: socket.socket) -> None:
        server = await open_listener(self._loop, self._gateway, listener, sock.dup())
        self._listeners[listener.name] = _Open(listener, sock, server)

    def _close(self, name: str) -> socket.socket:
        opened = self._listeners.pop(name)
        opened.server.close()
        return opened.sock

    async def _match_listeners(self, config: Config, sockets: dict[str, socket.socket]) -> None:
        wanted = {listener.name: listener for listener in config.listeners}
        for name in [name for name in self._listeners if name not in wanted or name in sockets]:
            self._close(name).close()
        for name, listener in wanted.items():
            opened = self._listeners.get(name)
            if opened is None:
                await self._open(listener, sockets[name])
            elif _layers(opened.config) != _layers(listener):
                await self._open(listener, self._close(name))
            else:
                opened.config = listener

    async def _connect(
        self, node: Node, endpoint: Endpoint, context: ssl.SSLContext | None, server_name: str | None
    ) -> ClientConnection:
        make = lambda: ClientConnection(self._loop, node.pool.closed)  # noqa: E731
        if isinstance(endpoint, str):
            _, connection = await self._loop.create_unix_connection(
                make, endpoint, ssl=context, server_hostname=server_name if context is not None else None
            )
        else:
            _, connection = await self._loop.create_connection(
                make, *endpoint, ssl=context, server_hostname=server_name if context is not None else None
            )
        return connection


def _rule_loader(cache: Path) -> Callable[[Waf], RuleSet]:
    """Return what loads the rules of a WAF; its engine is imported when the first one is turned on."""
    stores: list[RuleStore] = []

    def load(waf: Waf) -> RuleSet:
        from bartizan.perimeter.waf.store import RuleStore  # noqa: PLC0415 - large, and not always wanted

        if not stores:
            stores.append(RuleStore(cache))
        return stores[0].get(waf)

    return load


def _challenger_maker(keys: Path, state: State, clock: Callable[[], float]) -> Callable[[], Challenger]:
    """Return what makes the challenger when it is first wanted."""

    @cache
    def make() -> Challenger:
        from bartizan.detection.challenge import Challenger  # noqa: PLC0415 - it makes keys, and is not always wanted
        from bartizan.keys.vault import Vault  # noqa: PLC0415

        return Challenger(Vault.open(keys), state, clock)

    return make


def _layers(listener: Listener) -> tuple[bool, str, int]:
    """What a served listener cannot change without being opened anew."""
    return listener.tls is not None, listener.proxy_protocol, listener.backlog
