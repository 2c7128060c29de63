"""From the configuration to an engine."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from bartizan.config.model import State as Settings
from bartizan.errors import StateError
from bartizan.storage.state.interface import State
from bartizan.storage.state.lmdb_engine import LmdbState

__all__ = ["StateOpener", "open_state"]

StateOpener = Callable[[Settings, Path, Callable[[], float]], State]
"""Opens the state as ``open_state`` does."""


def open_state(settings: Settings, directory: Path, clock: Callable[[], float] = time.time) -> State:
    """Return the shared state; ``directory`` is ``storage.directory``. Raises ``StateError``.

    ``clock`` is Unix time in seconds; an engine on a server goes by the server's.
    """
    if settings.engine == "lmdb":
        return LmdbState(directory / "state", settings.map_size, clock)
    if settings.url is None:
        raise StateError("storage.state: the engine valkey needs a url")
    from bartizan.storage.state.valkey_engine import ValkeyState  # noqa: PLC0415 - 10 MiB that LMDB users do not need

    return ValkeyState(settings.url.get_secret_value(), timeout=settings.timeout, key_prefix=settings.key_prefix)
