"""What the commands work with: records, shared state, and who is at the keyboard."""

from __future__ import annotations

import asyncio
import getpass
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from bartizan.access.administration import Administration
from bartizan.access.changes import Actor, Changes
from bartizan.access.scim.directory import Directory
from bartizan.access.sessions.store import SessionStore
from bartizan.cli.options import load_config
from bartizan.storage.records.open import open_records
from bartizan.storage.records.store import RecordStore
from bartizan.storage.state import open_state

__all__ = ["Desk", "at_desk", "moment", "shown"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Desk:
    """See the module."""

    actor: Actor
    records: RecordStore
    administration: Administration
    directory: Directory


def at_desk(config_file: Path, work: Callable[[Desk], Awaitable[T]]) -> T:
    """Do something with what a configuration names; raises ``BartizanError``."""
    config = load_config(config_file).config
    storage = config.storage

    async def run() -> T:
        records = open_records(storage.records, Path(storage.directory))
        try:
            state = open_state(storage.state, Path(storage.directory))
            try:
                sessions = SessionStore(state, time.time)
                changes = Changes(records, sessions, config.access, time.time)
                administration = Administration(records, sessions, config.access, time.time)
                return await work(Desk(_actor(), records, administration, Directory(changes, time.time)))
            finally:
                await state.close()
        finally:
            records.close()

    return asyncio.run(run())


def shown(text: str) -> str:
    """Return a text that may come from a client as a terminal may show it."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def moment(seconds: float | None) -> str:
    """Return Unix seconds as people read them, in UTC; ``never`` for None."""
    if seconds is None:
        return "never"
    return datetime.fromtimestamp(seconds, UTC).isoformat(" ", "seconds").replace("+00:00", "Z")


def _actor() -> Actor:
    try:
        return Actor(f"cli:{getpass.getuser()}")
    except (OSError, KeyError):
        return Actor("cli:unknown")
