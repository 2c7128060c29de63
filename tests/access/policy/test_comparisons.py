"""Comparisons that a client's types must not decide."""

from __future__ import annotations

import pytest

from bartizan.access.policy.cel import Policy
from bartizan.errors import PolicyError

LOOSE = [
    "request.body.kind == 5",
    "5 == request.body.kind",
    "request.body.kind != 5",
    'request.body.account == "12345"',
    'request.body.account == "-1"',
    'request.body.account == " 7"',
    "request.body.urgent == true",
    'request.body.urgent == "true"',
    'request.body.urgent == "On"',
    'request.body.note == ""',
    "request.body.approver == null",
    'request.body.kind == b"a"',
    'request.body.kind in ["a", "1"]',
    'request.body["kind"] in [1, 2]',
    "7 in request.body.ids",
    "request.body.owner == principal.id",
    'request.body.name == request.query["name"][0]',
    "request.body.a + request.body.b == 4",
    "(request.body.a ? request.body.b : request.body.c) == 4",
    "request.body.items.exists(i, i.kind == 5)",
    "request.body.items.map(i, i.id) == [5]",
    "[request.body.id] == [5]",
    "request.body == 5",
    'request.body["kind"] == 5',
    'request.body["a"]["b"] == "7"',
    "request.body.items[0] == 5",
    'dyn(request.body["items"]).exists(i, i["kind"] == 5)',
    'dyn(request.body["items"]).exists(i, i.parts.exists(p, p == 5))',
    'request.body["urgent"] == true',
    "[1, 2].exists(n, n == request.body.kind)",
    'request.body.items.filter(i, i.kind == "a") == []',
    '{"k": request.body.kind}.k == 5',
    "request.body.exists(risk, risk == 5)",
    "dyn(request.body.kind) == 5",
]


@pytest.mark.parametrize("text", LOOSE)
def test_comparisons_that_a_client_s_types_would_decide_are_refused(text: str) -> None:
    with pytest.raises(PolicyError, match="whose type the client chooses"):
        Policy.compile(text, body=True)


@pytest.mark.parametrize(
    "text",
    [
        "number(request.body.kind) == 5",
        'string(request.body.account) == "12345"',
        "bool(request.body.urgent) == true",
        "bool(request.body.urgent)",
        'request.body.kind == "transfer"',
        'request.body.kind in ["transfer", "payout"]',
        '"urgent" in request.body.tags',
        'request.body.items.exists(i, i.kind == "transfer")',
        "string(request.body.owner) == principal.id",
        "number(request.body.a) + number(request.body.b) == 4",
        "size(request.body.items) == 0",
        "type(request.body.approver) == null_type",
        "request.body.amount > 1000",
        "has(request.body.amount)",
        "principal.groups == []",
        'principal.groups == ["a"]',
        "risk == 5",
        "[1, 2].exists(n, n == 1)",
        "request.body.items.all(i, [1, 2].exists(i, i == 1))",
        "has(request.body.amount) == true",
        'request.body.items.exists(i, i == "transfer") == true',
        'request.body.note.startsWith("x") == true',
        "size(request.body.items.filter(i, i.amount > 5)) == 0",
        '{"a": "x", "b": "y"}[request.body.kind] == "x"',
    ],
)
def test_comparisons_whose_types_are_fixed_are_fine(text: str) -> None:
    assert Policy.compile(text, body=True)


@pytest.mark.parametrize("account", [12345, 12345.0, "12345"])
def test_text_and_number_are_the_same_once_they_are_made_text(account: object) -> None:
    policy = Policy.compile('string(request.body.account) == "12345"', body=True)
    assert policy.holds({"request.body": {"account": account}}, on_error=False)
