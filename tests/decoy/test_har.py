import json

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.decoy.entry import Entry
from bartizan.decoy.har import har, har_json

NAMED = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["name", "value"],
        "properties": {"name": {"type": "string"}, "value": {"type": "string"}},
    },
}
TIME = {"type": "number", "minimum": -1}
HAR = {
    "type": "object",
    "required": ["log"],
    "additionalProperties": False,
    "properties": {
        "log": {
            "type": "object",
            "required": ["version", "creator", "entries"],
            "properties": {
                "version": {"const": "1.2"},
                "creator": {"type": "object", "required": ["name", "version"]},
                "pages": {"type": "array"},
                "entries": {"type": "array", "items": {"$ref": "#/$defs/entry"}},
            },
        }
    },
    "$defs": {
        "entry": {
            "type": "object",
            "required": ["startedDateTime", "time", "request", "response", "cache", "timings"],
            "properties": {
                "startedDateTime": {
                    "type": "string",
                    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$",
                },
                "time": {"type": "number", "minimum": 0},
                "request": {"$ref": "#/$defs/request"},
                "response": {"$ref": "#/$defs/response"},
                "cache": {"type": "object"},
                "timings": {
                    "type": "object",
                    "required": ["send", "wait", "receive"],
                    "properties": {"send": TIME, "wait": TIME, "receive": TIME},
                },
                "serverIPAddress": {"type": "string"},
                "connection": {"type": "string"},
                "pageref": {"type": "string"},
                "comment": {"type": "string"},
            },
            "patternProperties": {"^_": {}},
            "additionalProperties": False,
        },
        "request": {
            "type": "object",
            "required": [
                "method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize",
            ],
            "properties": {
                "method": {"type": "string"},
                "url": {"type": "string", "pattern": "^https?://"},
                "httpVersion": {"type": "string"},
                "cookies": NAMED,
                "headers": NAMED,
                "queryString": NAMED,
                "headersSize": {"type": "integer"},
                "bodySize": {"type": "integer"},
                "postData": {
                    "type": "object",
                    "required": ["mimeType"],
                    "oneOf": [{"required": ["params"]}, {"required": ["text"]}],
                    "properties": {
                        "mimeType": {"type": "string"},
                        "params": {"type": "array", "items": {"type": "object", "required": ["name"]}},
                        "text": {"type": "string"},
                        "comment": {"type": "string"},
                    },
                    "patternProperties": {"^_": {}},
                    "additionalProperties": False,
                },
                "comment": {"type": "string"},
            },
            "additionalProperties": False,
        },
        "response": {
            "type": "object",
            "required": [
                "status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL", "headersSize",
                "bodySize",
            ],
            "properties": {
                "status": {"type": "integer"},
                "statusText": {"type": "string"},
                "httpVersion": {"type": "string"},
                "cookies": NAMED,
                "headers": NAMED,
                "content": {
                    "type": "object",
                    "required": ["size", "mimeType"],
                    "properties": {
                        "size": {"type": "integer"},
                        "mimeType": {"type": "string"},
                        "text": {"type": "string"},
                        "encoding": {"const": "base64"},
                        "comment": {"type": "string"},
                    },
                    "additionalProperties": False,
                },
                "redirectURL": {"type": "string"},
                "headersSize": {"type": "integer"},
                "bodySize": {"type": "integer"},
            },
            "additionalProperties": False,
        },
    },
}  # fmt: skip
"""What the specification of HAR 1.2 requires, and that nothing else is there but names that begin with ``_``."""

VALIDATOR = jsonschema.Draft202012Validator(HAR)


def entry(**changes: object) -> Entry:
    plain: dict[str, object] = {
        "exchange": "01a2", "actor": "address:192.0.2.7", "time": 1_700_000_000.25, "method": "GET",
        "url": "https://shop.test/orders?page=2&q=a+b", "fields": [("user-agent", "curl/8"), ("cookie", "sid=***")],
        "status": 200, "response_fields": [("content-type", "application/json")], "response_body": b"[]",
        "response_size": 2, "wait": 0.0125, "address": "192.0.2.7",
    }  # fmt: skip
    return Entry(**{**plain, **changes})  # type: ignore[arg-type]


