"""All processes beside the workers, as one: they start, reload and end together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

from structlog.typing import FilteringBoundLogger

from bartizan.config.model import Config
from bartizan.errors import BartizanError
from bartizan.supervisor.companion import Companion
from bartizan.supervisor.handle import ProcessHandle
from bartizan.supervisor.kinds import KINDS, Kind

__all__ = ["Companions"]

Spawn = Callable[[Kind[Any], Config], Awaitable[ProcessHandle[Any]]]


class Companions:
    """A companion of each of ``kinds``. ``spawn`` starts a process."""

    def __init__(self, log: FilteringBoundLogger, spawn: Spawn, kinds: Sequence[Kind[Any]] = KINDS) -> None:
        self._log = log
        self._each = {kind.name: Companion(kind, log, spawn) for kind in kinds}

    def __getitem__(self, name: str) -> Companion[Any]:
        return self._each[name]

    def __iter__(self) -> Iterator[Companion[Any]]:
        """Yield those that there should be."""
        return iter([companion for companion in self._each.values() if companion.wanted])

    async def start(self, config: Config) -> None:
        """Start those that ``config`` wants; raises ``BartizanError`` if one cannot serve."""
        await _all([companion.start(config) for companion in self._each.values()])

    async def stop(self, *, at_once: bool) -> None:
        """Drain and end them; ``at_once`` kills them."""
        await _all([companion.stop(at_once=at_once) for companion in self._each.values()])

    def kill(self) -> None:
        """End them at once."""
        for companion in self._each.values():
            companion.kill()

    async def prepare(self, config: Config) -> None:
        """Have them build ``config``; raises ``OrderFailed`` if one cannot use it."""
        await _all([companion.prepare(config) for companion in self._each.values()])

    async def commit(self) -> None:
        """Swap to what was prepared."""
        await _all([companion.commit() for companion in self._each.values()])

    async def rollback(self) -> None:
        """Throw away what was prepared."""
        await _all([companion.rollback() for companion in self._each.values()])

    async def replace(self) -> None:
        """Start others, and then drain the old ones; where one cannot serve, the old one goes on."""
        for companion in self._each.values():
            try:
                await companion.replace()
            except (BartizanError, OSError) as error:
                self._log.error(f"{companion.kind.name} not replaced, the old one goes on", error=str(error))


async def _all(work: list[Awaitable[None]]) -> None:
    """Wait for all of it, and raise what was raised first."""
    results = await asyncio.gather(*work, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
