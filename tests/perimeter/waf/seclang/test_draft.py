"""Single actions: what each sets."""

from __future__ import annotations

import pytest

from bartizan.perimeter.waf.seclang.actions import split_actions
from bartizan.perimeter.waf.seclang.draft import Draft, DraftError, apply_actions
from bartizan.perimeter.waf.seclang.model import Action, SetVar
from bartizan.perimeter.waf.seclang.template import Macro, Template
from bartizan.perimeter.waf.transformations import TRANSFORMATIONS

PLAIN = Template(())


def draft(actions: str) -> Draft:
    """Return the draft of a list of actions."""
    made = Draft(transformation_names=TRANSFORMATIONS.keys())
    apply_actions(made, split_actions(actions.encode()))
    return made


@pytest.mark.parametrize(
    ("actions", "name", "value"),
    [
        ("id:942100", "id", 942100),
        ("id:'7'", "id", 7),
        ("phase:3", "phase", 3),
        ("phase:'4'", "phase", 4),
        ("phase:request", "phase", 2),
        ("phase:Response", "phase", 4),
        ("phase:LOGGING", "phase", 5),
        ("Deny", "disruption", "deny"),
        ("drop", "disruption", "drop"),
        ("block", "disruption", "block"),
        ("pass", "disruption", "pass"),
        ("allow", "disruption", "allow"),
        ("allow:phase", "disruption_argument", Template((b"phase",))),
        ("allow:request", "disruption_argument", Template((b"request",))),
        ("redirect:'http://x/%{tx.a}'", "disruption_argument", Template((b"http://x/", Macro("TX", b"a")))),
        ("status:404", "status", 404),
        ("severity:critical", "severity", 2),
        ("severity:'NOTICE'", "severity", 5),
        ("severity:7", "severity", 7),
        ("msg:'it\\'s'", "msg", Template((b"it's",))),
        ("msg:''", "msg", PLAIN),
        ("logdata:'%{MATCHED_VAR}'", "logdata", Template((Macro("MATCHED_VAR"),))),
        ("tag:a,tag:'b'", "tags", [Template((b"a",)), Template((b"b",))]),
        ("ver:'OWASP_CRS/4.0.0'", "ver", "OWASP_CRS/4.0.0"),
        ("rev:2", "rev", "2"),
        ("maturity:'9'", "maturity", 9),
        ("accuracy:8", "accuracy", 8),
        ("log", "log", True),
        ("nolog", "log", False),
        ("nolog", "audit_log", False),
        ("nolog,auditlog", "audit_log", True),
        ("noauditlog", "audit_log", False),
        ("capture", "capture", True),
        ("multiMatch", "multi_match", True),
        ("chain", "chain", True),
        ("skip:2", "skip", 2),
        ("skipAfter:'END-X'", "skip_after", "END-X"),
        ("t:LowerCase,t:URLDECODEUNI", "transformations", ["lowercase", "urldecodeuni"]),
        ("t:lowercase,t:none,t:length", "transformations", ["length"]),
        ("t:none", "fresh_transformations", True),
        ("xmlns:'soap=http://x/'", "namespaces", [("soap", "http://x/")]),
        ("initcol:ip=%{REMOTE_ADDR}", "actions", [Action("initcol", Template((Macro("REMOTE_ADDR"),)), "ip")]),
        ("setsid:'%{tx.s}'", "actions", [Action("setsid", Template((Macro("TX", b"s"),)))]),
        ("setuid:u", "actions", [Action("setuid", Template((b"u",)))]),
        ("setrsc:r", "actions", [Action("setrsc", Template((b"r",)))]),
        ("setenv:'a=b c'", "actions", [Action("setenv", Template((b"b c",)), "a")]),
        ("expirevar:'IP.Count=60'", "actions", [Action("expirevar", Template((b"60",)), "ip.count")]),
        (
            "deprecatevar:session.score=60/300",
            "actions",
            [Action("deprecatevar", Template((b"60/300",)), "session.score")],
        ),
        ("sanitiseArg:pw", "actions", [Action("sanitisearg", Template((b"pw",)))]),
        ("sanitizeMatched", "actions", [Action("sanitisematched", PLAIN)]),
        ("sanitiseMatchedBytes:1/4", "actions", [Action("sanitisematched", Template((b"1/4",)))]),
        ("sanitiseRequestHeader:x", "actions", [Action("sanitiserequestheader", Template((b"x",)))]),
        ("sanitiseResponseHeader:x", "actions", [Action("sanitiseresponseheader", Template((b"x",)))]),
    ],
)
def test_an_action_sets_what_it_says(actions: str, name: str, value: object) -> None:
    assert getattr(draft(actions), name) == value


def test_of_actions_that_a_rule_has_once_the_last_counts() -> None:
    made = draft("deny,pass,msg:'a',msg:'b',phase:1,phase:2,severity:1,severity:2")
    assert (made.disruption, str(made.msg), made.phase, made.severity) == ("pass", "b", 2, 2)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("tx.a=1", SetVar("TX", Template((b"a",)), "set", Template((b"1",)))),
        ("TX:A=1", SetVar("TX", Template((b"A",)), "set", Template((b"1",)))),
        ("tx.a", SetVar("TX", Template((b"a",)), "set", Template((b"1",)))),
        ("tx.a=", SetVar("TX", Template((b"a",)), "set", PLAIN)),
        ("'tx.a= b '", SetVar("TX", Template((b"a",)), "set", Template((b" b ",)))),
        ("!tx.a", SetVar("TX", Template((b"a",)), "unset", PLAIN)),
        ("ip.a=+5", SetVar("IP", Template((b"a",)), "add", Template((b"5",)))),
        ("session.a=-5", SetVar("SESSION", Template((b"a",)), "subtract", Template((b"5",)))),
        ("'tx.a=+%{tx.b}'", SetVar("TX", Template((b"a",)), "add", Template((Macro("TX", b"b"),)))),
        ("'tx.a=b=c,d'", SetVar("TX", Template((b"a",)), "set", Template((b"b=c,d",)))),
        (r"'tx.a=it\'s'", SetVar("TX", Template((b"a",)), "set", Template((b"it's",)))),
        (
            "'tx.x-%{MATCHED_VAR_NAME}=%{MATCHED_VAR}'",
            SetVar("TX", Template((b"x-", Macro("MATCHED_VAR_NAME"))), "set", Template((Macro("MATCHED_VAR"),))),
        ),
    ],
)
def test_setvar_sets_adds_subtracts_or_removes(value: str, expected: SetVar) -> None:
    assert draft(f"setvar:{value}").setvars == [expected]


@pytest.mark.parametrize("name", ["exec:/bin/x", "pause:100", "proxy:http://x/", "append:'x'", "prepend:'x'"])
def test_actions_that_a_gateway_must_not_do_are_refused_with_the_reason(name: str) -> None:
    with pytest.raises(DraftError, match="is not available: "):
        draft(name)


def test_what_identifies_a_rule_is_told_from_what_it_does() -> None:
    assert not draft("deny,status:404,log,t:none,tag:'x'").identifies
    assert all(draft(action).identifies for action in ("id:1", "msg:x", "logdata:x", "severity:1", "ver:1", "rev:1"))
