"""What libmodsecurity 3.0.15 takes and refuses, beside what is taken and refused here.

Where the two differ, the reason stands with the texts: the reference manual, or a mistake that is better told when
rules are loaded than found out when they do nothing.
"""

from __future__ import annotations

import pytest
from tests.perimeter.waf.seclang.reading_support import problems, reference_refuses

from bartizan.perimeter.waf.seclang.names import COLLECTIONS, SCALARS
from bartizan.perimeter.waf.transformations import TRANSFORMATIONS


def _acting(*actions: str) -> list[str]:
    return [f'SecRule ARGS "@rx a" "id:1,{action}"' for action in actions]


def _looking(*targets: str) -> list[str]:
    return [f'SecRule {target} "@rx a" "id:1"' for target in targets]


def _judging(*operators: str) -> list[str]:
    return [f'SecRule ARGS "{operator}" "id:1"' for operator in operators]


CHAIN = 'SecRule ARGS "@rx a" "id:1,chain"\n'

TAKEN = [
    *_acting(
        *[
            "phase:1",
            "phase:2",
            "phase:5",
            "phase:request",
            "phase:RESPONSE",
            "phase:logging",
            "phase:'2'",
            "pass",
            "block",
            "deny",
            "drop",
        ],
        *[
            "redirect:http://x",
            "redirect:'http://x/%{tx.a}'",
            "allow",
            "allow:phase",
            "allow:request",
            "status:403",
            "msg:'x'",
            "msg:x",
        ],
        *[
            "logdata:'x'",
            "tag:'x'",
            "tag:x",
            "severity:CRITICAL",
            "severity:'CRITICAL'",
            "severity:2",
            "severity:critical",
            "ver:'x'",
        ],
        *[
            "rev:'x'",
            "rev:1",
            "maturity:'1'",
            "accuracy:9",
            "log",
            "nolog",
            "auditlog",
            "noauditlog",
            "capture",
            "multiMatch",
            "skip:1",
            "t:none",
        ],
        *[
            "skipAfter:X",
            "skipAfter:'X'",
            "skipAfter:A-B",
            "setvar:tx.a=1",
            "setvar:'tx.a=1'",
            "setvar:tx.a",
            "setvar:!tx.a",
        ],
        *[
            "setvar:tx.a=+1",
            "setvar:tx.a=-1",
            "setvar:'tx.a=+%{tx.b}'",
            "setvar:ip.a=1",
            "setvar:session.a=1",
            "setvar:user.a=1",
        ],
        *["setvar:global.a=1", "setvar:resource.a=1", "setvar:tx:a=1", "setvar:tx.%{tx.b}=1", "setvar:tx.a-b=1"],
        *["ctl:ruleEngine=On", "ctl:ruleEngine=off", "ctl:ruleEngine=DetectionOnly", "ctl:auditEngine=RelevantOnly"],
        *["ctl:auditLogParts=+E", "ctl:requestBodyProcessor=XML", "ctl:requestBodyProcessor=JSON"],
        *["ctl:requestBodyProcessor=URLENCODED", "ctl:requestBodyAccess=On", "ctl:forceRequestBodyVariable=Off"],
        *["ctl:ruleRemoveById=1", "ctl:ruleRemoveById=1-5", "ctl:ruleRemoveByTag=attack/x"],
        *["ctl:ruleRemoveTargetById=1;ARGS:a", "ctl:ruleRemoveTargetByTag=x;ARGS"],
        *["initcol:ip=%{REMOTE_ADDR}", "initcol:global=global", "initcol:resource=x", "setsid:x", "setsid:'%{tx.a}'"],
        *["setuid:x", "setrsc:x", "setenv:a=b", "setenv:'a=%{tx.b}'", "expirevar:ip.a=60", "xmlns:xsd=http://x/"],
        *["multimatch", "CAPTURE", "Deny", "msg:'%{ARGS.a}'", "msg:'%{args:a}'", "msg:'%{tx}'", "msg:'%{rule.id}'"],
        *(f"t:{name}" for name in TRANSFORMATIONS),
        "phase:2 ,pass",
        "phase:2, pass",
        "phase:2,\\\n  pass",
        "phase:2,\\\r\n  pass",
        "msg:'say \"x y\" now'",
        "msg:'it\\'s'",
        "msg:a b",
        "deny,pass",
    ),
    *_looking(*sorted(SCALARS | COLLECTIONS), *sorted(f"&{name}" for name in SCALARS | COLLECTIONS)),
    *_looking(*sorted(f"{name}:a" for name in COLLECTIONS), *sorted(f"ARGS|!{name}" for name in COLLECTIONS)),
    *_looking("args", "ARGS|ARGS_NAMES", "ARGS,ARGS_NAMES", '"ARGS|ARGS_NAMES"', "ARGS|!ARGS:/^a/", "ARGS:/a\\/b/"),
    *_looking("ARGS.a", "TX:1", "XML:/*|XML://@*", "ARGS:a[0]", "ARGS:/a", "ARGS:/a/b", "STATUS", "TX:/^a_/"),
    *_judging("@rx a", "a", "!a", "!@rx a", "@RX a", "@within %{tx.a}", "@detectSQLi", "!@detectXSS", "@eq %{tx.a}"),
    *_judging(
        "@unconditionalMatch", "@noMatch", "@validateUtf8Encoding", "@pm a b", r"@rx a\"b", r"@rx a\\", "  @rx a"
    ),
    *_judging("@ipMatch 1.2.3.4", "@validateByteRange 1-255", "@verifyCC a", "@strmatch a", "@containsWord a", "@lt 5"),
    'SecRule ARGS "@rx a" "id:1" # comment',
    'SecRule ARGS "@rx a" "id:1"#comment',
    'secrule  ARGS\t"@rx a" "id:1"',
    "SecRuleEngine On # comment",
    "SecRuleEngine \\\nOn",
    "SecRuleEngine On\r\nSecRuleEngine Off\r\n",
    "# comment \\\nSecRuleEngine On",
    "SecMarker X",
    'SecMarker "X-Y"',
    "SecDefaultAction \"phase:1,log,auditlog,pass,tag:'x',t:lowercase,capture\"",
    "SecRuleRemoveById 1 2",
    "SecRuleRemoveById 1-5",
    'SecRuleRemoveByTag "a b"',
    'SecRuleRemoveByMsg "x y"',
    'SecRuleUpdateTargetById 1 "!ARGS:a|!ARGS:b"',
    'SecRuleUpdateTargetById 1 "!ARGS:a,!ARGS:b"',
    'SecRuleUpdateTargetByTag "a" "!ARGS:a"',
    'SecRuleUpdateTargetByMsg "a" "!ARGS:a"',
    'SecRuleUpdateActionById 1 "deny,status:404"',
    *[
        "SecRequestBodyLimit 100",
        "SecRequestBodyNoFilesLimit 100",
        "SecRequestBodyLimitAction Reject",
        "SecCollectionTimeout 60",
        "SecRequestBodyJsonDepthLimit 5",
        "SecArgumentsLimit 5",
        "SecResponseBodyMimeType text/plain",
        "SecArgumentSeparator ;",
        "SecResponseBodyMimeTypesClear",
        "SecResponseBodyLimitAction ProcessPartial",
        "SecCookieFormat 0",
        "SecWebAppId x",
        'SecComponentSignature "x"',
        "SecPcreMatchLimit 5",
        "SecTmpDir /tmp",
        "SecUploadKeepFiles Off",
        "SecStatusEngine On",
    ],
    CHAIN + 'SecRule ARGS "@rx b"',
    CHAIN + 'SecRule ARGS "@rx b" "block"',
    CHAIN + "SecRule ARGS \"@rx b\" \"msg:'x',tag:'x',severity:2,phase:1,id:2,status:404,nolog\"",
    CHAIN + 'SecAction "setvar:tx.a=1"',
]

