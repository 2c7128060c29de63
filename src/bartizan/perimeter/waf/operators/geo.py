"""``@geoLookup``: where an address is, by a MaxMind database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import maxminddb

from bartizan.perimeter.waf.operators.countries import three_letter_code
from bartizan.perimeter.waf.operators.interface import NO_CAPTURES, Captures, Context, Operator

__all__ = ["geo_lookup", "match_geo"]


def match_geo(argument: bytes, context: Context) -> Operator:  # noqa: ARG001
    """Match an address that the database knows; ``geo_lookup`` tells what it knows. Without a database none matches."""
    reader = context.geo
    if reader is None:
        return lambda value: None  # noqa: ARG005

    def match(value: bytes) -> Captures | None:
        return None if _record(reader, value) is None else NO_CAPTURES

    return match


def geo_lookup(reader: maxminddb.Reader, address: bytes) -> Mapping[bytes, bytes]:
    """Return the members of the collection GEO for an address.

    They are COUNTRY_CODE (two letters), COUNTRY_CODE3, COUNTRY_NAME, COUNTRY_CONTINENT (two letters), REGION (its
    code), CITY, POSTAL_CODE, LATITUDE and LONGITUDE (degrees, six decimals) and DMA_CODE, as far as the database has
    them, in English and UTF-8. An address that is not in the database, or no address, has none.
    """
    record = _record(reader, address)
    if record is None:
        return {}
    country = _text(record, "country", "iso_code")
    region = record.get("subdivisions")
    found = {
        b"COUNTRY_CODE": country,
        b"COUNTRY_CODE3": three_letter_code(country),
        b"COUNTRY_NAME": _text(record, "country", "names", "en"),
        b"COUNTRY_CONTINENT": _text(record, "continent", "code"),
        b"REGION": _text(region[0], "iso_code") if isinstance(region, list) and region else "",
        b"CITY": _text(record, "city", "names", "en"),
        b"POSTAL_CODE": _text(record, "postal", "code"),
        b"LATITUDE": _text(record, "location", "latitude"),
        b"LONGITUDE": _text(record, "location", "longitude"),
        b"DMA_CODE": _text(record, "location", "metro_code"),
    }
    return {name: text.encode() for name, text in found.items() if text}


def _record(reader: maxminddb.Reader, address: bytes) -> dict[str, Any] | None:
    try:
        found = reader.get(address.decode("ascii"))
    except ValueError:  # no address, or one of a version that the database does not have
        return None
    return found if isinstance(found, dict) else None


def _text(record: Any, *path: str) -> str:
    for name in path:
        record = record.get(name) if isinstance(record, dict) else None
    if isinstance(record, float):
        return f"{record:.6f}"
    return "" if record is None else str(record)
