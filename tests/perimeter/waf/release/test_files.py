from pathlib import PurePosixPath

import pytest

from bartizan.perimeter.waf.release.files import is_wanted


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("coreruleset-4.7.0/rules/REQUEST-942.conf", True),
        ("rules/sql-errors.data", True),
        ("c/rules/REQUEST-900.conf.example", True),
        ("c/plugins/own-before.conf", True),
        ("c/crs-setup.conf.example", True),
        ("c/LICENSE", True),
        ("c/deep/er/LICENSE", False),
        ("c/rules/run.lua", False),
        ("c/util/other.conf", False),
        ("c/tests/x.yaml", False),
    ],
)
def test_rules_data_setup_and_licence_belong_to_a_rule_set(name: str, expected: bool) -> None:
    assert is_wanted(PurePosixPath(name)) is expected
