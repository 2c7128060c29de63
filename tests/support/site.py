"""The whole product in one test: gateway and control with real sockets and TLS, an application, and a clock to move."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

from bartizan.access.sessions.model import digest_of
from bartizan.storage.records.entities import Group, Invitation, Principal, new_id
from bartizan.storage.records.store import RecordStore, Transaction
from tests.support.api import Api
from tests.support.certificates import Authority
from tests.support.control import Control
from tests.support.gateway import Gateway
from tests.support.net import free_port
from tests.support.sessions import Clock

T = TypeVar("T")
ROUTES: list[dict[str, Any]] = [
    {"name": "pages", "upstream": "api", "guards": {"access": {"policy": "session.aal >= 2"}}},
    {"name": "open", "paths": ["/open", "/favicon.ico"], "upstream": "api", "guards": {"access": {"public": True}}},
    {"name": "closed", "paths": ["/closed"], "upstream": "api"},
    {
        "name": "finance",
        "paths": ["/finance"],
        "upstream": "api",
        "guards": {"access": {"policy": '"finance" in principal.groups'}},
    },
    {
        "name": "transfers",
        "paths": ["/transfers"],
        "upstream": "api",
        "guards": {
            "access": {
                "policy": "session.aal >= 2",
                "reauth": [{"max_age": "1m", "factor": "webauthn", "methods": ["POST"]}],
            }
        },
    },
    {
        "name": "live",
        "paths": ["/ws", "/stream"],
        "upstream": "api",
        "upgrade": True,
        "guards": {"access": {"policy": "session.aal >= 2"}},
    },
]


class Site:
    """Serves until the end of the ``with`` block at ``origin``; ``clock`` is the time of all of it.

    A browser has to be told where another ``host`` than localhost is.
    """

    def __init__(self, directory: Path, access: dict[str, Any] | None = None, host: str = "localhost") -> None:
        self.clock = Clock()
        self.api = Api()
        self.port = free_port()
        self.origin = f"https://{host}:{self.port}"
        self.authority = Authority(directory)
        self.certificate = self.authority.issue(host, "127.0.0.1")
        self.directory = directory / "data"
        config: dict[str, Any] = {
            "listeners": [
                {
                    "name": "main",
                    "address": f"127.0.0.1:{self.port}",
                    "tls": {"certificates": [self.certificate.config]},
                }
            ],
            "upstreams": [{"name": "api", "nodes": [{"address": f"127.0.0.1:{self.api.port}"}]}],
            "routes": ROUTES,
            "access": {"enabled": True, "origin": self.origin, "title": "Example", **(access or {})},
        }
        self.gateway = Gateway(self.directory, dict(config), self.clock)
        self.control = Control(self.directory, dict(config), self.clock)
        self._stack = ExitStack()

    def __enter__(self) -> Site:
        try:
            for part in (self.api, self.control, self.gateway):
                self._stack.enter_context(part)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def records(self) -> RecordStore:
        """People, devices and the rest."""
        return self.control.services.records

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Do something in the records."""
        with self.records.transaction() as tx:
            return work(tx)

    def invite(self, name: str, *groups: str) -> str:
        """Invite somebody; returns the link."""
        token, now = secrets.token_urlsafe(32), self.clock()

        def add(tx: Transaction) -> None:
            known = {group.name for group in tx.people.groups()}
            for group in groups:
                if group not in known:
                    tx.people.add_group(Group(id=new_id(), name=group, created=now))
            person = Principal(
                id=new_id(),
                name=name,
                display_name=name.title(),
                created=now,
                groups=groups,
                user_handle=secrets.token_bytes(32),
            )
            tx.people.add(person)
            invitation = Invitation(
                id=new_id(),
                digest=digest_of(token),
                principal=person.id,
                created=now,
                expires=now + 3600,
                created_by="test",
            )
            tx.invitations.add(invitation)

        self.write(add)
        return f"{self.origin}/.bartizan/enrol#{token}"
