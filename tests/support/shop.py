"""An application behind a gateway without access that challenges whoever has a risk of 30 or more."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.support.api import Api
from tests.support.certificates import Authority
from tests.support.gateway import Gateway
from tests.support.net import free_port
from tests.support.standings import stand


class Shop:
    """Serves at ``origin`` until the end of the ``with`` block."""

    def __init__(self, directory: Path) -> None:
        self.api = Api()
        self.authority = Authority(directory)
        self.certificate = self.authority.issue("localhost", "127.0.0.1")
        port = free_port()
        self.origin = f"https://localhost:{port}"
        tls = {"certificates": [self.certificate.config]}
        config: dict[str, Any] = {
            "listeners": [{"name": "main", "address": f"127.0.0.1:{port}", "tls": tls}],
            "upstreams": [{"name": "api", "nodes": [{"address": f"127.0.0.1:{self.api.port}"}]}],
            "routes": [{"name": "all", "paths": ["/*"], "upstream": "api"}],
            "guards": {"obstacles": {"challenge": {"at": 30}}},
        }
        self.gateway = Gateway(directory / "data", config)
        self._stack = ExitStack()

    def __enter__(self) -> Shop:
        self._stack.enter_context(self.api)
        self._stack.enter_context(self.gateway)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def risk(self, score: float) -> None:
        """Have everybody here stand with this risk, from now on."""
        stand(self.gateway, "address:127.0.0.1", score)
