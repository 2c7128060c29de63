"""Who a signal is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Actor", "ActorKind"]

ActorKind = Literal["address", "network", "asn", "ja4", "device", "session", "principal", "credential"]


@dataclass(frozen=True, slots=True)
class Actor:
    """One actor: ``Actor("address", "192.0.2.7")``, ``Actor("network", "192.0.2.0/24")``."""

    kind: ActorKind
    value: str
