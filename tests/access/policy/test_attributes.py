"""What policies know."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripts.access_reference import PAGE, page
from tests.support.exchange import make_exchange
from tests.support.sessions import NOW, make_session

from bartizan.access.policy.attributes import ATTRIBUTES, BODY, MAX_PARAMETERS, attributes_of
from bartizan.access.policy.cel import Policy
from bartizan.pipeline import TlsInfo

MONDAY = datetime(2026, 3, 2, 23, 30, tzinfo=UTC).timestamp()


def value_of(name: str, **given_: Any) -> Any:
    exchange = given_.pop("exchange", None) or make_exchange()
    session = given_.pop("session", None) or make_session()
    values = {"risk": 0, "now": NOW, **given_}
    return attributes_of([name], session, exchange, **values).get(name)


def test_every_attribute_of_a_whole_exchange_has_its_value() -> None:
    tls = TlsInfo("TLSv1.3", "x", ja4="t13d1516h2_8daaf6152771_b186095e22b6")
    exchange = make_exchange("POST", "/a/b", {"x-team": "red"}, query=b"a=1", tls=tls)
    session = make_session(
        platform="Windows", factors={"password": NOW, "totp": NOW}, device_seen=NOW - 10_800, device_risk=20
    )
    names = [item.name for item in ATTRIBUTES]
    values = attributes_of(names, session, exchange, risk=7, now=NOW + 60, body={"a": 1})
    moment = datetime.fromtimestamp(NOW + 60, UTC)
    assert values == {
        "principal.id": "principal-1",
        "principal.name": "alice",
        "principal.groups": ["finance"],
        "device.id": "device-1",
        "device.kind": "browser",
        "device.platform": "Windows",
        "device.browser": "Chromium",
        "device.browser_version": 156,
        "device.age": timedelta(days=1, seconds=60),
        "device.unused": timedelta(hours=3),
        "device.risk": 20,
        "session.id": "session-1",
        "session.kind": "cookie",
        "session.aal": 2,
        "session.factors": ["password", "totp"],
        "session.age": timedelta(seconds=60),
        "session.auth_age": timedelta(seconds=60),
        "session.idle": timedelta(seconds=60),
        "request.method": "POST",
        "request.scheme": "https",
        "request.host": "api.test",
        "request.path": "/a/b",
        "request.query": {"a": ["1"]},
        "request.headers": {"host": "api.test", "x-team": "red"},
        "request.address": "192.0.2.7",
        "request.ja4": "t13d1516h2_8daaf6152771_b186095e22b6",
        "request.route": "api",
        "request.body": {"a": 1},
        "risk": 7,
        "time.now": moment,
        "time.hour": moment.hour,
        "time.weekday": moment.isoweekday(),
    }


@pytest.mark.parametrize("name", [item.name for item in ATTRIBUTES if item.name != BODY])
def test_every_attribute_is_what_cel_takes_for_its_type(name: str) -> None:
    attribute = next(item for item in ATTRIBUTES if item.name == name)
    expected = {"int": "int", "duration": "google.protobuf.Duration", "timestamp": "google.protobuf.Timestamp"}
    kind = (
        "list" if attribute.type.startswith("list") else "map" if attribute.type.startswith("map") else attribute.type
    )
    policy = Policy.compile(f"type(dyn({name})) == {expected.get(kind, kind)}")
    assert policy.uses == {name}
    assert policy.evaluate({name: value_of(name)}).allowed


def test_an_api_client_is_no_browser() -> None:
    assert value_of("device.kind", session=make_session(kind="dpop")) == "client"


@pytest.mark.parametrize(
    ("text", "major"), [("128.0.1", 128), ("128", 128), ("", 0), ("x", 0), ("²", 0), ("9" * 30, 0), ("-1", 0)]
)
def test_versions_of_browsers_are_numbers(text: str, major: int) -> None:
    assert value_of("device.browser_version", session=make_session(browser_version=text)) == major


def test_time_is_in_utc_and_the_week_begins_on_monday() -> None:
    assert value_of("time.hour", now=MONDAY) == 23
    assert value_of("time.weekday", now=MONDAY) == 1
    assert value_of("time.weekday", now=MONDAY - 3600 * 24) == 7
    policy = Policy.compile('time.now.getHours("Europe/Berlin") == 0 && time.now.getDayOfWeek("Europe/Berlin") == 2')
    assert policy.evaluate({"time.now": value_of("time.now", now=MONDAY)}).allowed


def test_no_age_is_below_zero() -> None:
    assert value_of("session.auth_age", now=NOW - 5) == timedelta(0)


def test_headers_that_hold_secrets_are_not_shown() -> None:
    secret = {
        "Cookie": "s", "Authorization": "Bearer s", "Proxy-Authorization": "s", "DPoP": "s", "Bartizan-Client": "s",
        "Sec-Session-Response": "s",
    }  # fmt: skip
    exchange = make_exchange(headers=secret | {"Accept": "*/*"})
    assert value_of("request.headers", exchange=exchange) == {"host": "api.test", "accept": "*/*"}


def test_a_header_that_comes_twice_is_joined() -> None:
    exchange = make_exchange(headers={"X-Role": "user"})
    exchange.request.headers.add(b"x-role", b"admin")
    assert value_of("request.headers", exchange=exchange)["x-role"] == "user, admin"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (None, {}),
        (b"", {}),
        (b"a=1&b=2", {"a": ["1"], "b": ["2"]}),
        (b"a=1&a=2&%61=3", {"a": ["1", "2", "3"]}),
        (b"a+b=c%20d+e&&flag", {"a b": ["c d e"], "flag": [""]}),
        (b"a=%ff", {"a": ["\ufffd"]}),
    ],
)
def test_parameters_are_decoded_and_none_hides_another(query: bytes | None, expected: object) -> None:
    assert value_of("request.query", exchange=make_exchange(query=query)) == expected


def test_too_many_parameters_have_no_value() -> None:
    query = b"&".join(b"a" for _ in range(MAX_PARAMETERS + 1))
    assert value_of("request.query", exchange=make_exchange(query=query)) is None


def test_a_body_that_could_not_be_read_has_no_value() -> None:
    assert attributes_of([BODY, "risk"], make_session(), make_exchange(), risk=1, now=NOW, body=None) == {"risk": 1}


@given(st.binary(max_size=60), st.binary(max_size=60), st.text(max_size=20))
def test_whatever_a_client_sends_can_be_asked_about(query: bytes, header: bytes, agent: str) -> None:
    exchange = make_exchange(query=query)
    exchange.request.headers.add(b"x-any", header)
    session = make_session(platform=agent.encode("utf-8", "replace").decode())
    policy = Policy.compile('request.headers["x-any"] == "" || size(request.query) > 100 || device.platform == "x"')
    assert not policy.evaluate(attributes_of(policy.uses, session, exchange, risk=0, now=NOW)).reason


def test_the_documented_table_is_this_one() -> None:
    text = Path(PAGE).read_text(encoding="utf-8")
    assert page(text) == text, "run python -m scripts.access_reference"
