from __future__ import annotations

import pytest
from tests.support.waf import ON, Request, inspect, rule_set

from bartizan.perimeter.waf.compiler.atoms import Atom
from bartizan.perimeter.waf.compiler.facts import (
    BODY_VARIABLES,
    HEAD_VARIABLES,
    Counting,
    Facts,
    body_facts,
    collection_facts,
    counting_facts,
    head_facts,
    scalar_facts,
    xml_facts,
)
from bartizan.perimeter.waf.engine import Transaction
from bartizan.perimeter.waf.engine.variables import DYNAMIC, READERS
from bartizan.perimeter.waf.operators import OPERATORS, Context

RULES = rule_set(ON + 'SecRule REQUEST_METHOD "@streq POST" "id:1,phase:1,nolog,pass,ctl:requestBodyProcessor=XML"')


def _transaction(uri: bytes = b"/", *fields: tuple[bytes, bytes], body: bytes = b"") -> Transaction:
    transaction = RULES.transaction(Request(uri, fields, body).head())
    transaction.request_headers()
    transaction.request_body(body)
    return transaction


def test_a_variable_with_one_value() -> None:
    facts = scalar_facts("QUERY_STRING", len)
    assert facts(_transaction(b"/?abc")) == 3


def test_every_member_is_asked_about_and_those_of_a_name_beside() -> None:
    facts = collection_facts("ARGS", lambda value: 1 if value == b"x" else 0, {b"a": lambda value: 2}, [])
    assert [facts(_transaction(b"/?" + query)) for query in (b"b=y", b"b=x", b"A=y", b"a=x")] == [0, 1, 2, 3]
    assert facts(_transaction(b"/?b=y&a=1&c=x")) == 3


def test_members_that_a_rule_leaves_out_do_not_make_it_run() -> None:
    left_out = [(lambda name: name == b"a", 1)]
    facts = collection_facts("ARGS", lambda value: 3, {}, left_out)
    assert [facts(_transaction(b"/?" + query)) for query in (b"a=1", b"b=1", b"a=1&b=1", b"a=1")] == [2, 3, 3, 2]


@pytest.mark.parametrize("whole", [None, lambda value: 4 if value == b"w" else 0])
def test_header_fields_are_asked_about_by_name(whole: object) -> None:
    facts = collection_facts("REQUEST_HEADERS", whole, {b"x-a": lambda value: 1 if value == b"v" else 2}, [])  # type: ignore[arg-type]
    assert facts(_transaction(b"/", (b"X-A", b"v"), (b"x-a", b"u"))) == 3
    assert facts(_transaction(b"/", (b"X-B", b"v"))) == 0
    assert facts(_transaction(b"/", (b"X-B", b"w"))) == (0 if whole is None else 4)


def test_documents_are_asked_about_by_xpath() -> None:
    facts = xml_facts({b"/a/b": lambda value: 1 if value == b"1" else 2})
    assert facts(_transaction()) == 0
    assert facts(_transaction(body=b"<a><b>1</b><b>2</b></a>")) == 3


def test_numbers_of_members_are_compared() -> None:
    atom = Atom(4, ("length",), (), OPERATORS["eq"](b"1", Context()), negated=False)  # one digit
    facts = counting_facts([Counting("ARGS", 4, lambda transaction: ((b"", b"%d" % len(transaction.args)),), [atom])])
    assert [facts(_transaction(b"/?" + query)) for query in (b"", b"a=1", b"&".join([b"a=1"] * 10))] == [4, 4, 0]


def _recording(asked: list[bytes]) -> Facts:
    def facts(transaction: Transaction) -> int:
        asked.append(transaction.head.method)
        return 5

    return facts


def test_the_facts_of_a_head_are_remembered() -> None:
    asked: list[bytes] = []
    facts = head_facts([_recording(asked)])
    for field in (b"1", b"2", b"1"):
        assert facts(_transaction(b"/" + field, (b"X", field))) == 5
    assert facts(_transaction(b"/", (b"X", b"1"), (b"X", b"2"))) == 5
    assert len(asked) == 3


def test_the_facts_of_no_body_are_known() -> None:
    asked: list[bytes] = []
    facts = body_facts([_recording(asked)])
    assert [facts(_transaction(body=body)) for body in (b"", b"", b"<a/>", b"<a/>", b"")] == [5] * 5
    assert len(asked) == 3


def test_parts_that_never_came_are_no_lack_of_parts() -> None:
    rules = rule_set(ON + 'SecRule MULTIPART_STRICT_ERROR "@streq 0" "id:1,phase:2,pass"')
    assert inspect(rules).ids == []
    parts = Request(b"/", ((b"Content-Type", b"multipart/form-data; boundary=x"),))
    assert inspect(rules, parts).ids == [1]
    assert inspect(rules).ids == []


def test_what_is_remembered_cannot_change_within_a_transaction() -> None:
    assert not DYNAMIC & {*HEAD_VARIABLES, *BODY_VARIABLES}
    assert READERS.keys() >= {*HEAD_VARIABLES, *BODY_VARIABLES}


@pytest.mark.parametrize("variable", HEAD_VARIABLES)
def test_head_variables_depend_on_what_heads_are_told_apart_by(variable: str) -> None:
    fields = ((b"Host", b"a.test"), (b"Cookie", b"a=1"), (b"Authorization", b"Basic YTpi"))
    one, other = _transaction(b"/one?a=1", *fields), _transaction(b"/two", *fields, body=b"<a/>")
    assert [*READERS[variable](one)] == [*READERS[variable](other)] or variable == "REQUEST_METHOD"