REFUSED = [
    *_acting(
        "phase:6", "phase:", "redirect", "allow:foo", "status:abc", "severity:foo", "severity", "maturity:a", "skip"
    ),
    *_acting("msg", "logdata", "tag", "skip:a", "t:foo", "setvar", "setvar:foo.a=1", "setvar:env.a=1", "setvar:a=1"),
    *_acting("ctl", "ctl:foo=1", "ctl:ruleEngine", "ctl:ruleEngine=foo", "ctl:auditEngine=foo", "ctl:ruleRemoveById=a"),
    *_acting("ctl:requestBodyProcessor=foo", "ctl:ruleRemoveTargetById=1", "initcol:foo=1", "initcol:ip", "xmlns:a"),
    *_acting("foo", "foo:1", ",", "deny,", "pass:foo", "capture:1", "msg:'%{foo}'", "deny nolog", "'msg:x'"),
    *_acting("prepend:'x'", "append:'x'", "proxy:http://x", "pause:100"),
    *_looking("FOO", "FOO:a", "ARGS|", "|ARGS", "ARGS||ARGS", "ARGS:", "REMOTE_ADDR:a", "''", '""', "HTTP_HOST"),
    *_judging("", "@rx", "@streq", "@eq", "@contains %{foo}", "!"),
    'SecRule ARGS "@rx a"',
    "SecRule ARGS",
    "SecRule",
    'SecRule ARGS "@rx a" "pass"',
    'SecRule ARGS "@rx a" "id:0x"',
    'SecRule ARGS "@rx a" "id:99999999999999999999"',
    'SecRule ARGS "@rx a" "id:1" "x"',
    'SecRule ARGS "@rx a" "id:1"\nSecRule ARGS "@rx a" "id:1"',
    'SecRule ARGS "@rx a" \\ \n"id:1"',
    CHAIN + 'SecRule ARGS "@rx b" "deny"',
    CHAIN + 'SecRule ARGS "@rx b" "pass"',
    "SecAction",
    "SecMarker",
    'SecMarker ""',
    'SecDefaultAction "phase:1,log"',
    'SecDefaultAction "phase:1,block"',
    'SecDefaultAction "phase:1,pass,id:1"',
    'SecDefaultAction "phase:1,pass,chain"',
    'SecDefaultAction "phase:1,pass,t:none"',
    'SecDefaultAction "phase:1,pass"\nSecDefaultAction "phase:1,deny"',
    "SecRuleRemoveById",
    "SecRuleRemoveById a",
    "SecRuleRemoveById 5-1",
    'SecRuleUpdateTargetById a "!ARGS:a"',
    'SecRuleUpdateTargetById 1 "FOO"',
    'SecRuleUpdateActionById a "deny"',
    'SecRuleUpdateActionById 1 ""',
    "SecRuleEngine foo",
    "SecRuleEngine",
    "SecRequestBodyLimit -1",
    "SecResponseBodyMimeType",
    "SecResponseBodyMimeTypesClear x",
    "SecArgumentSeparator",
    "SecFoo 1",
    "Include nofile",
    "Include nofile*.conf",
]

