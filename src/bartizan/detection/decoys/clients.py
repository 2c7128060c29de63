"""Clients that may touch decoys: link previewers and crawlers that people know, and those of a configuration."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network

from bartizan.config.model import KnownClient
from bartizan.pipeline import Exchange

__all__ = ["PREVIEWERS", "Known"]

PREVIEWERS = (
    b"slackbot",
    b"twitterbot",
    b"facebookexternalhit",
    b"whatsapp",
    b"discordbot",
    b"telegrambot",
    b"linkedinbot",
    b"googlebot",
    b"bingbot",
    b"applebot",
)
"""Parts of User-Agent, in lower case, of programs that follow links which people send each other."""
_DOUBTFUL = 0.05
_SURE = 1.0


class Known:
    """Tells how much it means that a client touches a decoy."""

    def __init__(self, clients: Sequence[KnownClient]) -> None:
        networks = [ip_network(text) for each in clients for text in each.networks]
        self._ranges = [
            (network.version, int(network.network_address), int(network.broadcast_address)) for network in networks
        ]
        own = (each.user_agent.lower().encode() for each in clients if each.user_agent is not None)
        self._agents = (*PREVIEWERS, *own)

    def confidence(self, exchange: Exchange) -> float:
        """Return from 0 to 1 how sure it is that this is no known client.

        0: it comes from a known network. Little: only its User-Agent says so, which anybody can send.
        """
        client = exchange.client
        for version, first, last in self._ranges:
            if client.version == version and first <= client.number <= last:
                return 0.0
        agent = (exchange.request.headers.get(b"user-agent") or b"").lower()
        return _DOUBTFUL if any(part in agent for part in self._agents) else _SURE
