from __future__ import annotations

import pytest
from tests.support.waf import ON, Request, inspect, rule_set

from bartizan.errors import SecLangError
from bartizan.perimeter.waf.compiler.selection import excludes
from bartizan.perimeter.waf.seclang import Selector

REQUEST = Request(b"/?a=1&A=2&ab=3&b=4&__c=5", ((b"Host", b"x.test"), (b"X-One", b"1"), (b"x-two", b"2")))


def _looked_at(targets: str, request: Request = REQUEST) -> str:
    rules = f"""SecRule {targets} "@unconditionalMatch" "id:1,phase:2,nolog,pass,\
setvar:'tx.all=%{{tx.all}} %{{MATCHED_VAR}}'"
        SecRule REQUEST_METHOD "@rx ." "id:2,phase:2,pass,logdata:'%{{tx.all}}'" """
    found = [inspect(rule_set(ON + rules, gate=gate), request).data[2].strip() for gate in (True, False)]
    assert found[0] == found[1]
    return found[0]


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ("ARGS", "1 2 3 4 5"),
        ("ARGS:a", "1 2"),
        ("ARGS:A", "1 2"),
        ("ARGS:/^a/", "1 2 3"),
        ("ARGS:/B$/", "3 4"),
        ("ARGS|!ARGS:a", "3 4 5"),
        ("ARGS|!ARGS:/^__/", "1 2 3 4"),
        ("ARGS|!ARGS:a|!ARGS:b", "3 5"),
        ("ARGS:/a/|!ARGS:ab", "1 2"),
        ("ARGS:a|ARGS:b", "1 2 4"),
        ("ARGS|!ARGS", ""),
        ("ARGS:a|!ARGS:a", ""),
        ("ARGS|!REQUEST_HEADERS:a", "1 2 3 4 5"),
        ("REQUEST_HEADERS:X-ONE", "1"),
        ("REQUEST_HEADERS:/^x/", "1 2"),
        ("REQUEST_HEADERS|!REQUEST_HEADERS:Host", "1 2"),
        ("&ARGS", "5"),
        ("&ARGS:a", "2"),
        ("&ARGS:/^a/", "3"),
        ("&ARGS:none", "0"),
        ("&REQUEST_METHOD", "1"),
        ("REQUEST_METHOD|ARGS:b", "GET 4"),
    ],
)
def test_a_selector_chooses(targets: str, expected: str) -> None:
    assert _looked_at(targets) == expected


@pytest.mark.parametrize(
    ("selector", "name", "expected"),
    [
        (None, b"a", True),
        (Selector("key", b"a"), b"A", True),
        (Selector("key", b"a"), b"ab", False),
        (Selector("regex", b"^A"), b"ab", True),
        (Selector("regex", b"b$"), b"b\nc", True),
        (Selector("regex", b"^x"), b"ax", False),
    ],
)
def test_an_exclusion_is_about(selector: Selector | None, name: bytes, expected: bool) -> None:
    excluded = excludes(selector)
    assert [excluded(name), excluded(name)] == [expected, expected]


def test_many_names_are_told_apart_still() -> None:
    excluded = excludes(Selector("regex", b"7$"))
    for number in range(3000):
        assert excluded(b"n%d" % number) is (number % 10 == 7)
    assert excluded(b"n" * 500 + b"7")


def test_an_xpath_chooses_from_a_document() -> None:
    body = b'<a xmlns:n="urn:x"><b>1</b><n:b>2</n:b></a>'
    processor = 'SecAction "id:9,phase:1,nolog,pass,ctl:requestBodyProcessor=XML"\n'
    rules = """SecRule XML:/a/b "@rx ." "id:1,phase:2,pass,logdata:'%{MATCHED_VAR}'"
        SecRule XML://y:b "@rx ." "id:2,phase:2,pass,xmlns:y=urn:x,logdata:'%{MATCHED_VAR}'"
        SecRule XML://none "@rx ." "id:3,phase:2,pass" """
    for gate in (True, False):
        loaded = rule_set(ON + processor + rules, gate=gate)
        assert inspect(loaded, Request(body=body)).data == {1: "1", 2: "2"}
        assert inspect(loaded).data == {}


def test_a_pattern_that_is_none_is_refused_with_its_place() -> None:
    with pytest.raises(SecLangError) as caught:
        rule_set(ON + 'SecRule ARGS:/(/ "@rx ." "id:1,phase:2,pass"')
    assert caught.value.problems[0].line == 4
