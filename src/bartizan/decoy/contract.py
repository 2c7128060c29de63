"""What the edge and the decoy process agree on: where it listens, and what it is told of each request."""

from __future__ import annotations

import base64
from pathlib import Path

import msgspec

from bartizan.errors import DecoyError

__all__ = [
    "CONTEXT",
    "UPSTREAM",
    "DecoyContext",
    "decode_context",
    "encode_context",
    "profiles_directory",
    "socket_path",
    "transcripts_directory",
]

UPSTREAM = "bartizan-decoy"
"""The name of the upstream that the edge diverts to."""
CONTEXT = b"bartizan-decoy"
"""The header field with the context; what clients send by that name never comes this far."""
MAX_CONTEXT = 16 * 1024  # bytes of the field's value


class DecoyContext(msgspec.Struct, frozen=True, array_like=True):
    """What only the edge knows of a diverted exchange."""

    exchange: str
    """The exchange's id, by which it is found in the journal."""
    actor: str
    """Whose transcript it belongs to: the key of an actor (``address:192.0.2.7``)."""
    risk: float
    route: str
    upstream: str
    """The upstream whose place the decoy takes."""
    path: str
    """The path that this upstream would have seen."""
    scheme: str
    received: float
    """Unix time in seconds."""
    sent: float
    """From when on the answer's time counts, in seconds of this machine's monotonic clock."""
    address: str = ""
    ja4: str = ""
    version: str = "1.1"
    length: int | None = 0
    """Bytes of the body that the client said it sends; None where only its end tells."""
    answered: int = 0
    """The status that a guard has answered already: then this is a copy, for the transcript alone."""


def encode_context(context: DecoyContext) -> bytes:
    """Return the value of the header field."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(context)).rstrip(b"=")


def decode_context(value: bytes) -> DecoyContext:
    """Return what ``encode_context`` was given; raises ``DecoyError`` for anything else."""
    if len(value) > MAX_CONTEXT:
        raise DecoyError(f"the context of a diverted request is longer than {MAX_CONTEXT} bytes")
    try:
        return msgspec.msgpack.decode(base64.urlsafe_b64decode(value + b"=" * (-len(value) % 4)), type=DecoyContext)
    except (ValueError, msgspec.MsgspecError) as error:
        raise DecoyError(f"the context of a diverted request cannot be read: {error}") from None


def socket_path(directory: Path) -> Path:
    """Return the path of the decoy's Unix socket; ``directory`` is ``storage.directory``."""
    return directory / "decoy" / "http.sock"


def transcripts_directory(directory: Path) -> Path:
    """Return where transcripts are; ``directory`` is ``storage.directory``."""
    return directory / "decoy" / "transcripts"


def profiles_directory(directory: Path) -> Path:
    """Return where the profiles of upstreams are left for the decoy; ``directory`` is ``storage.directory``."""
    return directory / "decoy" / "profiles"
