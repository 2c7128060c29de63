"""Whom a record is about, as actor keys."""

from __future__ import annotations

from functools import lru_cache

from bartizan.detection.actors import actor_key, network_of
from bartizan.evidence.journal import HttpActivity
from bartizan.http.address import parse_address
from bartizan.pipeline import Client

__all__ = ["address_of", "subjects_of"]


def address_of(record: HttpActivity) -> str | None:
    """Return the key of the client's address, or None where it has none."""
    ip = record.src_endpoint.ip
    return None if ip is None else actor_key("address", ip)


def subjects_of(record: HttpActivity) -> tuple[str, ...]:
    """Return the keys of all actors of an exchange, in the order of ``detection.actors.actors_of``."""
    keys = () if record.src_endpoint.ip is None else _of_address(record.src_endpoint.ip)
    actor, unmapped = record.actor, record.unmapped
    more = [actor_key("ja4", each.value) for each in record.ja4_fingerprint_list[:1]]
    if actor is not None and actor.session is not None:
        more.append(actor_key("session", actor.session.uid))
    if unmapped is not None and unmapped.device is not None:
        more.append(actor_key("device", unmapped.device))
    if actor is not None:
        more.append(actor_key("principal", actor.user.uid))
    if unmapped is not None and unmapped.credential is not None:
        more.append(actor_key("credential", unmapped.credential))
    return (*keys, *more)


@lru_cache(maxsize=65536)
def _of_address(ip: str) -> tuple[str, ...]:
    try:
        address, version, number = parse_address(ip)
    except ValueError:
        return (actor_key("address", ip),)
    network = network_of(Client(address, 0, version, number))
    return actor_key("address", ip), actor_key("network", network)
