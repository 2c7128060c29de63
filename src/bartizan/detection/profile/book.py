"""The profiles of all upstreams: learned here, merged with what other processes learn, written down for the decoy.

In the shared state each upstream has one entry, ``profile/<upstream>``. What a process has learned since its last turn
it merges into that entry (compare and set) and begins anew, so that nothing counts twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

import msgspec
from structlog.typing import FilteringBoundLogger

from bartizan.detection.profile.learner import Learner
from bartizan.detection.profile.profile import MAX_BYTES, Profile
from bartizan.errors import StateError
from bartizan.storage.state.interface import State

__all__ = ["DIRECTORY", "ProfileBook", "read_profile"]

DIRECTORY = Path("decoy") / "profiles"
"""Where profiles are for the decoy process, below the storage directory."""
EVERY = 5.0  # seconds between two turns
KEEP = 90 * 86400.0  # seconds that the profile of an upstream stays that nothing more is learned of
_TRIES = 8
_KEY = b"profile/"


class ProfileBook:
    """Profiles by upstream. ``directory`` is where this process writes them, None in all processes but one."""

    def __init__(self, state: State, log: FilteringBoundLogger, directory: Path | None = None) -> None:
        self._state = state
        self._log = log
        self._directory = directory
        self._learners: dict[str, Learner] = {}
        self._profiles: dict[str, Profile] = {}
        self._stored: dict[str, bytes] = {}
        self._expected: frozenset[str] = frozenset()

    def expect(self, upstreams: Iterable[str]) -> None:
        """Say which upstreams there are: nothing is learned of others, as those of Bartizan itself."""
        self._expected = frozenset(upstreams)

    def learner(self, upstream: str) -> Learner | None:
        """Return what learns an upstream, None if it is not expected; it is made when it is first asked for."""
        found = self._learners.get(upstream)
        if found is None and upstream in self._expected:
            found = self._learners[upstream] = Learner()
        return found

    def get(self, upstream: str) -> Profile:
        """Return what is known of an upstream as of the last turn; it is not to be changed."""
        return self._profiles.get(upstream) or Profile()

    async def turn(self) -> None:
        """Merge what was learned into the shared state, and take over what others learned; raises ``StateError``."""
        for upstream in self._expected:
            await self._share(upstream)

    async def follow(self) -> None:
        """Do so every 5 seconds until cancelled; what is known stays known while the state is unreachable."""
        failing = False
        while True:
            try:
                await self.turn()
                failing = False
            except Exception as error:  # noqa: BLE001 - learning goes on, whatever an engine raises
                if not failing:
                    expected = isinstance(error, StateError | OSError)
                    self._log.error("profiles cannot be shared", error=str(error), exc_info=not expected)
                failing = True
            await asyncio.sleep(EVERY)

    async def _share(self, upstream: str) -> None:
        key = _KEY + upstream.encode("utf-8")
        learner = self._learners.get(upstream)
        news = learner.take() if learner is not None and learner.learned else None
        if learner is not None:
            learner.learned = 0
        try:
            stored = await self._merge(key, news)
        except BaseException:
            if learner is not None and news is not None:  # for the next turn
                later = learner.take()
                learner.fresh = news
                news.merge(later)
                learner.learned += 1
            raise
        if stored is None or stored == self._stored.get(upstream):
            return
        self._profiles[upstream] = self._read(stored, upstream)
        if self._directory is not None:
            await asyncio.to_thread(_write, self._directory, upstream, stored)
        self._stored[upstream] = stored

    async def _merge(self, key: bytes, news: Profile | None) -> bytes | None:
        """Return what is stored after the news were merged into it."""
        for _ in range(_TRIES):
            stored = await self._state.get(key)
            if news is None:
                return stored
            whole = Profile() if stored is None else self._read(stored, key.decode("utf-8"))
            whole.merge(msgspec.msgpack.decode(msgspec.msgpack.encode(news), type=Profile))
            data = whole.encode()
            if stored is None:
                if await self._state.add(key, data, KEEP):
                    return data
            elif await self._state.compare_and_set(key, stored, data, KEEP):
                return data
        raise StateError(f"{key.decode('utf-8')} was changed by others {_TRIES} times; it is tried again")

    def _read(self, data: bytes, name: str) -> Profile:
        try:
            return Profile.decode(data)
        except msgspec.MsgspecError as error:
            self._log.error("a profile cannot be read, it is learned anew", name=name, error=str(error))
            return Profile()


def file_of(directory: Path, upstream: str) -> Path:
    """Return the file of an upstream, whatever its name has in it."""
    return directory / f"{hashlib.sha256(upstream.encode('utf-8')).hexdigest()[:32]}.msgpack"


def _write(directory: Path, upstream: str, data: bytes) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = file_of(directory, upstream)
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_bytes(data)
    fresh.replace(path)


def read_profile(directory: Path, upstream: str) -> Profile | None:
    """Return the profile of an upstream as it was written down, None if there is none that can be read."""
    try:
        with file_of(directory, upstream).open("rb") as file:
            return Profile.decode(file.read(MAX_BYTES + 1))
    except (OSError, msgspec.MsgspecError):
        return None
