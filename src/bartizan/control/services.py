"""What pages and API are built with, made in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bartizan.access.devices.nonces import Nonces
from bartizan.access.factors.vapid import VapidKey
from bartizan.access.flows.parts import Background, Parts
from bartizan.access.passwords.deviations import record_deviations
from bartizan.access.passwords.hashing import Passwords
from bartizan.access.passwords.threads import HashingLanes
from bartizan.access.sessions.store import SessionStore
from bartizan.config.model import Access, Config
from bartizan.control.assets import Assets
from bartizan.control.pages.site import Site
from bartizan.control.parts import Opened, build_parts
from bartizan.control.signals import Signals
from bartizan.keys.ring import KeyRing
from bartizan.keys.vault import Vault
from bartizan.storage.records.open import open_records
from bartizan.storage.records.store import RecordStore
from bartizan.storage.state import State, StateOpener, open_state

__all__ = ["Services", "build_services"]


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a request may need. What is opened once stays the same over reloads; the rest is the file's."""

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
    parts: Parts
    """What flows are made of: logins, enrolment, approvals."""
    opened: Opened

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
        self.opened.hashing.shutdown()
        self.records.close()
        await self.state.close()


def build_services(
    config: Config,
    clock: Callable[[], float],
    signals: Signals,
    later: Background,
    previous: Services | None = None,
    *,
    opener: StateOpener = open_state,
    passwords: Callable[[], Passwords] = Passwords.tune,
) -> Services:
    """Return the services for ``config``; what is opened once is taken over from ``previous``.

    Reads files, opens the records and migrates them, tries how quick password hashing is: it runs in a thread. Raises
    ``BartizanError``.
    """
    keys = Path(config.storage.directory) / "keys"
    ring = KeyRing.open(keys, config.access.assertion.algorithm, clock)
    assets = Assets.load() if previous is None else previous.assets
    opened = _open(config, clock, opener, passwords) if previous is None else previous.opened
    with opened.records.transaction() as tx:
        record_deviations(tx, config.access, clock())
    nonces = Nonces(opened.vault.mac, opened.state, clock)
    parts = build_parts(config.access, opened, clock, signals, later)
    return Services(
        config=config,
        clock=clock,
        signals=signals,
        records=opened.records,
        state=opened.state,
        sessions=parts.sessions,
        vault=opened.vault,
        ring=ring,
        nonces=nonces,
        assets=assets,
        site=Site(config.access.title, nonces.issue, assets),
        parts=parts,
        opened=opened,
    )


def _open(
    config: Config, clock: Callable[[], float], opener: StateOpener, passwords: Callable[[], Passwords]
) -> Opened:
    directory = Path(config.storage.directory)
    keys = directory / "keys"
    vault, vapid, hashes = Vault.open(keys), VapidKey.open(keys), passwords()
    records = open_records(config.storage.records, directory)
    try:
        state = opener(config.storage.state, directory, clock)
    except BaseException:
        records.close()
        raise
    return Opened(records, state, vault, vapid, hashes, HashingLanes())
