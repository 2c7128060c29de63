"""The control process below a real supervisor."""

from __future__ import annotations

import json
import os
import signal
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.bartizan import Bartizan, kill
from tests.support.net import RawClient, wait_until
from tests.support.upstream import Upstream

HOME = b"GET /.bartizan/ HTTP/1.1\r\nHost: gateway.test\r\nX-Forwarded-Proto: https\r\n\r\n"


def config(upstream: Upstream, **more: Any) -> dict[str, Any]:
    public = {"access": {"public": True}}
    return {
        "workers": 1,
        "upstreams": [{"name": "api", "nodes": [upstream.node]}],
        "routes": [{"name": "api", "upstream": "api", "guards": public}],
        "access": {"enabled": True, "origin": "https://gateway.test"},
        "trusted_proxies": ["127.0.0.0/8"],
        **more,
    }


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture
def bartizan(upstream: Upstream, tmp_path: Path) -> Iterator[Bartizan]:
    with Bartizan(tmp_path, config(upstream)) as running:
        yield running


def ask(bartizan: Bartizan, request: bytes = HOME) -> int:
    with RawClient(bartizan.port, 40) as client:
        client.send(request)
        return client.response()[0]


def api(bartizan: Bartizan) -> int:
    return ask(bartizan, b"GET / HTTP/1.1\r\nHost: gateway.test\r\n\r\n")


def control(bartizan: Bartizan) -> dict[str, Any] | None:
    found: dict[str, Any] | None = json.loads(bartizan.run("status").stdout)["control"]
    return found


def pid(bartizan: Bartizan) -> int:
    found = control(bartizan)
    return 0 if found is None else found["pid"] or 0


def test_it_answers_behind_the_edge_and_is_told_of(bartizan: Bartizan) -> None:
    assert ask(bartizan) == 303
    assert ask(bartizan, HOME.replace(b"gateway.test", b"other.test")) == 421
    assert control(bartizan) == {"pid": pid(bartizan), "restarts": 0}
    assert bartizan.metric("bartizan_control_up") == 1
    assert bartizan.metric('bartizan_control_requests_total{status="3xx"}') == 1
    assert json.loads(bartizan.admin("/readyz")[1])["control"] == "serves"


def test_its_socket_is_for_its_user_alone(bartizan: Bartizan) -> None:
    path = bartizan.directory / "bartizan-data" / "control" / "http.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_nothing_secret_is_in_its_arguments_or_its_environment(upstream: Upstream, tmp_path: Path) -> None:
    records = {"engine": "sqlite"}
    state = {"engine": "lmdb"}
    os.environ["BARTIZAN_TEST_SECRET"] = "hunter2"
    try:
        with Bartizan(tmp_path, config(upstream, storage={"records": records, "state": state})) as running:
            process = Path(f"/proc/{pid(running)}")
            assert b"hunter2" not in process.joinpath("environ").read_bytes()
            assert b"gateway.test" not in process.joinpath("cmdline").read_bytes()
    finally:
        del os.environ["BARTIZAN_TEST_SECRET"]


def test_it_comes_back_when_it_dies_and_the_edge_goes_on(bartizan: Bartizan) -> None:
    old = pid(bartizan)
    before = bartizan.metric("bartizan_control_requests_total")
    kill(old)
    assert api(bartizan) == 200
    assert ask(bartizan) in (303, 502)  # waits in the socket, or was on a connection that broke
    wait_until(lambda: pid(bartizan) not in (0, old), 30)
    assert ask(bartizan) == 303
    assert bartizan.metric("bartizan_control_restarts_total") == 1
    assert bartizan.metric("bartizan_control_requests_total") > before


def test_a_reload_reaches_it(bartizan: Bartizan, upstream: Upstream) -> None:
    same = pid(bartizan)
    bartizan.write(config(upstream, access={"enabled": True, "origin": "https://new.test"}))
    assert bartizan.run("reload").returncode == 0
    assert ask(bartizan) == 421
    assert ask(bartizan, HOME.replace(b"gateway.test", b"new.test")) == 303
    assert pid(bartizan) == same


def test_it_can_be_turned_off_and_on_by_a_reload(bartizan: Bartizan, upstream: Upstream) -> None:
    old = pid(bartizan)
    bartizan.write(config(upstream, access={"enabled": False}))
    assert bartizan.run("reload").returncode == 0
    assert control(bartizan) is None
    assert ask(bartizan) == 200  # the upstream's, like any path
    wait_until(lambda: not Path(f"/proc/{old}").exists())
    bartizan.write(config(upstream))
    assert bartizan.run("reload").returncode == 0
    assert ask(bartizan) == 303


def test_a_reload_while_it_is_down_is_what_the_next_one_begins_with(bartizan: Bartizan, upstream: Upstream) -> None:
    for _ in range(3):  # so that the next restart waits a moment
        old = pid(bartizan)
        kill(old)
        wait_until(lambda old=old: pid(bartizan) != old, 30)  # type: ignore[misc]
        wait_until(lambda: pid(bartizan) != 0, 30)
    kill(pid(bartizan))
    bartizan.write(config(upstream, access={"enabled": True, "origin": "https://new.test"}))
    assert bartizan.run("reload").returncode == 0
    wait_until(lambda: ask(bartizan, HOME.replace(b"gateway.test", b"new.test")) == 303, 40)


def test_a_configuration_that_it_cannot_use_is_kept_from_all(bartizan: Bartizan, upstream: Upstream) -> None:
    bartizan.write(config(upstream, access={"enabled": False}))
    assert bartizan.run("reload").returncode == 0
    keys = bartizan.directory / "bartizan-data" / "keys"
    for file in keys.iterdir():
        file.write_bytes(b"no key")
    bartizan.write(config(upstream, routes=[]))
    refused = bartizan.run("reload")
    assert refused.returncode == 1
    assert "key" in refused.stderr
    assert control(bartizan) is None
    assert api(bartizan) == 200  # the route is still there


def test_replacing_the_processes_fails_no_request_to_it(bartizan: Bartizan) -> None:
    old = pid(bartizan)
    statuses: list[int] = []
    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            statuses.append(ask(bartizan))

    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    workers = bartizan.workers()
    os.kill(bartizan.process.pid, signal.SIGUSR2)
    wait_until(lambda: pid(bartizan) not in (0, old) and not set(workers) & set(bartizan.workers()), 60)
    stop.set()
    for thread in threads:
        thread.join()
    assert set(statuses) == {303}


def test_records_that_cannot_be_opened_keep_it_from_starting_and_say_why(upstream: Upstream, tmp_path: Path) -> None:
    records = tmp_path / "bartizan-data" / "records"
    records.mkdir(parents=True)
    (records / "records.sqlite").mkdir()
    with pytest.raises(AssertionError, match="records"), Bartizan(tmp_path, config(upstream)):
        pass


def test_it_leaves_with_its_supervisor(upstream: Upstream, tmp_path: Path) -> None:
    with Bartizan(tmp_path, config(upstream)) as bartizan:
        process = Path(f"/proc/{pid(bartizan)}")
        assert process.exists()
        kill(bartizan.process.pid)
        wait_until(lambda: not process.exists(), 30)
