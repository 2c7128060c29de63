"""A real server as a process of its own."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path


class ServerProcess:
    """Runs a command that listens on a loopback port; its output goes to ``log``. It can be stopped and begun again."""

    def __init__(self, command: Sequence[str], port: int, log: Path) -> None:
        self._command = list(command)
        self._port = port
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id while it runs."""
        if self._process is None:
            raise RuntimeError("it does not run")
        return self._process.pid

    def start(self, seconds: float = 20.0) -> None:
        """Return once it listens; raises ``RuntimeError`` with its output if it ends first or takes too long."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=subprocess.STDOUT)
        end = time.monotonic() + seconds
        while self._process.poll() is None and time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1):
                return
            time.sleep(0.01)
        self.stop()
        raise RuntimeError(f"{self._command[0]} does not listen on {self._port}: {self._log.read_text()}")

    def stop(self) -> None:
        """End it and wait for that; it is no error if it has ended."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