TAKEN_HERE_ONLY = {
    "the reference manual has it": [
        *_acting("ctl:auditLogParts=ABC", "ctl:requestBodyProcessor=MULTIPART", "ctl:ruleRemoveByMsg=x"),
        *_acting("ctl:ruleRemoveTargetByMsg=x;ARGS", "ctl:responseBodyAccess=On", "ctl:responseBodyLimit=5"),
        *_acting("ctl:requestBodyLimit=5", "ctl:debugLogLevel=5", "sanitiseArg:a", "sanitiseMatched"),
        *_acting("sanitiseMatchedBytes:1/4", "sanitiseRequestHeader:a", "sanitiseResponseHeader:a"),
        *_acting("deprecatevar:session.a=60/300"),
        'SecRuleRemoveById 1 "2-3"',
        'SecRuleUpdateTargetById 1 "ARGS:a" "ARGS:b"',
        "SecCookieFormat 1",
    ],
    "quotes that ModSecurity 2 takes, and what they make possible": [
        *_acting("ctl:'ruleRemoveTargetById=1;ARGS:a'", "initcol:'ip=x'", "setvar:'tx.a=a,b'", "setvar:'tx.a=b=c'"),
        *_acting("status:'403'", "skip:'1'", "ver:x", "t:'lowercase'", "msg:''", "setvar:tx.a=", "phase: 2"),
        *_looking("ARGS:/a|b/", "ARGS:'a|b'", '"ARGS | ARGS_NAMES"', "\"ARGS:'a b'\"", '"ARGS|\\\n  ARGS_NAMES"'),
        'SecRuleEngine "On"',
        'SecResponseBodyMimeType "text/plain"',
        'SecRule ARGS "@rx a" id:1,pass',
        "SecRule ARGS \"@rx a\" 'id:1,pass'",
        "SecAction id:1,pass",
        "SecRule ARGS ^a$ id:1",
        'SecRuleRemoveById "1-5"',
        'SecMarker "X Y"',
    ],
    "braces in a pattern are more likely the pattern's": _judging("@rx %{foo}", "@rx a%{2}", "@rx %{", "@contains %{"),
    "editors write it": ["\ufeffSecRuleEngine On"],
    "a directive without meaning here": ["SecAuditEngine foo", "SecSensorId x", "SecHashEngine On"],
    "an action may begin a chain": ['SecAction "id:1,chain"\nSecRule ARGS "@rx b"'],
    "the reference was built without a database, or without files": [*_judging("@geoLookup", "@pmFromFile nofile")],
}

