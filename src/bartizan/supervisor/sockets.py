"""Listening sockets, held by the supervisor so that no waiting connection is lost when a worker goes.

Every worker slot has a socket of its own per listener (SO_REUSEPORT: the kernel spreads connections over them). A
worker that dies or is replaced leaves its queue of waiting connections behind; the next worker of its slot takes them.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from pathlib import Path
from typing import Any

from bartizan.config.model import Listener
from bartizan.errors import BartizanError

__all__ = ["ListeningSockets", "split_address"]


class ListenError(BartizanError):
    """A listener's address cannot be bound."""


def split_address(address: str) -> tuple[str, int] | str:
    """Return host and port, or the path of a Unix socket; raises ``ValueError``."""
    if address.startswith("unix:"):
        return address.removeprefix("unix:")
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


class ListeningSockets:
    """The sockets of all listeners for ``slots`` workers."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._sockets: dict[tuple[str, str], list[socket.socket]] = {}

    def for_slot(self, listeners: list[Listener], slot: int) -> dict[str, socket.socket]:
        """Return the sockets of a slot by listener name, opening what is not open. Raises ``ListenError``."""
        return {listener.name: self._open(listener)[slot] for listener in listeners}

    def new(self, listeners: list[Listener]) -> list[Listener]:
        """Return those listeners whose sockets are not open yet."""
        return [listener for listener in listeners if (listener.name, listener.address) not in self._sockets]

    def keep_only(self, listeners: list[Listener]) -> None:
        """Close the sockets of all other listeners."""
        wanted = {(listener.name, listener.address) for listener in listeners}
        for key in [key for key in self._sockets if key not in wanted]:
            _, address = key
            for sock in self._sockets.pop(key):
                sock.close()
            if address.startswith("unix:"):
                Path(address.removeprefix("unix:")).unlink(missing_ok=True)

    def _open(self, listener: Listener) -> list[socket.socket]:
        key = (listener.name, listener.address)
        if key not in self._sockets:
            where = split_address(listener.address)
            try:
                if isinstance(where, str):
                    self._sockets[key] = [_bind_unix(where, listener.backlog)] * self._slots
                else:
                    self._sockets[key] = _bind_all(where, listener.backlog, self._slots)
            except OSError as error:
                raise ListenError(
                    f"listener {listener.name} cannot listen on {listener.address}: {os.strerror(error.errno or 0)}; "
                    "free the address or choose another"
                ) from error
        return self._sockets[key]


def _bind_all(where: tuple[str, int], backlog: int, count: int) -> list[socket.socket]:
    host, port = where
    family, _, _, _, name = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    sockets: list[socket.socket] = []
    try:
        for _ in range(count):
            sock = socket.socket(family, socket.SOCK_STREAM)
            sockets.append(sock)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if len(sockets) == 1:
                _refuse_if_taken(family, name)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if host in ("", "::") else 1)
            sock.bind(name)
            name = sock.getsockname()  # with port 0, all slots share the port that the first one got
        for sock in sockets:
            sock.listen(backlog)
            sock.setblocking(False)
    except OSError:
        for sock in sockets:
            sock.close()
        raise
    return sockets


def _refuse_if_taken(family: int, name: Any) -> None:
    """SO_REUSEPORT would share the port with any other process of this user; only this supervisor's may share it."""
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(name)


def _bind_unix(path: str, backlog: int) -> socket.socket:
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(Path(path).stat().st_mode):
            Path(path).unlink()
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.bind(path)
    sock.listen(backlog)
    sock.setblocking(False)
    return sock
