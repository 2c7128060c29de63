"""What goes into a transaction, and what comes out: request head, rule matches, interventions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["Intervention", "RequestHead", "RuleMatch"]


@dataclass(slots=True)
class RequestHead:
    """A request as the rules see it, before its body.

    ``uri`` is the request target as it was sent, ``protocol`` as ``HTTP/1.1``, header names as the client spelled them
    or in lower case; ``received`` is Unix time in seconds, ``id`` what UNIQUE_ID says.
    """

    method: bytes
    uri: bytes
    protocol: bytes
    headers: Sequence[tuple[bytes, bytes]]
    client: str = ""
    client_port: int = 0
    server: str = ""
    server_port: int = 0
    received: float = 0.0
    id: str = ""


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """A rule that matched and is logged. ``var`` is the last variable that matched, ``value`` its transformed value."""

    id: int
    phase: int
    msg: str
    data: str
    var: str
    value: bytes
    severity: int | None
    tags: tuple[str, ...]
    ver: str
    rev: str
    maturity: int
    accuracy: int
    file: str
    line: int
    disruptive: bool
    """Whether the rule would end the exchange (it does only in mode ``on``)."""
    audit: bool = True


@dataclass(frozen=True, slots=True)
class Intervention:
    """What a rule wants done with the exchange: answer ``status``, drop the connection, or redirect to ``url``.

    ``rule`` is the match that decided; None when a limit did, which ``reason`` then tells.
    """

    action: Literal["deny", "drop", "redirect"]
    status: int
    url: bytes = b""
    rule: RuleMatch | None = None
    reason: str = ""
