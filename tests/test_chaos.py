"""Mixed load while configuration, workers and an upstream come and go: 20 seconds, or ``CHAOS_SECONDS``."""

from __future__ import annotations

import itertools
import os
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.bartizan import Bartizan, kill
from tests.support.net import RawClient, wait_until
from tests.support.nginx import Nginx

SECONDS = float(os.environ.get("CHAOS_SECONDS", "20"))
RELOADS = 20
KILLS = 5
CLIENTS = 8
KILL_WINDOW = 2.0  # seconds after a kill in which a cut connection may have been that worker's
BODY = b"x" * 2000
REQUESTS = (
    b"GET /small HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n",
    b"HEAD /small HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /small HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    b"PUT /put HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY),
    b"POST /post HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
)


@dataclass
class Tally:
    """What the clients saw."""

    statuses: Counter[int] = field(default_factory=Counter)
    cut: list[float] = field(default_factory=list)
    kills: list[float] = field(default_factory=list)
    node_away: float = 0.0
    unrepeatable: list[float] = field(default_factory=list)
    """When a POST was on the node that went away: it must not be sent again (RFC 9110 section 9.2.2)."""

    def unexplained(self) -> list[float]:
        """Return when connections were cut though no worker had just been killed."""
        return [at for at in self.cut if not any(0 <= at - killed < KILL_WINDOW for killed in self.kills)]


def client(port: int, tally: Tally, stop: threading.Event, seed: int) -> None:
    """Ask until told to stop; connections are kept as long as they last."""
    chosen = random.Random(seed)
    connection: RawClient | None = None
    while not stop.is_set():
        request = chosen.choice(REQUESTS)
        connection = connection or RawClient(port)
        try:
            connection.send(request)
            head = connection.until(b"\r\n\r\n")
            length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
            if not request.startswith(b"HEAD"):
                connection.exactly(length)
            status = int(head.split(b" ")[1])
            if status == 502 and request.startswith(b"POST"):
                tally.unrepeatable.append(time.monotonic())
            else:
                tally.statuses[status] += 1
            if b"connection: close" in head:
                connection.sock.close()
                connection = None
        except (EOFError, OSError):
            tally.cut.append(time.monotonic())
            connection.sock.close()
            connection = None
        time.sleep(chosen.random() * 0.01)
    if connection is not None:
        connection.sock.close()


def config(ports: list[int], generation: int) -> dict[str, Any]:
    return {
        "upstreams": [
            {
                "name": "api",
                "nodes": [{"address": f"127.0.0.1:{port}"} for port in ports],
                "health_checks": {"active": {"path": "/small", "interval": "200ms", "timeout": "500ms"}},
                "retries": {"attempts": 2},
            }
        ],
        "routes": [{"name": f"api-{generation}", "upstream": "api"}],
        "guards": {"rate_limit": {"windows": [{"rate": "1000000/s"}]}},
        "logging": {"format": "json"},
    }


@pytest.mark.timeout(180)
def test_no_request_fails_that_was_not_on_a_killed_worker(tmp_path: Path) -> None:
    server = "location / { return 200 ok; } location /large { root .; } location = /put { return 200 ok; }"
    directories = [tmp_path / "one", tmp_path / "two"]
    for directory in directories:
        directory.mkdir()
        (directory / "large").write_bytes(b"y" * 300_000)
    first = Nginx(directories[0], server)
    second = Nginx(directories[1], server)
    ports = [first.port, second.port]
    tally, stop = Tally(), threading.Event()
    with first, Bartizan(tmp_path, config(ports, 0)) as bartizan:
        second.__enter__()
        try:
            clients = [
                threading.Thread(target=client, args=(bartizan.port, tally, stop, seed)) for seed in range(CLIENTS)
            ]
            for thread in clients:
                thread.start()
            disturb(bartizan, second, ports, tally)
        finally:
            stop.set()
            for thread in clients:
                thread.join()
            second.__exit__(None, None, None)
        assert bartizan.metric("bartizan_worker_restarts_total") == KILLS
    assert set(tally.statuses) == {200}, tally.statuses
    assert tally.unexplained() == []
    assert len(tally.cut) <= KILLS * CLIENTS
    assert all(0 <= at - tally.node_away < 1.0 for at in tally.unrepeatable)
    assert len(tally.unrepeatable) <= CLIENTS
    assert tally.statuses[200] > 1000


def disturb(bartizan: Bartizan, node: Nginx, ports: list[int], tally: Tally) -> None:
    """Reload, kill and take the node away and back, spread over the time."""
    begin = time.monotonic()
    events = sorted(
        [(SECONDS * (number + 0.5) / RELOADS, "reload") for number in range(RELOADS)]
        + [(SECONDS * (number + 0.3) / KILLS, "kill") for number in range(KILLS)]
        + [(SECONDS * 0.4, "node away"), (SECONDS * 0.6, "node back")]
    )
    generations = itertools.count(1)
    for at, event in events:
        time.sleep(max(0.0, begin + at - time.monotonic()))
        if event == "reload":
            bartizan.write(config(ports, next(generations)))
            done = bartizan.run("reload")
            assert done.returncode == 0, done.stderr
        elif event == "kill":
            wait_until(lambda: len(bartizan.workers()) == 2)
            victim = random.Random(at).choice(bartizan.workers())
            tally.kills.append(time.monotonic())
            kill(victim)
        elif event == "node away":
            tally.node_away = time.monotonic()
            node.__exit__(None, None, None)
        else:
            node.__enter__()
    time.sleep(max(0.0, begin + SECONDS - time.monotonic()))
