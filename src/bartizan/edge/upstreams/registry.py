"""All upstreams of one configuration, and how they pass from one configuration to the next.

A reload takes two steps. ``Upstreams.build`` has no effects, so a reload that fails later leaves nothing behind; an
upstream whose configuration has not changed is carried over as it is, with its connections and all that is known of its
nodes. When the new snapshot is swapped in, ``start`` begins the work of the new ones, and ``retire`` ends that of those
that are gone, without cutting an exchange that is on its way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from bartizan.config.model.upstreams import Upstream
from bartizan.edge.upstreams import tls
from bartizan.edge.upstreams.group import UpstreamGroup, Wiring
from bartizan.edge.upstreams.pool import PooledConnection
from bartizan.errors import ConfigError, Problem, TlsError

__all__ = ["Upstreams"]

C = TypeVar("C", bound=PooledConnection)


class Upstreams(Mapping[str, UpstreamGroup[C]], Generic[C]):
    """The upstreams of one configuration by their names."""

    def __init__(self, groups: dict[str, UpstreamGroup[C]], previous: Mapping[str, UpstreamGroup[C]]) -> None:
        self._groups = groups
        self._previous = previous

    @classmethod
    def build(
        cls, configs: Sequence[Upstream], previous: Mapping[str, UpstreamGroup[C]] | None, wiring: Wiring[C]
    ) -> Upstreams[C]:
        """Build what ``configs`` say, carrying over from ``previous`` what stays the same.

        It reads certificates, so call it off the path (a thread will do); it has no effects. Raises ``ConfigError``,
        whose problems name the upstream, for addresses, names and certificates that cannot be used.
        """
        known: Mapping[str, UpstreamGroup[C]] = {} if previous is None else previous
        groups: dict[str, UpstreamGroup[C]] = {}
        problems: list[Problem] = []
        for number, config in enumerate(configs):
            try:
                group = _carried(config, known.get(config.name), wiring) or UpstreamGroup(config, wiring)
            except (ValueError, TlsError) as error:
                problems.append(_problem(number, config, str(error)))
                continue
            if config.name in groups:
                problems.append(_problem(number, config, "another upstream has the same name"))
            groups[config.name] = group
        if problems:
            raise ConfigError(problems)
        return cls(groups, known)

    def start(self) -> None:
        """Begin the work of the new upstreams, in the running loop; no effect on those that were carried over."""
        for name, group in self._groups.items():
            prior = self._previous.get(name)
            if prior is not None and prior is not group:
                group.inherit(prior)
            group.start()
        self._previous = {}

    async def retire(self, previous: Mapping[str, UpstreamGroup[C]]) -> None:
        """Stop those of ``previous`` that were not carried over; their exchanges in flight go on to their ends."""
        kept = set(map(id, self._groups.values()))
        await asyncio.gather(*(group.stop() for group in previous.values() if id(group) not in kept))

    async def stop(self) -> None:
        """Stop all of them: the worker ends."""
        await asyncio.gather(*(group.stop() for group in self._groups.values()))

    def __getitem__(self, name: str) -> UpstreamGroup[C]:
        return self._groups[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._groups)

    def __len__(self) -> int:
        return len(self._groups)


def _problem(number: int, config: Upstream, message: str) -> Problem:
    return Problem("", 0, 0, f"upstreams[{number}]", message, config.name)


def _carried(config: Upstream, prior: UpstreamGroup[C] | None, wiring: Wiring[C]) -> UpstreamGroup[C] | None:
    if prior is None or prior.config != config:
        return None
    return prior if prior.fingerprint == tls.fingerprint(config.tls, wiring.directory) else None
