"""What the guards of one edge process that ask who somebody is share; made when the first one is built."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from structlog.typing import FilteringBoundLogger

from bartizan.access.sessions.live import LiveSessions
from bartizan.access.sessions.store import SessionStore
from bartizan.config.model import Access
from bartizan.storage.state.interface import State

if TYPE_CHECKING:
    from bartizan.access.guard import EdgeAccess

__all__ = ["People"]


class People:
    """Gives guards what they share; ``keys`` is the directory of the signing keys."""

    def __init__(self, keys: Path, state: State, clock: Callable[[], float], log: FilteringBoundLogger) -> None:
        self._keys = keys
        self._state = state
        self._clock = clock
        self._sessions = SessionStore(state, clock)
        self.live = LiveSessions(self._sessions, clock, log)
        self._made: tuple[Access, EdgeAccess] | None = None

    def __call__(self, settings: Access) -> EdgeAccess:
        """Return what guards with these settings share; raises ``SealError`` for keys that cannot be used."""
        if self._made is None or self._made[0] != settings:
            self._made = settings, self._make(settings)
        return self._made[1]

    def _make(self, settings: Access) -> EdgeAccess:
        from bartizan.access.assertion import Assertions  # noqa: PLC0415 - JOSE and CEL, and not always wanted
        from bartizan.access.bearer import Bearer  # noqa: PLC0415
        from bartizan.access.guard import EdgeAccess  # noqa: PLC0415
        from bartizan.keys.ring import KeyRing  # noqa: PLC0415

        ring = KeyRing.open(self._keys, settings.assertion.algorithm, self._clock)
        return EdgeAccess(
            state=self._state,
            sessions=self._sessions,
            live=self.live,
            bearer=Bearer(self._state, settings.origin or ""),
            assertions=Assertions(ring, settings, self._clock),
            clock=self._clock,
        )
