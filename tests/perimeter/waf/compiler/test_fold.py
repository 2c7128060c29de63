import pytest
from tests.support.waf import ON, Request, inspect, rule_set

SET = "SecRule ARGS:x \"@rx .\" \"id:1,phase:1,pass,nolog,setvar:'tx.a=+3',setvar:'tx.c=4'\"\n"
TELL = "SecAction \"id:9,phase:2,pass,log,msg:'%{tx.a}/%{tx.c}/%{tx.d}'\"\n"
BEGIN = 'SecAction "id:8,phase:1,pass,nolog,setvar:tx.a=0,setvar:tx.b=1"\n'


@pytest.mark.parametrize(
    ("again", "told"),
    [
        ('SecAction "id:2,phase:2,pass,nolog,setvar:tx.a=0"', "0/4/"),
        ('SecAction "id:2,phase:1,pass,nolog,setvar:tx.a=0"', "0/4/"),
        ('SecRule TX:b "@eq 1" "id:2,phase:1,pass,nolog,setvar:tx.a=0"', "0/4/"),
        ('SecAction "id:2,phase:2,pass,nolog,setvar:!tx.c"', "3//"),
        ('SecRule TX:b "@eq 1" "id:2,phase:2,pass,nolog,setvar:tx.a=0,chain"\nSecRule TX:b "@eq 2"', "0/4/"),
        ('SecRule TX:b "@eq 1" "id:2,phase:2,pass,nolog,setvar:!tx.c,chain"\nSecRule ARGS:y "@eq 1"', "3//"),
        ('SecRule TX:b "@eq 2" "id:2,phase:2,pass,nolog,setvar:tx.a=0"', "3/4/"),
        (
            (
                'SecAction "id:2,phase:2,pass,nolog,setvar:tx.a=0"\n'
                'SecAction "id:3,phase:2,pass,nolog,setvar:tx.d=+%{tx.c},setvar:tx.d=+%{tx.a}"'
            ),
            "0/4/4",
        ),
        (
            (
                'SecRule TX:b "@eq 1" "id:2,phase:1,pass,nolog,setvar:tx.a=0,skipAfter:E"\n'
                'SecAction "id:3,phase:1,pass,nolog,setvar:tx.d=1"\nSecMarker E'
            ),
            "0/4/",
        ),
    ],
)
def test_what_is_always_set_is_set_again_where_another_rule_changed_it(again: str, told: str) -> None:
    text = f"{ON}{BEGIN}{SET}{again}\n{TELL}"
    for rules in (rule_set(text), rule_set(text, hyperscan=False), rule_set(text, gate=False)):
        assert [match.msg for match in inspect(rules, Request(b"/?x=1")).matches] == [told]


def test_what_is_set_again_and_unchanged_is_as_it_was() -> None:
    rules = rule_set(f'{ON}{BEGIN}{SET}SecAction "id:2,phase:2,pass,nolog,setvar:tx.a=0"\n{TELL}')
    assert [match.msg for match in inspect(rules).matches] == ["0//"]


def _compare(rules: str, *queries: bytes) -> None:
    compiled, plain = rule_set(ON + rules), rule_set(ON + rules, gate=False)
    for query in queries:
        request = Request(b"/?" + query)
        assert inspect(compiled, request).data == inspect(plain, request).data


def test_what_a_skip_may_pass_over_is_not_set_from_the_beginning() -> None:
    rules = """SecRule ARGS:x "@rx ." "id:1,phase:1,nolog,pass,skipAfter:END"
        SecRule &TX:b "@eq 0" "id:2,phase:1,nolog,pass,setvar:tx.a=1"
        SecMarker END
        SecRule ARGS:y "@rx ." "id:3,phase:1,nolog,pass,setvar:tx.b=1"
        SecAction "id:4,phase:2,pass,logdata:'%{tx.a}'" """
    _compare(rules, b"", b"x=1", b"y=1", b"x=1&y=1")


def test_what_a_rule_sets_while_nothing_is_changed_is_not_set_where_it_is_removed() -> None:
    rules = """SecRule ARGS:x "@rx ." "id:1,phase:1,nolog,pass,ctl:ruleRemoveById=3"
        SecRule ARGS:y "@rx ." "id:2,phase:1,nolog,pass,setvar:tx.b=1"
        SecRule &TX:b "@eq 0" "id:3,phase:2,nolog,pass,setvar:tx.a=1"
        SecAction "id:4,phase:2,pass,logdata:'%{tx.a}'" """
    _compare(rules, b"", b"x=1", b"y=1", b"x=1&y=1")


def test_what_is_certain_to_be_set_is_not_where_its_rule_is_removed() -> None:
    rules = """SecRule ARGS:x "@rx ." "id:1,phase:1,nolog,pass,ctl:ruleRemoveById=3"
        SecRule ARGS:y "@rx ." "id:2,phase:1,nolog,pass,setvar:tx.b=1"
        SecAction "id:3,phase:2,nolog,pass,setvar:tx.a=x%{tx.b}"
        SecAction "id:4,phase:2,pass,logdata:'%{tx.a}'" """
    _compare(rules, b"", b"x=1", b"y=1", b"x=1&y=1")


@pytest.mark.parametrize("selector", ["TX:1", "TX:/^[0-9]$/", "TX:/1/", "TX"])
def test_captures_are_seen_by_name_and_by_pattern(selector: str) -> None:
    rules = f"""SecRule ARGS:x "@rx (b)" "id:1,phase:1,nolog,pass,capture"
        SecRule {selector} "@streq b" "id:2,phase:2,pass" """
    _compare(rules, b"", b"x=ab", b"x=c")


def test_a_collection_is_made_known_by_a_rule_that_never_matches_as_a_whole() -> None:
    rules = """SecAction "id:1,phase:1,nolog,pass,setvar:tx.a=1"
        SecRule TX:a "@eq 1" "id:2,phase:1,nolog,pass,initcol:ip=x,chain"
        SecRule TX:a "@eq 2" "t:none"
        SecRule REQUEST_METHOD "@rx ." "id:3,phase:1,nolog,pass,setvar:ip.n=+1"
        SecRule IP:n "@eq 1" "id:4,phase:1,pass" """
    _compare(rules, b"", b"x=1")


def test_what_nothing_ever_writes_is_known_only_if_all_that_is_asked_is() -> None:
    rules = 'SecRule &IP "@lt %{REMOTE_PORT}" "id:1,phase:1,pass"'
    _compare(rules, b"", b"x=1")


def test_documents_are_asked_about_with_the_names_that_a_rule_gives_their_spaces() -> None:
    rules = ON + """SecAction "id:1,phase:1,nolog,pass,ctl:requestBodyProcessor=XML"
        SecRule XML://n:a "@rx ." "id:2,phase:2,pass,xmlns:n=urn:x" """  # fmt: skip
    body = b'<z:a xmlns:z="urn:x">1</z:a>'
    assert [inspect(rule_set(rules, gate=gate), Request(body=body)).ids for gate in (True, False)] == [[2], [2]]
