from __future__ import annotations

import pytest
from tests.support.waf import ON, Reply, Request, inspect, rule_set

REQUEST = Request(
    b"/p?a=1&A=2", ((b"Host", b"shop.test"), (b"X-Name", b"one"), (b"x-name", b"two"), (b"Cookie", b"c=3"))
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("%{REQUEST_METHOD}", "GET"),
        ("<%{request_method} %{REQUEST_URI}>", "<GET /p?a=1&A=2>"),
        ("%{ARGS.a}", "2"),
        ("%{ARGS:A}", "2"),
        ("%{ARGS}", "1"),
        ("%{REQUEST_HEADERS.X-Name}", "two"),
        ("%{REQUEST_HEADERS.none}", ""),
        ("%{REQUEST_COOKIES.c}", "3"),
        ("%{TX.set}", "yes"),
        ("%{tx.SET}", "yes"),
        ("%{TX.unset}", ""),
        ("%{MATCHED_VAR_NAME}", "REQUEST_METHOD"),
        ("%{RESPONSE_STATUS}", "404"),
        ("%{UNIQUE_ID}", "request-1"),
        ("100%", "100%"),
        ("%{}", "%{}"),
    ],
)
def test_macros_are_replaced_by_what_they_name(text: str, expected: str) -> None:
    rules = f"""SecAction "id:1,phase:1,nolog,pass,setvar:tx.set=yes"
        SecRule REQUEST_METHOD "@rx ." "id:2,phase:3,pass,logdata:'{text}'" """
    assert inspect(rule_set(ON + rules), REQUEST, Reply(404)).data == {2: expected}


def test_macros_work_in_every_place() -> None:
    rules = """
        SecAction "id:1,phase:1,nolog,pass,setvar:tx.n=a,setvar:tx.v_%{tx.n}=%{ARGS.a}"
        SecRule TX:v_a "@streq %{ARGS.a}" "id:2,phase:1,pass,msg:'%{tx.n}',tag:'%{tx.n}',initcol:ip=%{tx.n}"
        SecAction "id:3,phase:1,nolog,pass,setvar:ip.%{tx.n}=%{tx.n},setsid:%{tx.n},setenv:x=%{tx.n}"
        SecRule ENV:x "@streq %{tx.n}" "id:4,phase:1,pass"
        SecRule SESSIONID "@streq %{tx.n}" "id:5,phase:1,log,redirect:/%{tx.n}" """
    seen = inspect(rule_set(ON + rules), REQUEST)
    assert seen.ids == [2, 4, 5]
    assert (seen.matches[0].msg, seen.matches[0].tags) == ("a", ("a",))
    assert seen.transaction.persistent.keys == {"IP": b"a", "SESSION": b"a"}
    assert [(change.name, change.value) for change in seen.transaction.persistent.changes["IP"]] == [(b"a", b"a")]
    assert seen.intervention is not None
    assert seen.intervention.url == b"/a"


def test_what_a_macro_brings_is_no_macro() -> None:
    rules = """SecRule ARGS:q "@rx ." "id:1,phase:1,pass,logdata:'%{MATCHED_VAR}'" """
    assert inspect(rule_set(ON + rules), Request(b"/?q=%25{TX.x}")).data == {1: "%{TX.x}"}
