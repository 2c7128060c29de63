"""The whole product in one test: gateway and control with real sockets and TLS, an application, and a clock to move."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

from bartizan.access.administration import invite

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
    {"name": "open", "paths": ["/open"], "upstream": "api", "guards": {"access": {"public": True}}},
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
    """Serves until the end of the ``with`` block at ``origin``; ``clock`` is the time of all of it."""

    def __init__(self, directory: Path, access: dict[str, Any] | None = None) -> None:
        self.clock = Clock()
        self.api = Api()
        self.port = free_port()
        self.origin = f"https://localhost:{self.port}"
        self.authority = Authority(directory)
        self.certificate = self.authority.issue("localhost", "127.0.0.1")
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
        raise NotImplementedError(invite)
