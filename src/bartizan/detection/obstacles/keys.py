"""The keys of the actors of an exchange, in the two groups in which they meet obstacles."""

from __future__ import annotations

from functools import lru_cache

from bartizan.detection.actors import network_of
from bartizan.pipeline import Client, Exchange

__all__ = ["behind", "people_of", "places_of"]


def places_of(exchange: Exchange) -> tuple[str, ...]:
    """Return the keys of where it comes from: address, network, JA4."""
    client, tls = exchange.client, exchange.connection.tls
    keys = _of(client) if client.version else ()
    if tls is not None and tls.ja4 is not None:
        return (*keys, f"ja4:{tls.ja4}")
    return keys


def people_of(exchange: Exchange) -> tuple[str, ...]:
    """Return the keys of who is behind it: session, device, principal; none where nobody is logged in."""
    if exchange.session is None:
        return ()
    return f"session:{exchange.session}", f"device:{exchange.device}", f"principal:{exchange.principal}"


def behind(exchange: Exchange) -> tuple[str, ...]:
    """Return the keys of who is behind it and of what they present: what is known after the guard ``access``."""
    people = people_of(exchange)
    return people if exchange.credential is None else (*people, f"credential:{exchange.credential}")


@lru_cache(maxsize=4096)
def _of(client: Client) -> tuple[str, str]:
    return f"address:{client.address}", f"network:{network_of(client)}"
