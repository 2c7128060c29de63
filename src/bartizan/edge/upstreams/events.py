"""What an upstream tells the world about itself, for logs, metrics and signals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

__all__ = ["Events", "UpstreamEvent", "ignore"]

Kind = Literal["unhealthy", "healthy", "ejected", "returned", "circuit_open", "circuit_half_open", "circuit_closed"]


@dataclass(frozen=True, slots=True)
class UpstreamEvent:
    """A change: ``node`` is its name, or None where the upstream as a whole changed; ``because`` is for people."""

    upstream: str
    node: str | None
    kind: Kind
    because: str


Events = Callable[[UpstreamEvent], None]


def ignore(event: UpstreamEvent) -> None:
    """Do nothing with an event."""
