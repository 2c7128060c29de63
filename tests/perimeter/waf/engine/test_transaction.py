from __future__ import annotations

import pytest
from tests.support.waf import ON, Reply, Request, inspect, rule_set

FORM = ((b"Content-Type", b"application/x-www-form-urlencoded"),)
RULES = """
SecRule ARGS_POST "@rx ." "id:1,phase:2,pass,logdata:%{MATCHED_VAR}"
SecRule INBOUND_DATA_ERROR "@eq 1" "id:2,phase:2,pass"
SecRule RESPONSE_BODY "@rx ." "id:3,phase:4,pass,logdata:%{MATCHED_VAR}"
SecRule OUTBOUND_DATA_ERROR "@eq 1" "id:4,phase:4,pass"
"""


def test_bodies_are_wanted_only_with_access() -> None:
    limits = "SecRequestBodyLimit 100\nSecResponseBodyLimit 50\n"
    seen = inspect(rule_set(ON + limits + RULES), None, Reply())
    assert (seen.transaction.wants_body, seen.transaction.wants_response) == (100, 50)
    off = "SecRuleEngine On\nSecRequestBodyAccess Off\nSecResponseBodyAccess Off\n"
    seen = inspect(rule_set(off + RULES), None, Reply())
    assert (seen.transaction.wants_body, seen.transaction.wants_response) == (0, 0)


def test_rules_may_change_what_is_wanted_of_bodies() -> None:
    rules = ON + 'SecAction "id:9,phase:1,nolog,pass,ctl:requestBodyLimit=7,ctl:responseBodyLimit=8"'
    seen = inspect(rule_set(rules), None, Reply())
    assert (seen.transaction.wants_body, seen.transaction.wants_response) == (7, 8)
    rules = ON + 'SecAction "id:9,phase:1,nolog,pass,ctl:requestBodyAccess=Off,ctl:responseBodyAccess=Off"\n' + RULES
    seen = inspect(rule_set(rules), Request(b"/", FORM, b"a=1"), Reply(body=b"x"))
    assert (seen.transaction.wants_body, seen.transaction.wants_response) == (0, 0)
    assert 1 not in seen.ids


@pytest.mark.parametrize(
    ("kind", "wanted"), [(b"text/html", True), (b"text/HTML; charset=x", True), (b"image/png", False), (b"", False)]
)
def test_only_replies_of_some_types_are_wanted(kind: bytes, wanted: bool) -> None:
    seen = inspect(rule_set(ON + RULES), None, Reply(200, ((b"Content-Type", kind),)))
    assert bool(seen.transaction.wants_response) is wanted


@pytest.mark.parametrize("complete", [True, False])
def test_a_body_that_is_too_large_is_refused(complete: bool) -> None:
    rules = ON + "SecRequestBodyLimit 5\n" + RULES
    seen = inspect(rule_set(rules), Request(b"/", FORM, b"a=1" if not complete else b"a=12345", complete=complete))
    assert seen.intervention is not None
    assert (seen.intervention.status, seen.intervention.rule, seen.ids) == (413, None, [])
    assert "SecRequestBodyLimit" in seen.intervention.reason


def test_a_body_that_is_too_large_can_be_looked_at_in_part() -> None:
    rules = ON + "SecRequestBodyLimit 4\nSecRequestBodyLimitAction ProcessPartial\n" + RULES
    assert inspect(rule_set(rules), Request(b"/", FORM, b"a=12345")).data == {1: "12", 2: ""}


def test_a_body_that_is_too_large_is_looked_at_in_part_where_rules_only_detect() -> None:
    rules = rule_set(ON + "SecRequestBodyLimit 4\n" + RULES, mode="detection_only")
    assert inspect(rules, Request(b"/", FORM, b"a=12345")).data == {1: "12", 2: ""}


def test_a_body_of_the_limit_is_whole() -> None:
    assert inspect(rule_set(ON + "SecRequestBodyLimit 4\n" + RULES), Request(b"/", FORM, b"a=12")).data == {1: "12"}


