from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bartizan.config.model import Waf
from bartizan.perimeter.waf.engine import RequestHead
from bartizan.perimeter.waf.load import RuleSet, load_rules
from bartizan.perimeter.waf.sources import rule_settings, rule_sources

RULE = 'SecRule ARGS|REQUEST_HEADERS:X-Attack "@contains evil" "id:1001,phase:2,deny,tag:attack-evil,msg:\'Evil\'"'


def loaded(**waf: Any) -> RuleSet:
    settings = Waf.model_validate({"enabled": True, "directives": RULE, **waf})
    return load_rules(rule_sources(settings), rule_settings(settings))


def matched(rules: RuleSet, uri: bytes, body: bytes = b"", *headers: tuple[bytes, bytes]) -> list[int]:
    transaction = rules.transaction(RequestHead(b"POST", uri, b"HTTP/1.1", [(b"host", b"a"), *headers]))
    transaction.request_headers()
    transaction.request_body(body)
    return [match.id for match in transaction.matches]


def make_crs(directory: Path) -> Path:
    (directory / "rules").mkdir(parents=True)
    (directory / "crs-setup.conf").write_text(
        'SecAction "id:900990,phase:1,nolog,pass,setvar:tx.crs_setup_version=400,setvar:tx.allowed_methods=GET"\n'
    )
    (directory / "rules" / "REQUEST-901-INITIALIZATION.conf").write_text(
        'SecRule &TX:crs_setup_version "@eq 0" "id:901001,phase:1,deny,log,auditlog,msg:\'no setup\'"\n'
    )
    (directory / "rules" / "REQUEST-911.conf").write_text(
        'SecRule REQUEST_METHOD "!@within %{tx.allowed_methods}" "id:911100,phase:1,pass,log,msg:\'Method\'"\n'
        'SecRule ARGS "@contains evil" "id:942100,phase:2,pass,log,msg:\'Evil\'"\n'
    )
    return directory


def test_files_are_read_in_order_between_what_the_configuration_says(tmp_path: Path) -> None:
    own = tmp_path / "own.conf"
    own.write_text("")
    crs = make_crs(tmp_path / "crs")
    waf = Waf.model_validate({"crs": {"directory": str(crs)}, "rules": [str(own)], "directives": "SecRuleEngine On"})
    names = [source.name for source in rule_sources(waf)]
    assert names == [
        "(guards.waf.exclusions)",
        "(guards.waf.crs)",
        "crs-setup.conf",
        "REQUEST-901-INITIALIZATION.conf",
        "REQUEST-911.conf",
        "own.conf",
        "(guards.waf.directives)",
        "(guards.waf)",
    ]


def test_a_core_rule_set_gets_its_variables_and_bodies_by_media_type(tmp_path: Path) -> None:
    crs = {"directory": str(make_crs(tmp_path))}
    assert 911100 in matched(loaded(crs=crs), b"/")
    rules = loaded(crs=crs, variables={"allowed_methods": "GET POST"})
    assert matched(rules, b"/") == []
    json = (b"content-type", b"application/vnd.api+json")
    assert matched(rules, b"/", b'{"a": "evil"}', json) == [942100, 1001]
    assert matched(rules, b"/", b'{"a": ', json) != []


