"""The real thing: ``bartizan up`` as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from tests.support.net import free_port, wait_until


class Bartizan:
    """Runs ``bartizan up`` in ``directory`` on ``config`` (plain data; JSON is YAML) until the end of the block."""

    def __init__(self, directory: Path, config: dict[str, Any], *arguments: str) -> None:
        self.port = free_port()
        self.admin_port = free_port()
        self.directory = directory
        self.file = directory / "bartizan.yaml"
        self.log = directory / "up.log"
        self._arguments = arguments
        self.process: subprocess.Popen[bytes]
        self.write(config)

    def write(self, config: dict[str, Any]) -> None:
        """Replace the configuration file; listener and admin addresses are filled in."""
        config.setdefault("workers", 2)
        config.setdefault("listeners", [{"name": "main", "address": f"127.0.0.1:{self.port}"}])
        config.setdefault("admin", {"address": f"127.0.0.1:{self.admin_port}"})
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps(config, indent=1))
        new.replace(self.file)

    def __enter__(self) -> Bartizan:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bartizan.cli", "up", "-c", str(self.file), *self._arguments], stderr=log
            )
        wait_until(lambda: self.process.poll() is not None or b"serves with" in self.log.read_bytes(), 30)
        if self.process.poll() is not None:
            raise AssertionError(self.log.read_text())
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command on the same configuration."""
        command = [sys.executable, "-m", "bartizan.cli", *arguments, "-c", str(self.file)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    def workers(self) -> list[int]:
        """Return the process ids of the workers that serve."""
        return [worker["pid"] for worker in json.loads(self.run("status").stdout)["workers"]]

    def admin(self, path: str) -> tuple[int, str]:
        """Get a page of the admin listener."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def metric(self, start: str) -> float:
        """Return the sum of all samples whose line starts with ``start``."""
        lines = self.admin("/metrics")[1].splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(start))


def kill(pid: int) -> None:
    """End a worker of a test's own the hard way."""
    os.kill(pid, signal.SIGKILL)