def test_a_reply_that_is_too_large_is_looked_at_in_part_or_refused() -> None:
    rules = ON + "SecResponseBodyLimit 2\n" + RULES
    seen = inspect(rule_set(rules), None, Reply(body=b"abc"))
    assert seen.data == {3: "ab", 4: ""}
    seen = inspect(rule_set(rules + "SecResponseBodyLimitAction Reject\n"), None, Reply(body=b"abc"))
    assert seen.intervention is not None
    assert (seen.intervention.status, seen.ids) == (502, [])


def test_an_exchange_that_is_denied_wants_nothing_more() -> None:
    seen = inspect(rule_set(ON + 'SecAction "id:1,phase:1,deny"'), None, Reply())
    assert (seen.transaction.wants_body, seen.transaction.wants_response) == (0, 0)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("anomaly_score", 7), ("blocking_inbound_anomaly_score", 7), ("inbound_anomaly_score", 7), ("other", 0)],
)
def test_the_anomaly_score_is_found_by_its_names(name: str, expected: int) -> None:
    seen = inspect(rule_set(ON + f'SecRule REQUEST_METHOD "@rx ." "id:1,phase:1,nolog,pass,setvar:tx.{name}=+7"'))
    assert seen.transaction.score == expected


def test_transactions_of_one_rule_set_know_nothing_of_each_other() -> None:
    rules = rule_set(
        ON
        + """SecRule ARGS:a "@rx (.)" "id:1,phase:1,nolog,pass,capture,setvar:tx.seen=%{TX.1}"
        SecRule TX:seen "@rx ." "id:2,phase:1,pass,logdata:'%{TX.seen}'" """
    )
    first, second = rules.transaction(Request(b"/?a=x").head()), rules.transaction(Request(b"/").head())
    first.request_headers()
    second.request_headers()
    assert ([match.data for match in first.matches], second.matches) == (["x"], [])


@pytest.mark.parametrize(
    ("target", "uri", "filename", "basename", "query"),
    [
        (b"/a/b.php?x=1", b"/a/b.php?x=1", b"/a/b.php", b"b.php", b"x=1"),
        (b"/a%2fb%3fc?x", b"/a/b?c?x", b"/a/b", b"b", b"x"),
        (b"/a#b?c", b"/a", b"/a", b"a", b""),
        (b"/a\\b", b"/a\\b", b"/a\\b", b"b", b""),
        (b"http://h.test/p?q", b"/p?q", b"http://h.test/p", b"p", b"q"),
        (b"http://h.test", b"http://h.test", b"http://h.test", b"h.test", b""),
        (b"*", b"*", b"*", b"", b""),
        (b"/?a=http://x/y", b"/?a=http://x/y", b"/", b"", b"a=http://x/y"),
        (b"", b"", b"", b"", b""),
    ],
)
def test_the_target_is_taken_apart(target: bytes, uri: bytes, filename: bytes, basename: bytes, query: bytes) -> None:
    transaction = rule_set(ON).transaction(Request(target).head())
    found = (transaction.uri, transaction.filename, transaction.basename, transaction.query)
    assert found == (uri, filename, basename, query)


@pytest.mark.parametrize(
    ("host", "name"), [(b"a.test", b"a.test"), (b"a.test:81", b"a.test"), (b"[::1]:81", b"[::1]"), (b"[::1]", b"[::1]")]
)
def test_the_server_is_named_without_its_port(host: bytes, name: bytes) -> None:
    assert rule_set(ON).transaction(Request(b"/", ((b"Host", host),)).head()).server_name == name


@pytest.mark.parametrize(
    ("field", "user"), [(b"Basic YTpi", b"a"), (b"basic  YTpi ", b"a"), (b"Basic !", b""), (b"Bearer YTpi", b"")]
)
def test_the_user_of_basic_authentication_is_known(field: bytes, user: bytes) -> None:
    assert rule_set(ON).transaction(Request(b"/", ((b"Authorization", field),)).head()).remote_user == user
