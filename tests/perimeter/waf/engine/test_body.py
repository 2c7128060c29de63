from __future__ import annotations

import pytest
from tests.support.waf import ON, Request, inspect, rule_set

FORM = b"application/x-www-form-urlencoded"
PARTS = b"multipart/form-data"
DISPOSITION = b'--x\r\nContent-Disposition: form-data; name="f"'
RULES = """
SecRule ARGS_POST "@rx ." "id:1,phase:2,pass"
SecRule FILES "@rx ." "id:2,phase:2,pass"
SecRule XML:/* "@rx ." "id:3,phase:2,pass"
SecRule ARGS:json.a "@rx ." "id:4,phase:2,pass"
SecRule REQBODY_ERROR "@eq 1" "id:5,phase:2,pass,logdata:'%{REQBODY_ERROR_MSG}'"
SecRule REQUEST_BODY "@rx ." "id:6,phase:2,pass"
SecRule URLENCODED_ERROR "@eq 1" "id:7,phase:2,pass"
"""


def _ids(kind: bytes, body: bytes, before: str = "") -> list[int]:
    headers = ((b"Content-Type", kind),) if kind else ()
    return inspect(rule_set(ON + before + RULES), Request(b"/", headers, body)).ids


def _processor(name: str) -> str:
    return f'SecAction "id:90,phase:1,nolog,pass,ctl:requestBodyProcessor={name}"\n'


@pytest.mark.parametrize(
    ("kind", "body", "before", "expected"),
    [
        (FORM, b"a=1", "", [1, 6]),
        (FORM + b"; charset=utf-8", b"a=1", "", [1, 6]),
        (FORM, b"a=%zz", "", [1, 6, 7]),
        (FORM, b"", "", []),
        (b"text/plain", b"a=1", "", []),
        (b"", b"a=1", "", []),
        (b"text/plain", b"a=1", _processor("URLENCODED"), [1, 6]),
        (b"text/plain", b"a=1", 'SecAction "id:90,phase:1,nolog,pass,ctl:forceRequestBodyVariable=On"\n', [6]),
        (b"application/json", b'{"a": 1}', _processor("JSON"), [4]),
        (b"application/json", b'{"a": ', _processor("JSON"), [5]),
        (b"text/xml", b"<a>1</a>", _processor("XML"), [3]),
        (b"text/xml", b"<a>1", _processor("XML"), [3, 5]),
        (PARTS + b"; boundary=x", DISPOSITION + b'; filename="n"\r\n\r\n1\r\n--x--\r\n', "", [2]),
        (PARTS + b"; boundary=x", DISPOSITION + b"\r\n\r\n1\r\n--x--\r\n", "", [1]),
        (PARTS, DISPOSITION + b"\r\n\r\n1\r\n--x--\r\n", "", [5]),
    ],
)
def test_a_body_is_read_as_its_type_or_a_rule_says(kind: bytes, body: bytes, before: str, expected: list[int]) -> None:
    assert _ids(kind, body, before) == expected


def test_what_cannot_be_read_is_explained() -> None:
    seen = inspect(rule_set(ON + _processor("JSON") + RULES), Request(body=b'{"a" 1}'))
    assert 5 in seen.data
    assert seen.data[5]


def test_a_processor_that_is_chosen_too_late_changes_nothing() -> None:
    late = 'SecAction "id:90,phase:2,nolog,pass,ctl:requestBodyProcessor=URLENCODED,ctl:forceRequestBodyVariable=On"\n'
    assert _ids(b"text/plain", b"a=1", late) == []


def test_arguments_of_query_and_body_share_one_limit() -> None:
    rules = ON + 'SecArgumentsLimit 3\nSecRule &ARGS "@rx ." "id:1,phase:2,pass,logdata:%{MATCHED_VAR}"'
    request = Request(b"/?a=1&b=2", ((b"Content-Type", FORM),), b"c=3&d=4&e=5")
    assert inspect(rule_set(rules), request).data == {1: "3"}
