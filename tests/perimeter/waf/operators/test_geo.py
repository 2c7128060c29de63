from pathlib import Path

import maxminddb
import pytest
from tests.support.mmdb import write_mmdb

from bartizan.perimeter.waf.operators import Context, geo_lookup
from bartizan.perimeter.waf.operators.geo import match_geo

_RECORD = {
    "city": {"names": {"en": "Zürich", "de": "Zuerich"}},
    "continent": {"code": "EU", "names": {"en": "Europe"}},
    "country": {"iso_code": "CH", "names": {"en": "Switzerland"}},
    "location": {"latitude": 47.3667, "longitude": 8.55, "metro_code": 501},
    "postal": {"code": "8001"},
    "subdivisions": [{"iso_code": "ZH", "names": {"en": "Zurich"}}],
}


@pytest.fixture
def reader(tmp_path: Path) -> maxminddb.Reader:
    file = tmp_path / "geo.mmdb"
    write_mmdb(file, {"192.0.2.0/24": _RECORD, "198.51.100.0/24": {"country": {"iso_code": "XX"}}})
    return maxminddb.open_database(file, maxminddb.MODE_MEMORY)


def test_an_address_is_told_with_all_that_the_database_has(reader: maxminddb.Reader) -> None:
    assert geo_lookup(reader, b"192.0.2.7") == {
        b"COUNTRY_CODE": b"CH",
        b"COUNTRY_CODE3": b"CHE",
        b"COUNTRY_NAME": b"Switzerland",
        b"COUNTRY_CONTINENT": b"EU",
        b"REGION": b"ZH",
        b"CITY": "Zürich".encode(),
        b"POSTAL_CODE": b"8001",
        b"LATITUDE": b"47.366700",
        b"LONGITUDE": b"8.550000",
        b"DMA_CODE": b"501",
    }


def test_what_the_database_lacks_is_left_out(reader: maxminddb.Reader) -> None:
    assert geo_lookup(reader, b"198.51.100.1") == {b"COUNTRY_CODE": b"XX"}


@pytest.mark.parametrize("address", [b"203.0.113.1", b"2001:db8::1", b"x", b"", b"\xff"])
def test_other_addresses_have_nothing(address: bytes, reader: maxminddb.Reader) -> None:
    assert geo_lookup(reader, address) == {}
    assert match_geo(b"", Context(geo=reader))(address) is None


def test_the_operator_matches_what_is_known(reader: maxminddb.Reader) -> None:
    assert match_geo(b"", Context(geo=reader))(b"192.0.2.1") == ()


def test_without_a_database_nothing_matches() -> None:
    assert match_geo(b"", Context())(b"192.0.2.1") is None
