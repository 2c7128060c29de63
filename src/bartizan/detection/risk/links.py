"""How actors hang together: who acted, how much of a signal counts for whom, and what is passed on between whom."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from bartizan.detection.actors import kind_of

__all__ = [
    "LINK_MEMORY",
    "PEOPLE_KINDS",
    "SHAREABLE",
    "WIDE",
    "Company",
    "company_of",
    "damping",
    "part_of",
    "party_of",
    "source_of",
]

PEOPLE_KINDS = frozenset({"session", "device", "principal", "credential"})
SHAREABLE = frozenset({"address", "network", "ja4", "asn"})
"""Kinds that people have in common without knowing of each other."""
LINK_MEMORY = 7 * 86400.0  # seconds after which half of what a link passes on has gone
WIDE = {"network": 0.3, "ja4": 0.15, "asn": 0.05}
"""Kinds that only have risk from the addresses that they stand for, and as what part of theirs."""
_PRINCIPAL = 0.9
_CLOSE, _NEAR, _FAR = 0.6, 0.3, 0.2
_PASSED = {
    **{(giver, taker): _CLOSE for giver in PEOPLE_KINDS for taker in PEOPLE_KINDS},
    **{(giver, "address"): _NEAR for giver in PEOPLE_KINDS},
    ("address", "session"): _NEAR,
    ("address", "credential"): _NEAR,
    ("address", "device"): _FAR,
    ("address", "principal"): _FAR,
}


@lru_cache(maxsize=65536)
def part_of(key: str) -> float:
    """Return as what part of its probability a signal counts for an actor; 0 for what is wide."""
    kind = kind_of(key)
    return 0.0 if kind in WIDE else _PRINCIPAL if kind == "principal" else 1.0


def damping(giver: str, taker: str) -> float:
    """Return how much of its evidence an actor passes on to one that it is linked with."""
    return _PASSED.get((kind_of(giver), kind_of(taker)), 0.0)


@lru_cache(maxsize=16384)
def party_of(actors: tuple[str, ...]) -> tuple[str, ...]:
    """Return who acted: the people's side of ``actors``; without one the address, or what there is.

    Pardoned with any of a party is what all of them did: the share of it that others have, too.
    """
    people = tuple(key for key in actors if kind_of(key) in PEOPLE_KINDS)
    return people or tuple(key for key in actors if kind_of(key) == "address") or actors


@lru_cache(maxsize=16384)
def source_of(actors: tuple[str, ...]) -> tuple[str, ...]:
    """Return who acted as what is wide sees it: the address first, since people and credentials cost nothing."""
    addresses = tuple(key for key in actors if kind_of(key) == "address")
    return addresses + tuple(key for key in party_of(actors) if key not in addresses)


class Company(NamedTuple):
    """Actors that are seen together.

    ``linked`` pass on risk to each other, ``met`` are clean witnesses for what is shared; ``members`` all of these.
    """

    members: tuple[str, ...]
    linked: tuple[str, ...]
    met: tuple[tuple[str, str], ...]


@lru_cache(maxsize=16384)
def company_of(actors: tuple[str, ...]) -> Company:
    """Return how actors of one exchange belong together.

    The principal tells the people behind an address apart, or the session or device where there is none; never a
    credential, which anybody can make up. Fingerprints and operators are shared by networks, too.
    """
    linked, shared, wide = [], [], []
    person = network = None
    for key in actors:
        kind = key[: key.find(":")]
        if kind in PEOPLE_KINDS:
            linked.append(key)
            if kind == "principal" or (person is None and kind != "credential"):
                person = key
        elif kind == "address":
            linked.append(key)
            shared.append(key)
        elif kind == "network":
            network = key
            shared.append(key)
        else:
            wide.append(key)
    met = [] if person is None else [(key, person) for key in (*shared, *wide)]
    if network is not None:
        met += [(key, network) for key in wide]
    together = tuple(linked) if len(linked) > 1 else ()
    members = actors if person is not None else (*together, *dict.fromkeys(key for key, _ in met))
    return Company(members, together, tuple(met))
