"""The gateway's own pages through the edge, with the control server behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.control import Control, complete
from tests.support.gateway import Gateway
from tests.support.net import RawClient
from tests.support.upstream import Upstream

from bartizan.control.contract import socket_path
from bartizan.edge.internal import NAME, own_route, own_upstream
from bartizan.evidence.journal import DetectionFinding, HttpActivity, JournalReader
from bartizan.pipeline import Signal

HOST = b"Host: gateway.test\r\nX-Forwarded-Proto: https\r\n"  # as a proxy before us that ends TLS
ACCESS = {"enabled": True, "origin": "https://gateway.test"}


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


def config(upstream: Upstream, **more: Any) -> dict[str, Any]:
    """A route that takes everything, with the highest priority that there is, for the very host."""
    route = {
        "name": "all",
        "hosts": ["gateway.test"],
        "paths": ["/*", "/.bartizan/*", "/.bartizan/login", "/.well-known/bartizan/jwks.json"],
        "priority": 1_000_000,
        "upstream": "api",
        "guards": {"access": {"public": True}},
    }
    return {
        "upstreams": [{"name": "api", "nodes": [upstream.node]}],
        "routes": [route],
        "access": ACCESS,
        "trusted_proxies": ["127.0.0.0/8"],
        **more,
    }


def ask(gateway: Gateway, target: str, fields: bytes = b"", host: bytes = HOST) -> tuple[int, bytes]:
    with RawClient(gateway.port) as client:
        client.send(b"GET %b HTTP/1.1\r\n%b%b\r\n" % (target.encode(), host, fields))
        status, _, body = client.response()
        return status, body


@pytest.mark.parametrize(
    "target",
    ["/.bartizan/login", "/.well-known/bartizan/jwks.json", "/%2Ebartizan/login", "/x/../.bartizan/login",
     "//.bartizan/login", "/.bartizan/./login"],
)  # fmt: skip
def test_no_route_of_the_file_takes_them(upstream: Upstream, tmp_path: Path, target: str) -> None:
    with Control(tmp_path), Gateway(tmp_path, config(upstream)) as gateway:
        status, _ = ask(gateway, target)
        assert status in (200, 400)  # the way that it is written may be refused
        assert not upstream.received
        assert ask(gateway, "/other")[0] == 200


def test_without_access_they_are_paths_like_any_other(upstream: Upstream, tmp_path: Path) -> None:
    with Gateway(tmp_path, config(upstream, access={"enabled": False})) as gateway:
        assert ask(gateway, "/.bartizan/login") == (200, b"ok")


def test_control_answers_for_the_origin_alone(upstream: Upstream, tmp_path: Path) -> None:
    with Control(tmp_path), Gateway(tmp_path, config(upstream)) as gateway:
        assert ask(gateway, "/.bartizan/login", host=b"Host: other.test\r\n")[0] == 421


def test_control_is_told_who_asks_and_nothing_that_the_client_says(upstream: Upstream, tmp_path: Path) -> None:
    forged = b"Bartizan-Client: 203.0.113.9\r\nBartizan-Ja4: forged\r\nBartizan-Exchange: forged\r\n"
    with Upstream(path=socket_path(tmp_path)) as control:
        with Gateway(tmp_path, config(upstream)) as gateway:
            assert ask(gateway, "/.bartizan/login", forged)[0] == 200
        head = control.received.lower()
    assert b"forged" not in head
    assert head.count(b"bartizan-client: 127.0.0.1\r\n") == 1
    assert head.count(b"bartizan-exchange: ") == 1
    assert b"bartizan-ja4" not in head


def test_no_other_upstream_is_told(upstream: Upstream, tmp_path: Path) -> None:
    with Control(tmp_path), Gateway(tmp_path, config(upstream)) as gateway:
        ask(gateway, "/orders")
    assert b"bartizan-" not in upstream.received.lower()


def test_the_waf_does_not_look_and_the_denylist_does(upstream: Upstream, tmp_path: Path) -> None:
    guards = {"waf": {"enabled": True, "mode": "on", "directives": 'SecAction "id:1,phase:1,deny,status:418"\n'}}
    with Control(tmp_path), Gateway(tmp_path, config(upstream, guards=guards)) as gateway:
        assert ask(gateway, "/other")[0] == 418
        assert ask(gateway, "/.bartizan/login")[0] == 200
    guards = {"denylist": {"deny": ["127.0.0.0/8"]}}
    with Control(tmp_path), Gateway(tmp_path, config(upstream, guards=guards)) as gateway:
        assert ask(gateway, "/.bartizan/login")[0] == 403


def test_a_rate_limit_holds_for_them_too(upstream: Upstream, tmp_path: Path) -> None:
    guards = {"rate_limit": {"windows": [{"rate": "2/h"}]}}
    with Control(tmp_path), Gateway(tmp_path, config(upstream, guards=guards)) as gateway:
        assert [ask(gateway, "/.bartizan/login")[0] for _ in range(3)] == [200, 200, 429]


def test_a_large_body_does_not_come_through(upstream: Upstream, tmp_path: Path) -> None:
    with Control(tmp_path), Gateway(tmp_path, config(upstream)) as gateway, RawClient(gateway.port) as client:
        client.send(b"POST /.bartizan/api/login HTTP/1.1\r\n%bContent-Length: 70000\r\n\r\n" % HOST)
        assert client.response()[0] == 413


def test_without_control_the_edge_goes_on(upstream: Upstream, tmp_path: Path) -> None:
    with Gateway(tmp_path, config(upstream)) as gateway:
        assert ask(gateway, "/.bartizan/login")[0] == 502
        assert ask(gateway, "/other")[0] == 200
        with Control(tmp_path):
            assert ask(gateway, "/.bartizan/login")[0] == 200


def test_a_signal_of_control_is_found_with_its_exchange(upstream: Upstream, tmp_path: Path) -> None:
    with Control(tmp_path) as control, Gateway(tmp_path, config(upstream)) as gateway:
        _, body = ask(gateway, "/.bartizan/nothing")
        exchange = json.loads(body)["instance"].rpartition(":")[2]
        control.services.signals(Signal("login.failed", severity=30), exchange)
    found = JournalReader(tmp_path / "journal").find(exchange)
    assert {type(record) for record in found} == {HttpActivity, DetectionFinding}


def test_challenges_are_answered_where_one_can_be_asked_for(upstream: Upstream, tmp_path: Path) -> None:
    off = {"enabled": False}
    with Gateway(tmp_path, config(upstream, access=off)) as gateway:
        assert ask(gateway, "/.bartizan/challenge.js") == (200, b"ok")  # nobody is challenged: the upstream's
        gateway.reload(config(upstream, access=off, guards={"obstacles": {"challenge": {"at": 30}}}))
        status, script = ask(gateway, "/.bartizan/challenge.js")
        assert (status, b"SHA-256" in script) == (200, True)
        assert ask(gateway, "/.bartizan/challenge.css")[0] == 200
        assert ask(gateway, "/.bartizan/challenge")[0] == 405
        assert ask(gateway, "/.bartizan/login") == (200, b"ok")


def test_they_go_before_the_pages_and_do_not_need_control(upstream: Upstream, tmp_path: Path) -> None:
    routed = config(upstream)
    routed["routes"][0]["guards"]["obstacles"] = {"challenge": {"at": 30}}
    with Gateway(tmp_path, routed) as gateway:
        assert ask(gateway, "/.bartizan/challenge.js")[0] == 200
        assert ask(gateway, "/.bartizan/login")[0] == 502


def test_what_is_given_out_there_is_no_verdict_and_a_wrong_answer_is_one(upstream: Upstream, tmp_path: Path) -> None:
    guards = {"obstacles": {"challenge": {"at": 30}}}
    with Gateway(tmp_path, config(upstream, guards=guards)) as gateway:
        ask(gateway, "/.bartizan/challenge.css")
        with RawClient(gateway.port) as client:
            client.send(b"POST /.bartizan/challenge HTTP/1.1\r\n%bBartizan-Challenge-Response: a.1\r\n\r\n" % HOST)
            status, _, body = client.response()
        assert (status, json.loads(body)["code"]) == (403, "challenge_unknown")
        counted = {guard.guard: guard.verdicts for guard in gateway.worker.report().guards}
    assert counted["challenge"] == {"challenge": 1}


def test_the_denylist_and_the_rate_limit_hold_there_too(upstream: Upstream, tmp_path: Path) -> None:
    guards = {"obstacles": {"challenge": {"at": 30}}, "rate_limit": {"windows": [{"rate": "2/h"}]}}
    with Gateway(tmp_path, config(upstream, guards=guards)) as gateway:
        assert [ask(gateway, "/.bartizan/challenge.js")[0] for _ in range(3)] == [200, 200, 429]


def test_the_route_and_the_upstream_are_valid_for_what_they_are(tmp_path: Path) -> None:
    route = own_route()
    assert route.priority > 1_000_000
    assert route.upstream == own_upstream(complete(tmp_path, None)).name == NAME
