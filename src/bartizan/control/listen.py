"""The Unix socket of control: for this user alone."""

from __future__ import annotations

import socket
from pathlib import Path

from bartizan.control.contract import socket_path
from bartizan.process import asgi

__all__ = ["SOCKET", "listen"]

SOCKET = "control"
"""What the socket is called among those that an order brings."""


def listen(directory: Path) -> socket.socket:
    """Return the listening socket, with its directory made; ``directory`` is ``storage.directory``.

    Whoever holds it keeps what waits while the process that serves it is replaced. Raises ``ControlError``.
    """
    return asgi.listen(socket_path(directory), "control")
