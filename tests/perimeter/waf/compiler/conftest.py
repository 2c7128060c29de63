"""The OWASP Core Rule Set of Debian, compiled once for the tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from bartizan.perimeter.waf.load import RuleSet, load_rules
from bartizan.perimeter.waf.seclang import Source
from bartizan.perimeter.waf.settings import Settings

CRS = Path("/usr/share/modsecurity-crs/rules")
SETUP = Path("/etc/modsecurity/crs/crs-setup.conf")
ON = b"""
SecRuleEngine DetectionOnly
SecRequestBodyAccess On
SecResponseBodyAccess On
SecResponseBodyMimeType text/plain text/html application/json
SecRule REQUEST_HEADERS:Content-Type "^application/json" "id:200001,phase:1,t:none,t:lowercase,pass,nolog,\
ctl:requestBodyProcessor=JSON"
SecRule REQUEST_HEADERS:Content-Type "(?:application|text)/xml" "id:200000,phase:1,t:none,t:lowercase,pass,nolog,\
ctl:requestBodyProcessor=XML"
"""


def core_rule_set(cache: Path | None, *, gate: bool = True) -> RuleSet:
    """Load all rules at paranoia level 4."""
    if not CRS.is_dir():
        pytest.skip("the package modsecurity-crs is not installed")
    settings = Settings(
        paranoia=4,
        gate=gate,
        variables={"crs_validate_utf8_encoding": "1", "arg_length": "400", "arg_name_length": "100"},
    )
    return load_rules([Source("on.conf", ON, Path()), SETUP, *sorted(CRS.glob("*.conf"))], settings, cache)


@pytest.fixture(scope="session")
def crs(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    """The rules with their gate."""
    return core_rule_set(tmp_path_factory.mktemp("databases"))


@pytest.fixture(scope="session")
def plain_crs() -> RuleSet:
    """The rules without: each runs for every request."""
    return core_rule_set(None, gate=False)
