from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.mmdb import write_mmdb
from tests.support.waf import ON, Request, inspect, rule_set

RULES = (
    ON
    + """
SecRule REMOTE_ADDR "@geoLookup" "id:1,phase:1,nolog,pass,chain"
  SecRule ARGS:never "@rx there" "t:none"
SecRule GEO:COUNTRY_CODE "@streq CH" "id:2,phase:1,pass,msg:'%{GEO.COUNTRY_NAME}'"
SecRule REMOTE_ADDR "@geoLookup" "id:3,phase:2,nolog,pass,chain"
  SecRule GEO:COUNTRY_CODE "!@within AT CH" "t:none,setvar:tx.foreign=1"
SecRule TX:foreign "@eq 1" "id:4,phase:2,pass"
SecRule &GEO "@eq 0" "id:5,phase:2,pass"
"""
)


@pytest.mark.parametrize("gate", [True, False])
@pytest.mark.parametrize(("address", "matched"), [("192.0.2.7", [2]), ("198.51.100.1", [4]), ("203.0.113.1", [5])])
def test_what_is_known_about_an_address_is_there_for_later_rules(
    tmp_path: Path, address: str, matched: list[int], gate: bool
) -> None:
    database = tmp_path / "geo.mmdb"
    known = {"iso_code": "CH", "names": {"en": "Switzerland"}}
    write_mmdb(database, {"192.0.2.0/24": {"country": known}, "198.51.100.0/24": {"country": {"iso_code": "XX"}}})
    rules = rule_set(RULES, geo_database=database, gate=gate)
    for _ in range(2):  # the second time things are remembered
        assert inspect(rules, Request(client=address)).ids == matched
