"""``bartizan access`` on records and a shared state of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from click.testing import CliRunner, Result

from bartizan.cli.main import cli
from bartizan.config.model import Records
from bartizan.storage.records.entities import Device, Principal
from bartizan.storage.records.open import open_records
from bartizan.storage.records.store import Transaction
from tests.support.records import make_credential, make_device, make_session_record


class AccessSite:
    """A configuration, and what is in its records."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.config = directory / "bartizan.yaml"
        access = {"enabled": True, "origin": "https://api.example.org", "groups": [{"name": "finance"}]}
        storage = {"directory": "data", "state": {"map_size": 2**24}}
        listeners = [{"name": "main", "address": "127.0.0.1:0"}]
        self.config.write_text(json.dumps({"listeners": listeners, "access": access, "storage": storage}))

    def run(self, *arguments: str, status: int = 0) -> Result:
        """Run ``bartizan access``; the exit status has to be as expected."""
        result = CliRunner().invoke(cli, ["access", *arguments, "-c", str(self.config)])
        assert result.exit_code == status, (result.output, result.exception)
        return result

    def refused(self, *arguments: str) -> str:
        """Run ``bartizan access`` and return what it refuses with."""
        return str(self.run(*arguments, status=1).exception)

    @contextmanager
    def records(self) -> Iterator[Transaction]:
        """Open a transaction on the records."""
        store = open_records(Records(), self.directory / "data")
        try:
            with store.transaction() as tx:
                yield tx
        finally:
            store.close()

    def enrolled(self, name: str) -> tuple[Principal, Device]:
        """Invite somebody, and let them have enrolled a device and logged in."""
        self.run("invite", name)
        with self.records() as tx:
            person = tx.people.find(name)
            assert person is not None
            device = make_device(person, label="Lap\ttop", browser="Firefox", browser_version="145")
            tx.devices.add(device)
            tx.credentials.add(make_credential(person, "password", secret=b"s3cret-hash"))
            tx.credentials.add(make_credential(person, "recovery", secret=b"s3cret-code"))
            tx.sessions.add(make_session_record(device))
        return person, device
