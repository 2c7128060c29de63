"""``bartizan up`` with real processes: dying workers, reloads, replacement, draining."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.bartizan import Bartizan, kill
from tests.support.net import RawClient, wait_until
from tests.support.upstream import Connection, Upstream

GET = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def config(upstream: Upstream, **more: Any) -> dict[str, Any]:
    return {
        "upstreams": [{"name": "api", "nodes": [upstream.node]}],
        "routes": [{"name": "api", "upstream": "api"}],
        "logging": {"format": "json"},
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


def get(bartizan: Bartizan, path: bytes = b"/") -> int:
    with RawClient(bartizan.port) as client:
        client.send(GET.replace(b"/ ", path + b" ", 1))
        return client.response()[0]


def test_it_serves_and_says_how_it_is(bartizan: Bartizan) -> None:
    assert get(bartizan) == 200
    assert bartizan.admin("/healthz")[0] == 200
    assert bartizan.admin("/readyz")[0] == 200
    assert bartizan.admin("/nothing")[0] == 404
    assert bartizan.metric("http_server_request_duration_seconds_count") == 1
    assert bartizan.metric("bartizan_upstream_node_healthy") == 1
    assert len(bartizan.workers()) == 2


def test_a_killed_worker_comes_back_and_counters_never_go_backwards(bartizan: Bartizan) -> None:
    for _ in range(20):
        assert get(bartizan) == 200
    before = bartizan.metric("http_server_request_duration_seconds_count")
    old = bartizan.workers()
    kill(old[0])
    wait_until(lambda: len(workers := bartizan.workers()) == 2 and old[0] not in workers)
    for _ in range(20):
        assert get(bartizan) == 200
    assert bartizan.metric("http_server_request_duration_seconds_count") == before + 20
    assert bartizan.metric("bartizan_worker_restarts_total") == 1


def test_a_reload_changes_routes_without_closing_connections(bartizan: Bartizan, upstream: Upstream) -> None:
    with RawClient(bartizan.port) as client:
        client.send(b"GET /new HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.response()[0] == 200
        bartizan.write(config(upstream, routes=[{"name": "api", "paths": ["/new"], "upstream": "api"}]))
        done = bartizan.run("reload")
        assert (done.returncode, done.stderr) == (0, "")
        assert "reloaded: 1 listeners" in done.stdout
        client.send(b"GET /old HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.response()[0] == 404
        client.send(b"GET /new HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.response()[0] == 200


def test_an_invalid_file_keeps_the_old_configuration_and_says_why(bartizan: Bartizan) -> None:
    bartizan.file.write_text(bartizan.file.read_text().replace('"upstream": "api"', '"upstream": "apii"'))
    refused = bartizan.run("reload")
    assert refused.returncode == 1
    assert "routes[0].upstream" in refused.stderr
    assert "apii" in refused.stderr
    os.kill(bartizan.process.pid, signal.SIGHUP)
    wait_until(lambda: b"not reloaded, the old one stays in force" in bartizan.log.read_bytes())
    assert get(bartizan) == 200
    wait_until(lambda: bartizan.metric('bartizan_config_reloads_total{result="failed"}') >= 1)


def test_a_policy_that_cannot_be_compiled_keeps_the_old_configuration(bartizan: Bartizan, upstream: Upstream) -> None:
    access = {"enabled": True, "origin": "https://gateway.test"}
    guards = {"access": {"policy": "session.aall >= 2"}}
    bartizan.write(config(upstream, access=access, guards=guards))
    refused = bartizan.run("reload")
    assert refused.returncode == 1
    assert "guards.access.policy: there is no attribute `session.aall`" in refused.stderr
    assert get(bartizan) == 200


def test_a_changed_file_is_noticed(bartizan: Bartizan, upstream: Upstream) -> None:
    bartizan.write(config(upstream, routes=[{"name": "api", "paths": ["/other"], "upstream": "api"}]))
    wait_until(lambda: get(bartizan, b"/") == 404)
    assert get(bartizan, b"/other") == 200


def test_replacing_the_workers_fails_no_request(bartizan: Bartizan) -> None:
    old = set(bartizan.workers())
    statuses: list[int] = []
    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            statuses.append(get(bartizan))

    def load_kept() -> None:
        while not stop.is_set():
            with RawClient(bartizan.port) as client:
                fields: dict[bytes, bytes] = {}
                while not stop.is_set() and fields.get(b"connection") != b"close":
                    client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    status, fields, _ = client.response()
                    statuses.append(status)
                    time.sleep(0.01)

    threads = [threading.Thread(target=work) for work in (load, load, load_kept, load_kept)]
    for thread in threads:
        thread.start()
    os.kill(bartizan.process.pid, signal.SIGUSR2)
    wait_until(lambda: len(workers := bartizan.workers()) == 2 and not old & set(workers), 30)
    stop.set()
    for thread in threads:
        thread.join()
    assert set(statuses) == {200}


def test_sigterm_lets_an_exchange_in_flight_finish(upstream: Upstream, tmp_path: Path) -> None:
    def slow(connection: Connection) -> None:
        connection.read_request()
        time.sleep(1.0)
        connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nslow")

    upstream.handler = slow
    with Bartizan(tmp_path, config(upstream)) as bartizan, RawClient(bartizan.port) as client:
        client.send(GET)
        upstream.wait_for(lambda: bool(upstream.received))
        bartizan.process.send_signal(signal.SIGTERM)
        assert client.response()[2] == b"slow"
        assert bartizan.process.wait(20) == 0


def test_workers_leave_when_their_supervisor_is_killed(bartizan: Bartizan) -> None:
    workers = bartizan.workers()
    bartizan.process.kill()
    bartizan.process.wait(10)
    wait_until(
        lambda: (
            not any(
                Path(f"/proc/{pid}/cmdline").exists() and b"bartizan" in Path(f"/proc/{pid}/cmdline").read_bytes()
                for pid in workers
            )
        ),
        20,
    )


def test_a_second_one_on_the_same_directory_is_refused(bartizan: Bartizan, upstream: Upstream, tmp_path: Path) -> None:
    second = bartizan.run("up")
    assert second.returncode == 1
    assert "another Bartizan runs on" in second.stderr


def test_an_address_that_is_taken_is_named(bartizan: Bartizan, upstream: Upstream, tmp_path: Path) -> None:
    taken = config(upstream, listeners=[{"name": "main", "address": f"127.0.0.1:{bartizan.port}"}])
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(AssertionError, match="listener main cannot listen on"):
        Bartizan(other, taken).__enter__()


def test_reload_without_anybody_there_is_exit_2(upstream: Upstream, tmp_path: Path) -> None:
    nobody = Bartizan(tmp_path, config(upstream)).run("reload")
    assert nobody.returncode == 2
    assert "no Bartizan answers" in nobody.stderr


def test_dev_mode_serves_https_with_its_own_authority(upstream: Upstream, tmp_path: Path) -> None:
    with Bartizan(tmp_path, config(upstream), "--dev") as bartizan:
        ca = tmp_path / "bartizan-data" / "dev-ca" / "ca.pem"
        url = f"https://localhost:{bartizan.port}/"
        answer = subprocess.run(["curl", "-s", "--cacert", str(ca), url], capture_output=True, timeout=20, check=True)
        assert answer.stdout == b"ok"
        found = bartizan.run("journal", "tail", "--json")
        assert '"ja4_fingerprint_list":[{"value":"t13' in found.stdout


def test_bans_are_in_force_within_a_second_and_the_journal_tells_why(bartizan: Bartizan) -> None:
    assert bartizan.run("ban", "127.0.0.0/8", "--reason", "test").returncode == 1
    assert bartizan.run("ban", "127.0.0.0/8", "--reason", "test", "--force", "--for", "1m").returncode == 0
    wait_until(lambda: all(get(bartizan) == 403 for _ in range(8)), 1.5)
    with RawClient(bartizan.port) as client:
        client.send(GET)
        _, fields, _ = client.response()
    exchange = fields[b"x-request-id"].decode()
    wait_until(lambda: bartizan.run("journal", "find", exchange).returncode == 0)
    story = bartizan.run("journal", "find", exchange).stdout
    assert "127.0.0.0/8 is banned by" in story
    assert "bartizan unban 127.0.0.0/8" in story
    assert "127.0.0.0/8" in bartizan.run("bans").stdout
    assert bartizan.run("unban", "127.0.0.0/8").returncode == 0
    wait_until(lambda: get(bartizan) == 200, 1.0)
    assert bartizan.run("unban", "127.0.0.0/8").returncode == 1


def test_check_init_and_schema_need_no_gateway(tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "bartizan.cli", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    assert run("check").returncode == 1
    assert run("init").returncode == 0
    assert run("init").returncode == 1
    assert "valid: 1 listeners" in run("check").stdout
    assert '"$schema"' in run("schema").stdout