@pytest.mark.parametrize(
    ("types", "refused"),
    [
        (["text/plain; charset=utf-7", "text/plain; charset=utf-8"], True),
        (["text/plain; charset=utf-8", "text/plain; charset=UTF-7"], True),
        (["text/plain; charset=utf-8", "text/plain", "text/plain; charset = 'ibm037'"], True),
        (["text/plain; charset=utf-8; charset=utf-16le", "text/plain"], True),
        (["text/plain; a=b; Charset=iso-2022-kr; c=d"], True),
        (["text/plain; charset=utf-8x"], True),
        (["text/plain; charset=utf-8", 'text/html; format=flowed; charset="ISO-8859-15"; delsp=yes'], False),
        (["text/plain; name=charset.txt", "image/png; name=a.png", "text/plain;charset=Windows-1252;"], False),
    ],
)
def test_every_part_of_a_multipart_body_is_in_a_charset_that_rules_can_read(
    tmp_path: Path, types: list[str], refused: bool
) -> None:
    rules = loaded(crs={"directory": str(make_crs(tmp_path))}, variables={"allowed_methods": "POST"})
    head = 'Content-Disposition: form-data; name="a"\r\nContent-Type: '
    body = "".join(f"--q\r\n{head}{each}\r\n\r\nx\r\n" for each in types) + "--q--\r\n"
    multipart = (b"content-type", b"multipart/form-data; boundary=q")
    assert matched(rules, b"/", body.encode(), multipart) == ([1_980_000_005] if refused else [])


@pytest.mark.parametrize(
    ("exclusion", "excused", "not_excused"),
    [
        ({"rule": 1001}, b"/?a=evil", None),
        ({"rule": "1000-1002"}, b"/?a=evil", None),
        ({"rule": "attack-evil"}, b"/?a=evil", None),
        ({"rule": 1001, "target": "ARGS:a"}, b"/?a=evil", b"/?b=evil"),
        ({"rule": "attack-evil", "target": "ARGS:a"}, b"/?a=evil", b"/?b=evil"),
        ({"rule": 1001, "path": "/free"}, b"/free?a=evil", b"/free/x?a=evil"),
        ({"rule": 1001, "path": "/free/*"}, b"/free/x?a=evil", b"/freedom?a=evil"),
        ({"rule": 1001, "path": "/free/*"}, b"/free?a=evil", b"/free/../strict?a=evil"),
        ({"rule": 1001, "path": "/a.b(c)/*"}, b"/a.b(c)/?a=evil", b"/axb(c)/?a=evil"),
        ({"rule": 1001, "path": "/free", "target": "ARGS:a"}, b"/free?a=evil", b"/free?b=evil"),
        ({"rule": "attack-evil", "path": "/free"}, b"/free?a=evil", b"/?a=evil"),
        ({"rule": "attack-evil", "path": "/free", "target": "ARGS:a"}, b"/free?a=evil", b"/free?b=evil"),
    ],
)
def test_exclusions_take_out_what_they_name_and_no_more(
    exclusion: dict[str, Any], excused: bytes, not_excused: bytes | None
) -> None:
    rules = loaded(exclusions=[exclusion])
    assert matched(rules, excused) == []
    assert not_excused is None or matched(rules, not_excused) == [1001]


def test_limits_and_mode_of_the_configuration_have_the_last_word() -> None:
    directives = "SecRuleEngine Off\nSecRequestBodyAccess Off\nSecRequestBodyLimitAction ProcessPartial\n" + RULE
    rules = loaded(directives=directives, request_body={"limit": 8}, response_body={"enabled": True, "limit": 9})
    transaction = rules.transaction(
        RequestHead(b"POST", b"/", b"HTTP/1.1", [(b"content-type", b"application/x-www-form-urlencoded")])
    )
    assert transaction.request_headers() is None
    assert transaction.wants_body == 8
    intervention = transaction.request_body(b"a=123456", complete=False)
    assert intervention is not None
    assert intervention.status == 413
    transaction = rules.transaction(RequestHead(b"GET", b"/", b"HTTP/1.1", []))
    transaction.request_headers()
    transaction.request_body(b"")
    transaction.response_headers(200, [(b"content-type", b"application/json; charset=utf-8")])
    assert transaction.wants_response == 9
    transaction.response_headers(200, [(b"content-type", b"image/png")])
    assert transaction.wants_response == 0


def test_a_detection_level_alone_raises_what_runs_and_not_what_blocks() -> None:
    rule = 'SecRule TX:detection_paranoia_level "@eq 3" "id:5,phase:1,pass,log,msg:\'three\'"'
    assert 5 in matched(loaded(directives=rule, detection_paranoia=3), b"/")