def first(*entries: Entry) -> dict:  # type: ignore[type-arg]
    document = json.loads(b"".join(har_json(entries)))
    VALIDATOR.validate(document)
    return document["log"]["entries"][0]


def posted(body: bytes, media_type: str, **changes: object) -> dict:  # type: ignore[type-arg]
    made = entry(method="POST", body=body, **{"body_size": len(body), **changes}, fields=[("content-type", media_type)])
    return first(made)["request"]["postData"]


def test_a_get_is_told_whole() -> None:
    told = first(entry())
    assert told["startedDateTime"] == "2023-11-14T22:13:20.250+00:00"
    assert (told["time"], told["timings"]["wait"]) == (12.5, 12.5)
    request, response = told["request"], told["response"]
    assert request["queryString"] == [{"name": "page", "value": "2"}, {"name": "q", "value": "a b"}]
    assert request["cookies"] == [{"name": "sid", "value": "***"}]
    assert "postData" not in request
    assert (response["status"], response["statusText"]) == (200, "OK")
    assert response["content"] == {"size": 2, "mimeType": "application/json", "text": "[]"}


def test_both_forms_of_the_document_are_the_same() -> None:
    entries = [entry(), entry(status=302, response_fields=[("location", "/login"), ("set-cookie", "a=b; Path=/")])]
    document = har(entries)
    VALIDATOR.validate(document)
    assert json.loads(b"".join(har_json(entries))) == document


def test_an_empty_transcript_is_a_document_too() -> None:
    document = json.loads(b"".join(har_json([])))
    VALIDATOR.validate(document)
    assert document["log"]["entries"] == []


def test_bodies_stand_where_har_wants_them() -> None:
    assert posted(b'{"a": 1}', "application/json") == {"mimeType": "application/json", "text": '{"a": 1}'}
    form = posted(b"a=1&b=x+y", "application/x-www-form-urlencoded")
    assert form["params"] == [{"name": "a", "value": "1"}, {"name": "b", "value": "x y"}]
    multipart = posted(b'--b\r\nContent-Disposition: form-data; name="f"\r\n\r\nx\r\n--b--', "multipart/form-data")
    assert 'name="f"' in multipart["text"]
    assert posted(b"\x00\xff", "image/png") == {"mimeType": "image/png", "text": "AP8=", "_encoding": "base64"}


@pytest.mark.parametrize("media_type", ["application/json", "application/x-www-form-urlencoded"])
def test_a_body_that_was_cut_says_so(media_type: str) -> None:
    cut = posted("aaaä".encode()[:-1], media_type, body_size=5000, cut=True)
    assert cut["text"] == "aaa"
    assert cut["comment"] == "cut: the first 4 of 5000 bytes"
    told = first(entry(response_body=b"x" * 10, response_size=99, response_cut=True))
    assert told["response"]["content"]["comment"] == "cut: the first 10 of 99 bytes"


def test_redirects_and_cookies_of_responses_are_told() -> None:
    response = first(
        entry(status=302, response_fields=[("location", "/login"), ("set-cookie", "a=b; Path=/")], response_size=0)
    )["response"]
    assert response["redirectURL"] == "/login"
    assert response["cookies"] == [{"name": "a", "value": "b"}]


TEXT = st.text(max_size=20)
NAMES = st.sampled_from(["cookie", "content-type", "set-cookie", "location", "x"])
FIELDS = st.lists(st.tuples(NAMES, TEXT), max_size=4)


@given(
    st.builds(
        entry,
        method=TEXT,
        url=TEXT.map("http://h/{}".format),
        fields=FIELDS,
        body=st.binary(max_size=20),
        body_size=st.integers(0, 50),
        status=st.integers(0, 999),
        response_fields=FIELDS,
        ja4=TEXT,
        response_body=st.binary(max_size=20),
        response_size=st.integers(0, 50),
    )
)
@settings(max_examples=60)
def test_any_entry_makes_a_valid_document(made: Entry) -> None:
    first(made)
