"""Places in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.mmdb import write_mmdb

from bartizan.access.approvals.places import places_from
from bartizan.errors import AccessError

VIENNA = {"city": {"names": {"en": "Vienna"}}, "country": {"names": {"en": "Austria"}}}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    file = tmp_path / "places.mmdb"
    write_mmdb(file, {"192.0.2.0/24": VIENNA, "198.51.100.0/24": {"country": {"names": {"en": "Norway"}}}})
    return file


@pytest.mark.parametrize(
    ("address", "place"),
    [("192.0.2.7", "Vienna, Austria"), ("198.51.100.1", "Norway"), ("203.0.113.1", ""), ("", ""), ("nowhere", "")],
)
def test_a_place_is_told_as_far_as_it_is_known(database: Path, address: str, place: str) -> None:
    assert places_from(database)(address) == place


def test_a_file_that_is_no_database_is_an_error_that_names_it(tmp_path: Path) -> None:
    file = tmp_path / "text.mmdb"
    file.write_text("no database")
    with pytest.raises(AccessError, match=r"text\.mmdb cannot be read"):
        places_from(file)
