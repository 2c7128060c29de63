"""``ctl``: names and values."""

from __future__ import annotations

import pytest

from bartizan.perimeter.waf.seclang.controls import CONTROLS, ControlError, parse_control


@pytest.mark.parametrize(
    ("text", "name", "value", "target"),
    [
        ("ruleEngine=DetectionOnly", "ruleEngine", "DetectionOnly", None),
        ("RULEENGINE=off", "ruleEngine", "off", None),
        ("auditEngine=RelevantOnly", "auditEngine", "RelevantOnly", None),
        ("auditLogParts=+E", "auditLogParts", "+E", None),
        ("debugLogLevel=4", "debugLogLevel", "4", None),
        ("forceRequestBodyVariable=On", "forceRequestBodyVariable", "On", None),
        ("parseXmlIntoArgs=Off", "parseXmlIntoArgs", "Off", None),
        ("requestBodyAccess=Off", "requestBodyAccess", "Off", None),
        ("requestBodyLimit=1000", "requestBodyLimit", "1000", None),
        ("requestBodyProcessor=multipart", "requestBodyProcessor", "multipart", None),
        ("requestBodyProcessor=%{tx.p}", "requestBodyProcessor", "%{TX.p}", None),
        ("responseBodyAccess=On", "responseBodyAccess", "On", None),
        ("responseBodyLimit=1000", "responseBodyLimit", "1000", None),
        ("ruleRemoveById=942100-942199", "ruleRemoveById", "942100-942199", None),
        ("ruleRemoveByMsg=a b", "ruleRemoveByMsg", "a b", None),
        ("ruleRemoveByTag=attack-sqli", "ruleRemoveByTag", "attack-sqli", None),
        ("ruleRemoveTargetById=1-5;ARGS:/^p{1,2}w/", "ruleRemoveTargetById", "1-5", "ARGS:/^p{1,2}w/"),
        ("ruleRemoveTargetByMsg=x;ARGS", "ruleRemoveTargetByMsg", "x", "ARGS"),
        (
            "ruleRemoveTargetByTag=OWASP_CRS;REQUEST_COOKIES:x",
            "ruleRemoveTargetByTag",
            "OWASP_CRS",
            "REQUEST_COOKIES:x",
        ),
        ("ruleRemoveTargetById=1;XML:/*", "ruleRemoveTargetById", "1", "XML:/*"),
    ],
)
def test_a_control_has_a_name_a_value_and_maybe_a_target(text: str, name: str, value: str, target: str | None) -> None:
    control = parse_control(text.encode())
    assert (control.name, str(control.value)) == (name, value)
    assert (None if control.target is None else str(control.target)) == target


def test_all_controls_of_modsecurity_are_there() -> None:
    assert len(CONTROLS) == 17


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not one of auditEngine"),
        ("foo=1", "ctl:foo=1 is not one of"),
        ("ruleEngine", "each with =VALUE"),
        ("ruleEngine=x", "ctl:ruleEngine takes one of on, off, detectiononly, not 'x'"),
        ("requestBodyAccess=x", "takes one of on, off, not 'x'"),
        ("requestBodyProcessor=x", "takes one of urlencoded, multipart, xml, json, not 'x'"),
        ("requestBodyLimit=0", "takes a number of bytes, not '0'"),
        ("parseXmlIntoArgs=On", "takes Off: XML is looked at by the variable XML only"),
        ("ruleRemoveById=x", "takes a rule id or a range of ids (942100-942199), not 'x'"),
        ("ruleRemoveById=%{tx.a}", "cannot have a macro"),
        ("ruleRemoveByTag=", "takes a value, not ''"),
        ("ruleRemoveTargetById=1", "takes WHICH;TARGET, not '1'"),
        ("ruleRemoveTargetById=1;FOO", "ctl:ruleRemoveTargetById: FOO is no variable"),
    ],
)
def test_a_control_that_cannot_be_read_tells_what_was_expected(text: str, message: str) -> None:
    with pytest.raises(ControlError) as caught:
        parse_control(text.encode())
    assert message in str(caught.value)
