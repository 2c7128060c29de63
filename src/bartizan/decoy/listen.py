"""The Unix socket of the decoy: for this user alone."""

from __future__ import annotations

import socket
from pathlib import Path

from bartizan.decoy.contract import socket_path
from bartizan.process import asgi

__all__ = ["SOCKET", "listen"]

SOCKET = "decoy"
"""What the socket is called among those that an order brings."""


def listen(directory: Path) -> socket.socket:
    """Return the listening socket, with its directory made; ``directory`` is ``storage.directory``.

    Raises ``ControlError``.
    """
    return asgi.listen(socket_path(directory), "the decoy")
