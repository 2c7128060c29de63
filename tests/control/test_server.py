"""The control server on its real socket: life, reloads, answers."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from tests.support.control import Control, complete

from bartizan.control.contract import socket_path
from bartizan.errors import ConfigError, RecordsError

PAGE = {"accept": "text/html,*/*;q=0.8"}


def test_pages_are_served_to_the_origin(tmp_path: Path) -> None:
    with Control(tmp_path, {"access": {"title": "Acme"}}) as control, control.client() as client:
        answer = client.get("/.bartizan/login")
        assert answer.status_code == 200
        assert "Acme" in answer.text
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert "server" not in answer.headers
        assert client.get("/.bartizan/login", headers={"host": "other.test"}).status_code == 421


def test_files_may_be_kept_for_ever_and_the_worker_may_not(tmp_path: Path) -> None:
    with Control(tmp_path) as control, control.client() as client:
        script = client.get(control.services.assets.url("login.js"))
        assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert script.headers["content-type"] == "text/javascript; charset=utf-8"
        assert client.get("/.bartizan/static/00000000000000000000/login.js").status_code == 404
        assert client.get("/.bartizan/sw.js").headers["cache-control"] == "no-cache"


def test_everybody_may_read_the_public_keys(tmp_path: Path) -> None:
    with Control(tmp_path) as control, control.client() as client:
        answer = client.get("/.well-known/bartizan/jwks.json", headers={"sec-fetch-site": "cross-site"})
        assert answer.headers["content-type"] == "application/jwk-set+json"
        (key,) = answer.json()["keys"]
        assert "d" not in key
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"


def test_what_is_not_there_is_told_in_the_form_that_is_asked_for(tmp_path: Path) -> None:
    with Control(tmp_path) as control, control.client(bartizan_exchange="abc") as client:
        assert client.get("/.bartizan/nothing").json()["code"] == "not_found"
        assert client.post("/.bartizan/login").json()["code"] == "method_not_allowed"
        page = client.get("/.bartizan/nothing", headers=PAGE)
        assert page.headers["content-type"].startswith("text/html")
        assert "abc" in page.text


@pytest.mark.parametrize("path", ["/.bartizan/login/", "/.bartizan//login", "/.bartizan/static/../services.py", "/"])
def test_no_path_is_another(tmp_path: Path, path: str) -> None:
    with Control(tmp_path) as control, control.client() as client:
        assert client.get(path).status_code == 404


def test_a_reload_changes_what_is_answered_and_keeps_what_is_open(tmp_path: Path) -> None:
    with Control(tmp_path, {"access": {"title": "Old"}}) as control, control.client() as client:
        before = control.services
        assert "Old" in client.get("/.bartizan/login").text
        control.reload({"access": {"title": "New"}})
        assert "New" in client.get("/.bartizan/login").text
        assert control.services.records is before.records
        assert control.services.state is before.state


def test_what_is_prepared_and_thrown_away_changes_nothing(tmp_path: Path) -> None:
    with Control(tmp_path, {"access": {"title": "Old"}}) as control, control.client() as client:
        control.run(control.server.prepare(complete(tmp_path, {"access": {"title": "New"}}), {}))
        control.server.rollback()
        control.run(control.server.commit())
        assert "Old" in client.get("/.bartizan/login").text


def test_storage_cannot_change_while_it_runs(tmp_path: Path) -> None:
    with Control(tmp_path) as control, pytest.raises(ConfigError, match="storage"):
        control.reload({"storage": {"journal": {"enabled": False}}})


def test_records_that_cannot_be_opened_are_told(tmp_path: Path) -> None:
    (tmp_path / "records" / "records.sqlite").mkdir(parents=True)
    with pytest.raises(RecordsError):
        Control(tmp_path).__enter__()


def test_it_moves_with_the_clock_of_a_test(tmp_path: Path) -> None:
    now = [1_000_000.0]
    with Control(tmp_path, clock=lambda: now[0]) as control:
        nonce = control.services.nonces.issue()
        control.run(control.services.state.put(b"k", b"v", 60.0))
        now[0] += 61.0
        assert control.run(control.services.state.get(b"k")) is None
        control.run(control.services.nonces.spend(nonce))  # good for minutes


def test_what_it_is_asked_is_counted(tmp_path: Path) -> None:
    with Control(tmp_path) as control, control.client() as client:
        client.get("/.bartizan/login")
        client.get("/.bartizan/nothing")
        assert control.server.report().requests == {"2xx": 1, "4xx": 1}


def test_a_malformed_request_is_refused(tmp_path: Path) -> None:
    with Control(tmp_path), socket.socket(socket.AF_UNIX) as sock:
        sock.connect(str(socket_path(tmp_path)))
        sock.sendall(b"GET /\x00 HTTP/1.1\r\nHost: gateway.test\r\n\r\n")
        assert sock.recv(100).startswith(b"HTTP/1.1 400")
