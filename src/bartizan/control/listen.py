"""The Unix socket of control: for this user alone."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from bartizan.control.contract import socket_path
from bartizan.errors import ControlError

__all__ = ["BACKLOG", "SOCKET", "listen"]

SOCKET = "control"
"""What the socket is called among those that an order brings."""
BACKLOG = 512


def listen(directory: Path) -> socket.socket:
    """Return the listening socket, with its directory made; ``directory`` is ``storage.directory``.

    Whoever holds it keeps what waits while the process that serves it is replaced. Raises ``ControlError``.
    """
    path = socket_path(directory)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o077)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        os.umask(0o177)
        path.unlink(missing_ok=True)
        sock.bind(str(path))
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        remedy = "give storage.directory a shorter path" if len(str(path)) > 107 else "see to its owner and mode"
        raise ControlError(f"control cannot listen on {path}: {error.strerror or error}; {remedy}") from error
    finally:
        os.umask(before)
    sock.setblocking(False)
    return sock
