"""A real Redis or Valkey server."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.support.net import free_port, wait_for_port


class RedisServer:
    """Runs without persistence on a free port; ``url`` says where."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> RedisServer:
        binary = shutil.which("valkey-server") or shutil.which("redis-server")
        if binary is None:
            raise FileNotFoundError("neither valkey-server nor redis-server is installed: run `make setup`")
        arguments = [binary, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        arguments += ["--dir", str(self._directory)]
        self._process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
        wait_for_port(self.port)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop it, also before the end."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None
