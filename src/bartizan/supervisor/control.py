"""How the command line speaks to a running supervisor: a line each way over a Unix socket of its user's."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import socket
import struct
from pathlib import Path
from typing import Any

from bartizan.errors import ControlError
from bartizan.supervisor.supervisor import Supervisor

__all__ = ["ControlSocket", "ask"]

MAX_LINE = 1024 * 1024
ASK_TIMEOUT = 180.0  # seconds; a reload may compile a large configuration
SOCKET = "control.sock"
LOCK = "supervisor.lock"


class ControlSocket:
    """The supervisor's end. It also makes sure that one directory has one supervisor."""

    def __init__(self, supervisor: Supervisor, directory: Path) -> None:
        self._supervisor = supervisor
        self._directory = directory
        self._server: asyncio.Server | None = None
        self._lock: int | None = None

    def lock(self) -> None:
        """Claim the directory; raises ``ControlError`` if another supervisor has it."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = os.open(self._directory / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ControlError(
                f"another Bartizan runs on {self._directory}: stop it, or set storage.directory to another"
            ) from None
        except OSError as error:
            raise ControlError(f"storage.directory {self._directory} cannot be used: {error.strerror}") from error
        os.ftruncate(self._lock, 0)
        os.write(self._lock, f"{os.getpid()}\n".encode())

    async def start(self) -> None:
        """Listen."""
        path = self._directory / SOCKET
        path.unlink(missing_ok=True)
        old = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, str(path), limit=MAX_LINE)
        finally:
            os.umask(old)

    async def stop(self) -> None:
        """Stop listening and give the directory back."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            (self._directory / SOCKET).unlink(missing_ok=True)
        if self._lock is not None:
            os.close(self._lock)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not _is_own_user(writer.get_extra_info("socket")):
                return
            async with asyncio.timeout(10):
                line = await reader.readline()
            answer = await self._carry_out(line.decode("utf-8", "replace").strip())
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        except (OSError, TimeoutError, ValueError):
            pass
        finally:
            writer.close()

    async def _carry_out(self, order: str) -> dict[str, Any]:
        supervisor = self._supervisor
        if order == "reload":
            outcome = await supervisor.reload()
            return {"done": outcome.done, "summary": outcome.summary, "problems": outcome.problems}
        if order == "status":
            return {
                "generation": supervisor.status.generation,
                "workers": [{"slot": worker.slot, "pid": worker.pid} for worker in supervisor.serving()],
                "wanted": supervisor.workers,
                "restarts": supervisor.status.restarts,
                "draining": supervisor.status.draining,
                "control": _companion(supervisor, "control"),
                "decoy": _companion(supervisor, "decoy"),
                "sentry": _companion(supervisor, "sentry"),
            }
        return {"error": f"there is no order {order!r}"}


async def ask(directory: Path, order: str) -> dict[str, Any]:
    """Have a running supervisor carry out an order; raises ``ControlError`` if none answers."""
    path = directory / SOCKET
    try:
        async with asyncio.timeout(ASK_TIMEOUT):
            reader, writer = await asyncio.open_unix_connection(str(path), limit=MAX_LINE)
            writer.write(order.encode() + b"\n")
            line = await reader.readline()
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        answer: dict[str, Any] = json.loads(line)
    except (OSError, TimeoutError, ValueError) as error:
        raise ControlError(f"no Bartizan answers on {path}: is `bartizan up` running there?") from error
    return answer


def _companion(supervisor: Supervisor, name: str) -> dict[str, Any] | None:
    """Return how a process beside the workers is, or None where there is to be none."""
    companion = supervisor.companions[name]
    if not companion.wanted:
        return None
    serving = companion.serving
    return {"pid": None if serving is None else serving.pid, "restarts": companion.restarts}


def _is_own_user(sock: socket.socket) -> bool:
    """SO_PEERCRED: only this process' user and root may give orders."""
    credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", credentials)
    return uid in (0, os.getuid())
