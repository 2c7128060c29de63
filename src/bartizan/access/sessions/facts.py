"""What a client looks like from the network, as far as one client keeps it over all its connections."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from ipaddress import ip_network

from bartizan.access.sessions.model import ClientFacts
from bartizan.errors import BartizanError
from bartizan.pipeline import Exchange

__all__ = ["client_facts", "facts_of", "network_of"]

V4_PREFIX, V6_PREFIX = 24, 48
_MAX_AGENT = 1024  # characters of User-Agent that tell clients apart


def facts_of(exchange: Exchange) -> ClientFacts:
    """Return the facts of an exchange's client."""
    tls = exchange.connection.tls
    agent = exchange.request.headers.get(b"user-agent") or b""
    return client_facts(exchange.client.address, None if tls is None else tls.ja4, agent.decode("latin-1"))


@lru_cache(maxsize=4096)
def client_facts(address: str, ja4: str | None, user_agent: str) -> ClientFacts:
    """Return the facts for an address, a JA4 fingerprint and a User-Agent, each of which may be empty."""
    agent = hashlib.sha256(user_agent[:_MAX_AGENT].encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return ClientFacts(network_of(address), _stable(ja4 or ""), agent)


def network_of(address: str) -> str:
    """Return the /24 or /48 of an address, empty for none (a Unix socket)."""
    if not address:
        return ""
    try:
        return str(ip_network(f"{address}/{V6_PREFIX if ':' in address else V4_PREFIX}", strict=False))
    except ValueError as error:
        raise BartizanError(f"{address!r} is no address") from error


def _stable(ja4: str) -> str:
    """Return what stays the same of JA4: transport, version and ciphers.

    Extensions and ALPN do not: a resumed handshake adds pre_shared_key, and browsers ask for HTTP/1.1 alone where they
    want a WebSocket.
    """
    first, _, rest = ja4.partition("_")
    return f"{first[:3]}{first[4:6]}_{rest.partition('_')[0]}" if rest else ""
