"""Which processes there are beside the workers, in one table."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from bartizan.config.model import Config
from bartizan.control import listen as control
from bartizan.control import stats as control_stats
from bartizan.decoy import listen as decoy
from bartizan.decoy import stats as decoy_stats
from bartizan.decoy.settings import decoy_config
from bartizan.sentry import stats as sentry_stats

__all__ = ["KINDS", "Kind"]

R = TypeVar("R", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Kind(Generic[R]):
    """A kind of process: ``name`` for messages and metrics, ``module`` is its main."""

    name: str
    module: str
    wanted: Callable[[Config], bool]
    """Whether a configuration wants one."""
    sockets: Callable[[Path], Mapping[str, socket.socket]]
    """Binds what it serves, given ``storage.directory``; raises ``BartizanError``."""
    told: Callable[[Config], Config]
    """What of a configuration it is told."""
    report: type[R]
    add: Callable[..., R]
    """Sums reports; those of processes that have gone count no memory and nothing that is under way."""
    swaps: bool = True
    """Whether it can swap to another configuration; else another process takes its place for one."""


def _same(config: Config) -> Config:
    return config


def _no_sockets(directory: Path) -> dict[str, socket.socket]:  # noqa: ARG001 - nobody speaks to it
    return {}


KINDS: tuple[Kind[Any], ...] = (
    Kind(
        name="control",
        module="bartizan.control.process",
        wanted=lambda config: config.access.enabled,
        sockets=lambda directory: {control.SOCKET: control.listen(directory)},
        told=_same,
        report=control_stats.ControlReport,
        add=control_stats.add_reports,
    ),
    Kind(
        name="decoy",
        module="bartizan.decoy.process",
        wanted=lambda config: config.deception.divert.enabled,
        sockets=lambda directory: {decoy.SOCKET: decoy.listen(directory)},
        told=decoy_config,
        report=decoy_stats.DecoyReport,
        add=decoy_stats.add_reports,
        swaps=False,  # it is shut in with the files that it was started with
    ),
    Kind(
        name="sentry",
        module="bartizan.sentry.process",
        wanted=lambda config: config.sentry.enabled,
        sockets=_no_sockets,
        told=_same,
        report=sentry_stats.SentryReport,
        add=sentry_stats.add_reports,
    ),
)
