from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bartizan.perimeter.waf.inspection import Inspector
from bartizan.perimeter.waf.load import load_rules
from bartizan.perimeter.waf.seclang import Source
from bartizan.perimeter.waf.settings import Settings

RULES = r"""
SecRuleEngine On
SecRequestBodyAccess On
SecResponseBodyAccess On
SecAction "id:1,phase:1,pass,nolog,initcol:ip=%{REMOTE_ADDR}"
SecRule ARGS "@contains attack" "id:2,phase:2,deny,status:406,log,msg:'Attack',logdata:'%{MATCHED_VAR}'"
SecRule REQUEST_HEADERS:x-bytes "@rx ^\xe9$" "id:3,phase:1,pass,log,msg:'One byte'"
SecRule REQUEST_HEADERS:x-bytes "@rx ^\xc3\xa9\xe2\x82\xac$" "id:4,phase:1,pass,log,msg:'UTF-8'"
SecRule RESPONSE_BODY "@contains secret" "id:5,phase:4,deny,status:502,log,msg:'Leak'"
SecRule RESPONSE_STATUS "@streq 500" "id:6,phase:3,pass,log,msg:'Failure'"
SecRule REQUEST_PROTOCOL "@streq HTTP/1.0" "id:7,phase:1,pass,log,msg:'Old'"
SecRule REQUEST_FILENAME "@streq /old" "id:8,phase:1,redirect:https://a.test/new,status:302,log,msg:'Moved'"
SecRule REQUEST_FILENAME "@streq /bye" "id:9,phase:1,drop,log,msg:'Bye'"
SecRule REQUEST_FILENAME "@streq /count" "id:10,phase:1,pass,nolog,setvar:ip.seen=+1"
SecRule IP:SEEN "@ge 3" "id:11,phase:1,deny,status:429,log,msg:'Too many'"
SecRule REQUEST_URI "@contains end" "id:12,phase:5,pass,log,msg:'End'"
SecRule ARGS:score "@rx ." "id:13,phase:2,pass,log,setvar:tx.anomaly_score=+%{MATCHED_VAR}"
"""


def inspector(text: str = RULES) -> Inspector:
    return Inspector(load_rules([Source("x", text.encode(), Path())], Settings(hyperscan=False)))


def judge(request: dict[str, Any], text: str = RULES) -> dict[str, Any]:
    return told(inspector(text), request)


def told(made: Inspector, request: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(made.line(json.dumps(request).encode(), 1))
    return answer


def get(uri: str, **others: Any) -> dict[str, Any]:
    return {"id": 1, "method": "GET", "uri": uri, **others}


def ids(verdict: dict[str, Any]) -> list[int]:
    return [rule["id"] for rule in verdict["rules"]]


def test_a_request_that_nothing_is_found_in_is_allowed() -> None:
    verdict = judge(get("/?a=b", headers=[["Host", "a"]], version="1.1"))
    assert verdict.pop("micros") > 0
    assert verdict == {"id": 1, "verdict": "allow", "status": 200, "score": 0, "rules": []}


def test_a_refusal_tells_status_and_rules() -> None:
    verdict = judge(get("/?a=attack"))
    assert (verdict["verdict"], verdict["status"]) == ("deny", 406)
    assert verdict["rules"] == [{"id": 2, "msg": "Attack", "var": "ARGS:a", "data": "attack", "phase": 2}]


def test_redirects_and_dropped_connections_are_verdicts_of_their_own() -> None:
    moved = judge(get("/old"))
    assert (moved["verdict"], moved["status"], moved["url"]) == ("redirect", 302, "https://a.test/new")
    assert judge(get("/bye"))["verdict"] == "drop"


def test_bodies_are_parsed() -> None:
    headers = [["Content-Type", "application/x-www-form-urlencoded"]]
    body = base64.b64encode(b"a=attack").decode()
    assert judge({"method": "POST", "uri": "/", "headers": headers, "body_b64": body})["verdict"] == "deny"


def test_responses_are_judged_too() -> None:
    leak = {"status": 200, "headers": [["Content-Type", "text/html"]], "body_b64": base64.b64encode(b"secret").decode()}
    verdict = judge(get("/", response=leak))
    assert (verdict["verdict"], verdict["status"], ids(verdict)) == ("deny", 502, [5])
    failed = judge(get("/end", response={"status": 500, "headers": []}))
    assert (failed["verdict"], failed["status"], ids(failed)) == ("allow", 500, [6, 12])


def test_letters_stand_for_bytes_unless_they_cannot() -> None:
    assert ids(judge(get("/", headers=[["X-Bytes", "é"]]))) == [3]
    assert ids(judge(get("/", headers=[["X-Bytes", "é€"]]))) == [4]


def test_versions_may_be_written_either_way() -> None:
    assert ids(judge(get("/", version="1.0"))) == ids(judge(get("/", version="HTTP/1.0"))) == [7]
    assert ids(judge(get("/", version="HTTP/1.1"))) == []


def test_in_detection_only_what_would_have_been_is_told() -> None:
    verdict = judge(get("/?a=attack"), RULES.replace("SecRuleEngine On", "SecRuleEngine DetectionOnly"))
    assert (verdict["verdict"], verdict["status"], ids(verdict)) == ("allow", 200, [2])
    assert verdict["would"] == {"verdict": "deny", "status": 406, "rule": 2}


def test_the_score_is_the_rules() -> None:
    assert judge(get("/?score=7"))["score"] == 7


def test_collections_last_from_request_to_request_by_client() -> None:
    made = inspector()
    assert [told(made, get("/count", client="192.0.2.1"))["status"] for _ in range(4)] == [200, 200, 429, 429]
    assert told(made, get("/count", client="192.0.2.2"))["status"] == 200


def test_a_line_that_is_no_request_is_told_and_counted() -> None:
    made = inspector()
    assert json.loads(made.line(b"nonsense", 3))["error"].startswith("line 3: ")
    assert json.loads(made.line(b'{"id": "a", "uri": "/"}', 4)) == {
        "id": "a",
        "error": "line 4: Object missing required field `method`",
    }
    assert json.loads(made.line(b'{"id": [1], "uri": "/", "method": "G", "body_b64": "?"}', 5))["id"] == [1]
    assert made.failed == 3


def test_a_request_on_which_the_engine_fails_does_not_stop_the_others() -> None:
    made = inspector()
    made._rules.program.phases = ()
    assert "line 1: the engine failed: IndexError" in told(made, get("/"))["error"]
    assert made.failed == 1


ENGINE = inspector()


@given(
    st.dictionaries(
        st.sampled_from(["id", "method", "uri", "version", "headers", "body_b64", "response", "client"]),
        st.recursive(st.none() | st.text() | st.integers(), st.lists, max_leaves=5),
    )
)
def test_whatever_comes_is_answered_by_one_line(request: dict[str, Any]) -> None:
    answer = ENGINE.line(json.dumps(request).encode(), 1)
    assert b"\n" not in answer
    assert json.loads(answer)["id"] == request.get("id")


@given(st.binary())
def test_any_bytes_are_answered(line: bytes) -> None:
    assert json.loads(ENGINE.line(line, 1)).keys() >= {"id", "error"}
