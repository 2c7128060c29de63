"""Where an address is, in words, from a MaxMind database; a place is a hint for people and decides nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import maxminddb

from bartizan.access.approvals.context import PlaceOf
from bartizan.errors import AccessError

__all__ = ["places_from"]


def places_from(file: Path) -> PlaceOf:
    """Return what tells places by a database of cities or countries; raises ``AccessError`` if it cannot be read."""
    try:
        reader = maxminddb.open_database(file)
    except (OSError, maxminddb.InvalidDatabaseError) as error:
        raise AccessError("configuration", f"access.geo_database {file} cannot be read: {error}") from error

    def place(address: str) -> str:
        try:
            record = reader.get(address)
        except (ValueError, maxminddb.InvalidDatabaseError):  # no address, one of another version, or a damaged file
            return ""
        names = (_name(record, "city"), _name(record, "country"))
        return ", ".join(name for name in names if name)

    return place


def _name(record: Any, kind: str) -> str:
    for key in (kind, "names", "en"):
        record = record.get(key) if isinstance(record, dict) else None
    return record if isinstance(record, str) else ""
