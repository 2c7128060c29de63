"""Who an exchange is about, and the one text that names an actor in keys, commands and the shared state."""

from __future__ import annotations

import socket
from typing import get_args

from bartizan.http.address import parse_address
from bartizan.pipeline import Actor, Client, Exchange
from bartizan.pipeline.actor import ActorKind

__all__ = ["KINDS", "actor_key", "actors_of", "kind_of", "network_of", "parse_actor"]

KINDS: tuple[str, ...] = get_args(ActorKind)
MAX_KEY = 600  # characters: a journal's longest value, and its kind


def actor_key(kind: str, value: str) -> str:
    """Return the key of an actor: ``address:192.0.2.7``."""
    return f"{kind}:{value}"


def kind_of(key: str) -> str:
    """Return the kind in a key."""
    return key.partition(":")[0]


def parse_actor(text: str) -> str:
    """Return the key that a person means: ``kind:value``, or a bare address.

    Addresses are brought into their canonical form. Raises ``ValueError`` for anything else.
    """
    try:
        return actor_key("address", parse_address(text).address)
    except ValueError:
        kind, colon, value = text.partition(":")
    if not colon or not value or kind not in KINDS or len(text) > MAX_KEY:
        raise ValueError(f"not an actor: {text[:80]!r}; write KIND:VALUE, KIND one of {', '.join(KINDS)}")
    return actor_key(kind, parse_address(value).address if kind == "address" else value)


def actors_of(exchange: Exchange) -> tuple[Actor, ...]:
    """Return the actors that are known of an exchange so far: where it comes from, and who is behind it."""
    client, tls = exchange.client, exchange.connection.tls
    actors = []
    if client.version:
        actors = [Actor("address", client.address), Actor("network", network_of(client))]
    if tls is not None and tls.ja4 is not None:
        actors.append(Actor("ja4", tls.ja4))
    if exchange.session is not None:
        actors.append(Actor("session", exchange.session))
    if exchange.device is not None:
        actors.append(Actor("device", exchange.device))
    if exchange.principal is not None:
        actors.append(Actor("principal", exchange.principal))
    if exchange.credential is not None:
        actors.append(Actor("credential", exchange.credential))
    return tuple(actors)


def network_of(client: Client) -> str:
    """Return the /24 (IPv4) or /48 (IPv6) around a client; empty for a Unix socket."""
    if client.version == 4:
        return client.address.rpartition(".")[0] + ".0/24"
    if client.version == 6:
        return socket.inet_ntop(socket.AF_INET6, (client.number >> 80 << 80).to_bytes(16, "big")) + "/48"
    return ""
