"""Autonomous systems of addresses, from a MaxMind DB file (GeoLite2-ASN and such)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import maxminddb

from bartizan.detection.actors import actor_key
from bartizan.errors import ConfigError, Problem

__all__ = ["AsnDatabase"]


class AsnDatabase:
    """Looks addresses up; raises ``ConfigError`` for a file that cannot be used."""

    def __init__(self, path: Path) -> None:
        try:
            self._reader = maxminddb.open_database(path, maxminddb.MODE_MMAP)
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            remedy = "name a MaxMind DB file with autonomous systems (GeoLite2-ASN.mmdb), or leave the field out"
            problem = Problem("", 0, 0, "sentry.asn_database", f"cannot be read: {error}", repr(str(path)), remedy)
            raise ConfigError([problem]) from None
        self._find = lru_cache(maxsize=65536)(self._look_up)

    def __call__(self, address: str) -> str | None:
        """Return the key of the system that an address belongs to (``asn:64496``), or None."""
        return self._find(address)

    def close(self) -> None:
        """Give the file back."""
        self._reader.close()

    def _look_up(self, address: str) -> str | None:
        try:
            found = self._reader.get(address)
        except ValueError:  # no address, or one of IPv6 in a database of IPv4
            return None
        number = found.get("autonomous_system_number") if isinstance(found, dict) else None
        return actor_key("asn", str(number)) if isinstance(number, int) else None
