"""What the edge and the control process agree on: where control listens, what it answers for, what it is told."""

from __future__ import annotations

from pathlib import Path

__all__ = ["CLIENT", "EXCHANGE", "JA4", "MAX_BODY", "PATHS", "socket_path"]

PATHS = ("/.bartizan/*", "/.well-known/bartizan/*")
"""The paths that are control's on every host."""
MAX_BODY = 64 * 1024
"""Bytes of a request body."""

CLIENT = b"bartizan-client"
"""The header field with the client's address, as far as it can be trusted; absent for a client on a Unix socket."""
JA4 = b"bartizan-ja4"
"""The fingerprint of the client's TLS; absent without TLS."""
EXCHANGE = b"bartizan-exchange"
"""The id of the exchange, by which records of control are found beside it in the journal."""


def socket_path(directory: Path) -> Path:
    """Return the path of control's Unix socket; ``directory`` is ``storage.directory``."""
    return directory / "control" / "http.sock"
