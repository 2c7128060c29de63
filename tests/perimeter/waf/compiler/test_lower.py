from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.waf import ON, Request, inspect, rule_set

from bartizan.errors import SecLangError
from bartizan.perimeter.waf.compiler.lower import order
from bartizan.perimeter.waf.load import read_rules
from bartizan.perimeter.waf.seclang import Source
from bartizan.perimeter.waf.settings import Settings

TEXT = """
SecAction "id:1,phase:2,skipAfter:END"
SecAction "id:2,phase:1,skip:1"
SecAction "id:3,phase:2,skipAfter:NOWHERE"
SecAction "id:4,phase:1"
SecMarker END
SecAction "id:5,phase:2,skip:9"
SecAction "id:6,phase:1,skipAfter:END"
SecAction "id:7,phase:2,skipAfter:8"
SecAction "id:8,phase:2"
SecAction "id:9,phase:2"
"""


def test_rules_are_in_the_order_of_phases_and_places() -> None:
    placed = order(read_rules([Source("t", TEXT.encode(), Path())], Settings()))
    ids = [rule.id for rule in placed.rules]
    assert ids == [2, 4, 6, 1, 3, 5, 7, 8, 9]
    assert placed.phases == ((0, 0), (0, 3), (3, 9), (9, 9), (9, 9), (9, 9))
    names = {position: [*ids, None][landing] for position, landing in placed.landings.items()}
    assert {ids[position]: name for position, name in names.items()} == {2: 6, 6: 1, 1: 5, 3: None, 5: None, 7: 9}


def test_every_rule_that_cannot_be_compiled_is_told() -> None:
    with pytest.raises(SecLangError) as caught:
        rule_set('SecRule ARGS "@rx (" "id:1"\nSecRule ARGS "@rx a" "id:2"\nSecRule ARGS "@ipMatch x" "id:3"')
    assert [problem.line for problem in caught.value.problems] == [1, 3]


def test_an_operator_that_is_not_available_is_refused_only_where_its_rule_would_run() -> None:
    refused = 'SecRule ARGS "@rbl bl.test" "id:3,phase:1,pass"\n'
    skipped = 'SecAction "id:1,phase:1,nolog,pass,skipAfter:END"\n' + refused + "SecMarker END\n"
    assert inspect(rule_set(ON + skipped), Request(b"/?a=1")).ids == []
    with pytest.raises(SecLangError):
        rule_set(ON + refused)


def test_what_a_client_sends_is_no_reason_to_fail() -> None:
    rules = rule_set(ON + 'SecRule REQUEST_METHOD "@rx %{ARGS.a}" "id:1,phase:1,pass"')
    assert inspect(rules, Request(b"/?a=(")).ids == []
    assert inspect(rules, Request(b"/?a=G")).ids == [1]
    for number in range(600):  # more than are remembered
        assert inspect(rules, Request(b"/?a=G%d" % number)).ids == []
