"""What docs/access.md says about policies, and the configurations that it and README.md begin with."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from bartizan.access.check import notices, policy_findings
from bartizan.access.policy.body import read_body
from bartizan.access.policy.cel import Policy
from bartizan.config.load import load
from bartizan.errors import PolicyError
from bartizan.http.headers import Headers

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "access.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"<!-- example: policy -->\n```yaml\n(.*?)```\n", PAGE, re.DOTALL)
WHOLE = re.findall(r"<!-- example: whole -->\n```yaml\n(.*?)```\n", PAGE, re.DOTALL)
PEOPLE = re.findall(r"```yaml\n(access:\n.*?)```\n", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
QUESTIONS = re.findall(r"^\| (?:for|that) [^|]+ \| `(.+)` \|$", PAGE, re.MULTILINE)
BASE = """
listeners: [{address: "127.0.0.1:1"}]
upstreams: [{name: api, nodes: [{address: "127.0.0.1:2"}]}]
access: {enabled: true, origin: https://localhost}
"""


def test_there_is_something_to_test() -> None:
    assert len(EXAMPLES) == 2
    assert len(QUESTIONS) == 12
    assert len(WHOLE) == len(PEOPLE) == 1


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_are_valid(example: str, tmp_path: Path) -> None:
    file = tmp_path / "bartizan.yaml"
    file.write_text(BASE + example)
    assert load(file, {}, (policy_findings,)).config.routes


@pytest.mark.parametrize("example", [*WHOLE, *(BASE[: BASE.index("access:")] + text for text in PEOPLE)])
def test_configurations_to_begin_with_are_valid_and_refuse_nobody_by_mistake(example: str, tmp_path: Path) -> None:
    file = tmp_path / "bartizan.yaml"
    file.write_text(example)
    config = load(file, {}, (policy_findings,)).config
    assert config.access.enabled
    assert not [notice for notice in notices(config) if "refuses everybody" in notice]


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_can_be_asked_compiles(question: str) -> None:
    assert Policy.compile(question.replace("\\|", "|"))


@pytest.mark.parametrize("body", [b'{"amount": 2000}', b'{"amount": 2000.0}', b'{"amount": "2000"}', b"amount=2000"])
@pytest.mark.parametrize(
    ("text", "of_text"),
    [
        ("request.body.amount > 1000", None),
        ("number(request.body.amount) > 1000", True),
        ("number(request.body.amount) == 2000", True),
        ('string(request.body.amount) == "2000"', True),
    ],
)
def test_amounts_are_compared_as_the_table_says(text: str, of_text: bool | None, body: bytes) -> None:
    kind = b"application/json" if body.startswith(b"{") else b"application/x-www-form-urlencoded"
    value: Any = read_body(Headers([(b"content-type", kind)]), body)
    expected = of_text if isinstance(value["amount"], str) else True
    outcome = Policy.compile(text, body=True).evaluate({"request.body": value})
    assert (None if outcome.reason else outcome.allowed) == expected


@pytest.mark.parametrize("literal", ['"12345"', "5", "true", "null", "principal.id"])
def test_loose_comparisons_are_refused_as_said(literal: str) -> None:
    with pytest.raises(PolicyError):
        Policy.compile(f"request.body.kind == {literal}", body=True)
