from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.support.exchange import make_exchange

from bartizan.perimeter.waf.engine import Intervention, RuleMatch
from bartizan.perimeter.waf.findings import MAX_DATA, MAX_SIGNALS, because, causes, remedy, signals
from bartizan.pipeline import Actor, TlsInfo

SQLI = RuleMatch(
    id=942100, phase=2, msg="SQL Injection", data="Matched Data: s&1 found within ARGS:q: 1' or 1=1", var="ARGS:q",
    value=b"", severity=2, tags=("application-multi", "attack-sqli", "paranoia-level/1", "OWASP_CRS"), ver="", rev="",
    maturity=0, accuracy=0, file="/usr/share/rules/REQUEST-942.conf", line=46, disruptive=False,
)  # fmt: skip
SUM = replace(SQLI, id=949110, msg="Inbound Anomaly Score Exceeded", var="TX:anomaly_score", tags=(), disruptive=True)
METHOD = replace(SQLI, id=911100, msg="Method", severity=4, tags=("attack-generic",), var="REQUEST_METHOD")


def test_a_match_becomes_a_signal_about_the_client() -> None:
    tls = TlsInfo("TLSv1.3", "x", ja4="t13d")
    (signal,) = signals([SQLI], make_exchange(client="192.0.2.7", tls=tls))
    assert (signal.name, signal.severity, signal.confidence) == ("waf.match", 80, 0.9)
    assert (signal.technique, signal.owasp) == ("T1190", "API8:2023")
    assert signal.actors == (Actor("address", "192.0.2.7"), Actor("network", "192.0.2.0/24"), Actor("ja4", "t13d"))
    assert signal.evidence == {
        "rule": 942100,
        "message": "SQL Injection",
        "variable": "ARGS:q",
        "data": SQLI.data,
        "phase": 2,
        "at": "REQUEST-942.conf:46",
        "tags": "application-multi attack-sqli paranoia-level/1 OWASP_CRS",
        "paranoia": 1,
    }
    (signal,) = signals([SQLI], make_exchange(client="2001:db8::7"))
    assert signal.actors[1] == Actor("network", "2001:db8::/48")


@pytest.mark.parametrize(
    ("tags", "technique", "owasp"),
    [
        (("attack-xss",), "T1059.007", "API8:2023"),
        (("attack-lfi",), "T1083", "API8:2023"),
        (("attack-ssrf",), "T1190", "API7:2023"),
        (("attack-reputation-scanner",), "T1595.002", "API8:2023"),
        (("attack-new-kind",), "T1190", "API8:2023"),
        (("own",), None, None),
        ((), None, None),
    ],
)
def test_tags_say_what_kind_of_attack_it_is(tags: tuple[str, ...], technique: str | None, owasp: str | None) -> None:
    (signal,) = signals([replace(SQLI, tags=tags)], make_exchange())
    assert (signal.technique, signal.owasp) == (technique, owasp)


def test_severity_and_confidence_follow_the_rule() -> None:
    def of(**changes: Any) -> tuple[int, float]:
        (signal,) = signals([replace(SQLI, **changes)], make_exchange())
        return signal.severity, signal.confidence

    assert of(severity=0)[0] == 100
    assert of(severity=7)[0] == 5
    assert of(severity=None)[0] == 30
    assert of(severity=99)[0] == 30
    assert of(tags=("paranoia-level/4",))[1] < of(tags=("paranoia-level/2",))[1] < of(tags=())[1]


def test_a_rule_is_one_signal_and_an_exchange_has_a_bounded_number() -> None:
    matches = [replace(SQLI, id=number // 2) for number in range(1000)]
    found = signals(matches, make_exchange())
    assert [signal.evidence["rule"] for signal in found] == list(range(MAX_SIGNALS))


@pytest.mark.parametrize(
    "changes",
    [
        {"var": "REQUEST_HEADERS:Authorization"},
        {"var": "REQUEST_HEADERS:cookie"},
        {"var": "REQUEST_COOKIES:sid"},
        {"var": "ARGS:password"},
        {"var": "ARGS:json.user.access_token"},
        {"var": "ARGS:q", "data": "hunter2 found within REQUEST_COOKIES:sid: hunter2"},
        {"var": "REQUEST_LINE", "data": "found within REQUEST_LINE: GET /?a=1&password=hunter2 HTTP/1.1"},
        {"var": "REQUEST_BODY", "data": 'found within REQUEST_BODY: {"user": "x", "password" : "hunter2"}'},
        {"var": "REQUEST_BODY", "data": 'found within REQUEST_BODY: {"token":"hunter2'},
    ],
)
def test_no_secret_is_in_the_evidence(changes: dict[str, str]) -> None:
    match = replace(SQLI, **{"data": "hunter2", **changes})
    (signal,) = signals([match], make_exchange())
    assert "hunter2" not in str(signal.evidence["data"])
    assert "***" in str(signal.evidence["data"])


@pytest.mark.parametrize(
    ("var", "hidden"),
    [
        ("ARGS:q", True),
        ("ARGS_POST:q", True),
        ("REQUEST_URI", True),
        ("ARGS:other", False),
        ("REQUEST_HEADERS:x", True),
    ],
)
def test_what_rules_sanitise_is_not_shown(var: str, hidden: bool) -> None:
    sanitised = [("argument", b"q"), ("matched", b"request_headers:x")]
    (signal,) = signals([replace(SQLI, var=var)], make_exchange(), sanitised)
    assert (signal.evidence["data"] != SQLI.data) is hidden


def test_what_matched_is_bounded_and_shown_as_it_is_otherwise() -> None:
    (signal,) = signals([replace(SQLI, data="<script>document.cookie" + "x" * 1000)], make_exchange())
    data = str(signal.evidence["data"])
    assert data.startswith("<script>document.cookie")
    assert len(data) == MAX_DATA + 1


def test_a_refusal_tells_the_rules_that_found_something_not_the_one_that_added_up() -> None:
    found = causes([METHOD, SQLI, SQLI, SUM])
    assert [match.id for match in found] == [942100, 911100]
    intervention = Intervention("deny", 403, rule=SUM)
    told = because(intervention, found, 8)
    assert told == "rule 942100: SQL Injection, and rules 911100; score 8 (decided by rule 949110)"
    exclusion = '{waf: {exclusions: [{rule: 942100, target: "ARGS:q"}]}}'
    assert remedy(intervention, found, "search") == (
        f"if this is honest traffic, add to the route search: guards: {exclusion}"
    )


def test_a_rule_that_decides_by_itself_is_told_with_its_exclusion() -> None:
    intervention = Intervention("deny", 403, rule=METHOD)
    assert because(intervention, [METHOD], 0) == "rule 911100: Method"
    assert remedy(intervention, [METHOD], None) == (
        "if this is honest traffic, add guards: {waf: {exclusions: [{rule: 911100}]}}"
    )


def test_what_a_client_named_a_parameter_cannot_break_the_yaml() -> None:
    match = replace(SQLI, var='ARGS:x"}]}} evil')
    assert "evil" not in remedy(Intervention("deny", 403, rule=match), [match], None)


def test_a_limit_is_told_by_its_reason() -> None:
    intervention = Intervention("deny", 413, reason="too large")
    assert because(intervention, [], 0) == "too large"
    assert "limit" in remedy(intervention, [], None)
