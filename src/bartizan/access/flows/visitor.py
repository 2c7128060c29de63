"""Who asks: what the edge saw of a client, and the key that its device proved for this request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bartizan.access.devices.posture import Posture, read_posture
from bartizan.access.sessions.facts import client_facts, network_of
from bartizan.access.sessions.model import ClientFacts

__all__ = ["Visitor"]


@dataclass(frozen=True, slots=True)
class Visitor:
    """What is not known is empty. ``thumbprint`` and ``jwk`` are of the proven key."""

    address: str
    ja4: str
    user_agent: str
    exchange: str
    """The id of the exchange."""
    thumbprint: str
    jwk: Mapping[str, str]
    hints: Mapping[str, str] = field(default_factory=dict)
    """User-Agent Client Hints, names in lower case."""

    @property
    def network(self) -> str:
        """The /24 or /48 of the address."""
        return network_of(self.address)

    @property
    def facts(self) -> ClientFacts:
        """What later requests of a session are compared with."""
        return client_facts(self.address, self.ja4 or None, self.user_agent)

    @property
    def posture(self) -> Posture:
        """What the device says it is."""
        return read_posture(self.user_agent, self.hints)

    @property
    def client(self) -> str:
        """The same in words: ``Chromium 140 on Linux``; empty if nothing is known."""
        posture = self.posture
        browser = " ".join(filter(None, (posture.browser, posture.browser_version)))
        return " on ".join(filter(None, (browser, posture.platform)))
