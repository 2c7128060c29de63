"""What pages and API are built with, made in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bartizan.access.devices.nonces import Nonces
from bartizan.access.sessions.store import SessionStore
from bartizan.config.model import Access, Config
from bartizan.control.assets import Assets
from bartizan.control.pages.site import Site
from bartizan.control.signals import Signals
from bartizan.keys.ring import KeyRing
from bartizan.keys.vault import Vault
from bartizan.storage.records.open import open_records
from bartizan.storage.records.store import RecordStore
from bartizan.storage.state import State, StateOpener, open_state

__all__ = ["Services", "build_services"]


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a request may need. Records, state and keys stay the same over reloads; the rest is the file's."""

    config: Config
    clock: Callable[[], float]
    """Unix time in seconds."""
    signals: Signals
    records: RecordStore
    """Blocks: call it in a thread."""
    state: State
    sessions: SessionStore
    vault: Vault
    ring: KeyRing
    """Signs what upstreams are told of people."""
    nonces: Nonces
    assets: Assets
    """The files of pages."""
    site: Site
    """Renders pages."""

    @property
    def access(self) -> Access:
        """The part of the configuration that all of this is about."""
        return self.config.access

    @property
    def origin(self) -> str:
        """Where browsers reach us: ``https://host``, without a slash at the end."""
        return self.config.access.origin or ""

    async def close(self) -> None:
        """Give back what was opened."""
        self.records.close()
        await self.state.close()


def build_services(
    config: Config,
    clock: Callable[[], float],
    signals: Signals,
    previous: Services | None = None,
    opener: StateOpener = open_state,
) -> Services:
    """Return the services for ``config``; what is opened once is taken over from ``previous``.

    Reads files, opens the records and migrates them, so it runs in a thread. Raises ``BartizanError``.
    """
    keys = Path(config.storage.directory) / "keys"
    ring = KeyRing.open(keys, config.access.assertion.algorithm, clock)
    vault = Vault.open(keys) if previous is None else previous.vault
    assets = Assets.load() if previous is None else previous.assets
    records, state = _open(config, clock, opener) if previous is None else (previous.records, previous.state)
    nonces = Nonces(vault.mac, state, clock)
    return Services(
        config=config,
        clock=clock,
        signals=signals,
        records=records,
        state=state,
        sessions=SessionStore(state, clock),
        vault=vault,
        ring=ring,
        nonces=nonces,
        assets=assets,
        site=Site(config.access.title, nonces.issue, assets),
    )


def _open(config: Config, clock: Callable[[], float], opener: StateOpener) -> tuple[RecordStore, State]:
    directory = Path(config.storage.directory)
    records = open_records(config.storage.records, directory)
    try:
        return records, opener(config.storage.state, directory, clock)
    except BaseException:
        records.close()
        raise
