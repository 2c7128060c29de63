from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.mmdb import write_mmdb

from bartizan.errors import ConfigError
from bartizan.sentry.asn import AsnDatabase


def test_an_address_has_the_system_that_the_database_says(tmp_path: Path) -> None:
    file = tmp_path / "asn.mmdb"
    write_mmdb(file, {"192.0.2.0/24": {"autonomous_system_number": 64496}, "198.51.100.0/24": {"other": 1}})
    database = AsnDatabase(file)
    assert database("192.0.2.7") == "asn:64496"
    assert database("192.0.2.7") == "asn:64496"
    assert database("198.51.100.1") is None
    assert database("203.0.113.1") is None
    assert database("no address") is None
    database.close()


def test_what_is_no_database_is_told_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "asn.mmdb"
    for content in (None, b"", b"not a database" * 100):
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(ConfigError, match=r"sentry\.asn_database"):
            AsnDatabase(file)