REFUSED_HERE_ONLY = {
    "the reference manual says so": [
        'SecAction "pass"',
        'SecDefaultAction "log,pass"',
        "SecDefaultAction \"phase:1,pass,msg:'x'\"",
        'SecDefaultAction "phase:1,pass,severity:2"',
        'SecRuleUpdateActionById 1 "phase:1"',
        'SecRuleUpdateActionById 1 "chain"',
        *_acting("phase:0", "severity:9", "maturity:10", "accuracy:10"),
    ],
    "it would do nothing, or not what it says": [
        'SecRule ARGS "@rx a" "id:1,chain"',
        'SecRule ARGS "@rx a" "id:1',
        'SecDefaultAction "phase:1,pass,skip:1"',
        CHAIN + 'SecRule ARGS "@rx b" "skip:1"',
        CHAIN + 'SecRule ARGS "@rx b" "skipAfter:X"',
        "SecRuleEngine On SecRuleEngine Off",
        'SecRuleUpdateActionById 1-2 "deny"',
        'SecRuleUpdateActionById "1,2" "deny"',
        *_acting(
            "status:99", "status:999", "skip:0", "setvar:tx.=1", "expirevar:ip.a", "ctl:ruleRemoveTargetById=1;FOO"
        ),
        *_acting("ctl:parseXmlIntoArgs=On", "msg:'x"),
        *_looking("!ARGS", "ARGS:'a"),
        *_judging("@foo a", "@foo", '@rx a"b'),
        "SecRequestBodyLimit 0",
        "SecArgumentsLimit 0",
        "SecCollectionTimeout 0",
        "SecCookieFormat 2",
        "SecRequestBodyJsonDepthLimit 0",
    ],
}


def _flat(differences: dict[str, list[str]]) -> list[str]:
    return [text for texts in differences.values() for text in texts]


@pytest.mark.parametrize("text", TAKEN)
def test_both_take_it(text: str) -> None:
    assert problems(text) == []
    assert not reference_refuses(text)


@pytest.mark.parametrize("text", REFUSED)
def test_both_refuse_it(text: str) -> None:
    assert problems(text)
    assert reference_refuses(text)


@pytest.mark.parametrize("text", _flat(TAKEN_HERE_ONLY))
def test_only_the_reference_refuses_it(text: str) -> None:
    assert problems(text) == []
    assert reference_refuses(text)


@pytest.mark.parametrize("text", _flat(REFUSED_HERE_ONLY))
def test_only_the_reference_takes_it(text: str) -> None:
    assert problems(text)
    assert not reference_refuses(text)
