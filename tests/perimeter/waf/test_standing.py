from __future__ import annotations

from pathlib import Path

import pytest

from bartizan.perimeter.waf.load import lower_rules, read_rules
from bartizan.perimeter.waf.seclang import Source
from bartizan.perimeter.waf.seclang.template import parse_template
from bartizan.perimeter.waf.settings import Settings
from bartizan.perimeter.waf.standing import Analysis, Standing

RULES = r"""
SecAction "id:1,phase:1,pass,nolog,setvar:tx.level=1,setvar:tx.allowed=GET POST,setvar:tx.points=5"
SecRule TX:LEVEL "@lt 2" "id:2,phase:1,pass,nolog,skipAfter:END"
SecRule ARGS "@contains strict" "id:3,phase:1,deny,log"
SecMarker END
SecRule TX:LEVEL "@gt 2" "id:4,phase:1,deny,log"
SecRule REQUEST_HEADERS "@rx bad(?:ger|ly)" "id:5,phase:1,pass,log,setvar:tx.score=+%{tx.points}"
SecRule REQUEST_METHOD "!@within %{tx.allowed}" "id:6,phase:1,deny,log"
SecRule ARGS "@detectSQLi" "id:7,phase:2,deny,log"
SecRule TX:SCORE "@ge 5" "id:8,phase:2,deny,log"
SecRule TIME_HOUR "@eq 3" "id:9,phase:2,pass,log"
SecRule ARGS "@contains %{tx.score}" "id:10,phase:2,pass,log"
SecRule &ARGS "@gt 100" "id:11,phase:2,deny,log"
SecRule ARGS "@rx (?=a)b" "id:12,phase:2,deny,log"
SecRule ARGS "@pm one two three" "id:13,phase:2,deny,log"
SecRule REQUEST_URI "@contains x" "id:14,phase:2,deny,log,chain"
  SecRule MATCHED_VAR "@contains y"
SecAction "id:15,phase:2,pass,log,setvar:tx.calls=+1"
"""


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return Analysis(lower_rules(read_rules([Source("x", RULES.encode(), Path())], Settings()), Settings()))


def standing(analysis: Analysis, rule: int) -> Standing:
    position = analysis.position(rule)
    assert position is not None
    return analysis.standing(position)


@pytest.mark.parametrize(
    ("rule", "kind", "because"),
    [
        (1, "folded", "tx.allowed = GET POST"),
        (2, "folded", "it always matches"),
        (3, "dead", "rule 2 (x:3) skips it"),
        (4, "dead", "is known beforehand, and is not so"),
        (5, "gated", "only if it may match"),
        (7, "gated", "only if it may match"),
        (8, "on change", "changes tx.score"),
        (9, "always", "looks at TIME_HOUR, which may change"),
        (10, "always", "compares with %{TX.score}"),
        (15, "always", "an action without a condition"),
    ],
)
def test_rules_stand_where_folding_puts_them(analysis: Analysis, rule: int, kind: str, because: str) -> None:
    found = standing(analysis, rule)
    assert found.kind == kind
    assert because in found.because
    assert analysis.runs(rule) is (kind not in ("folded", "dead"))


@pytest.mark.parametrize(
    ("rule", "cost"),
    [
        (3, "it never runs"),
        (5, "Hyperscan looks for its pattern"),
        (6, "asks for what does not match"),
        (7, "no pattern that a scan could find"),
        (8, "nothing otherwise"),
        (9, "for each exchange"),
        (11, "no pattern that a scan could find"),
        (13, "Hyperscan looks for its 3 patterns"),
        (14, "Hyperscan looks for its pattern"),
    ],
)
def test_what_a_rule_costs_is_told(analysis: Analysis, rule: int, cost: str) -> None:
    assert cost in standing(analysis, rule).cost


def test_only_what_never_changes_is_expanded(analysis: Analysis) -> None:
    template = parse_template(b"%{tx.points} of %{tx.score} in %{ARGS.x}")
    assert analysis.expanded(template) == "5 of %{TX.score} in %{ARGS.x}"


def test_other_ids_have_no_position(analysis: Analysis) -> None:
    assert analysis.position(99) is None
    assert not analysis.runs(99)
