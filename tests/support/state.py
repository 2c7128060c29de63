"""The shared state of a test: LMDB opens a file once in a process, and a gateway and control of one test share it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from bartizan.config.model import State as Settings
from bartizan.storage.state import State, open_state

__all__ = ["open_shared_state"]

_open: dict[Path, tuple[State, int]] = {}
_lock = threading.Lock()


def open_shared_state(settings: Settings, directory: Path, clock: Callable[[], float] = time.time) -> State:
    """Do as ``open_state`` does; what is open for ``directory`` already is given out again, with its clock."""
    with _lock:
        known, users = _open.get(directory, (None, 0))
        state = known or open_state(settings, directory, clock)
        _open[directory] = state, users + 1
    return cast("State", _Handle(state, directory))


class _Handle:
    """Passes everything on; the last one that is closed closes the state."""

    def __init__(self, state: State, directory: Path) -> None:
        self._state = state
        self._directory = directory

    def __getattr__(self, name: str) -> Any:
        return getattr(self._state, name)

    async def close(self) -> None:
        with _lock:
            state, users = _open[self._directory]
            if users > 1:
                _open[self._directory] = state, users - 1
                return
            del _open[self._directory]
        await state.close()
