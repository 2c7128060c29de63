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
