"""A real Redis or Valkey server."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.support.net import free_port
from tests.support.server import ServerProcess


class RedisServer:
    """Runs without persistence on a free port until the end of the ``with`` block; ``url`` says where."""

    def __init__(self, directory: Path) -> None:
        binary = shutil.which("valkey-server") or shutil.which("redis-server")
        if binary is None:
            raise FileNotFoundError("neither valkey-server nor redis-server is installed: run `make setup`")
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        command = [binary, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._server = ServerProcess([*command, "--dir", str(directory)], self.port, directory / "redis.log")

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, also again after ``stop``: empty, at the same address."""
        self._server.start()

    def stop(self) -> None:
        """Stop it, also before the end."""
        self._server.stop()
