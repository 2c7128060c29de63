"""Reloads under load: each exchange sees one configuration, nothing is dropped, memory stays flat."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.gateway import Gateway
from tests.support.net import RawClient
from tests.support.upstream import Connection, Upstream

from bartizan.errors import ConfigError, TlsError


def echo_mark(connection: Connection) -> None:
    """Answer with the header that the route's rewrite set on the request."""
    while True:
        head = connection.read_request()
        mark = head.split(b"x-mark: ")[1].split(b"\r\n")[0]
        connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(mark), mark))


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream(echo_mark) as running:
        yield running


def marked(upstream: Upstream, mark: int) -> dict[str, Any]:
    """Return a configuration that marks requests and responses alike, through different rooms of the code."""
    return {
        "upstreams": [{"name": f"api-{mark % 3}", "nodes": [upstream.node]}],
        "routes": [
            {
                "name": f"route-{mark}",
                "upstream": f"api-{mark % 3}",
                "rewrite": {
                    "request_headers": {"set": {"X-Mark": str(mark)}},
                    "response_headers": {"set": {"X-Mark": str(mark)}},
                },
            }
        ],
    }


def test_no_exchange_sees_a_mixture_and_no_connection_is_dropped(upstream: Upstream, tmp_path: Path) -> None:
    mixtures: list[tuple[bytes, bytes]] = []
    counts = [0] * 4
    stop = threading.Event()
    with Gateway(tmp_path, marked(upstream, 0)) as gateway:

        def load(number: int) -> None:
            with RawClient(gateway.port) as client:
                while not stop.is_set():
                    client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    _, fields, body = client.response()
                    counts[number] += 1
                    if fields[b"x-mark"] != body:
                        mixtures.append((fields[b"x-mark"], body))

        threads = [threading.Thread(target=load, args=(number,)) for number in range(len(counts))]
        for thread in threads:
            thread.start()
        mark = 0
        while mark < 60 or (min(counts) < 20 and mark < 2000):
            mark += 1
            gateway.reload(marked(upstream, mark))
        stop.set()
        for thread in threads:
            thread.join()
    assert mixtures == []
    assert min(counts) >= 20


def test_an_exchange_in_flight_finishes_on_the_configuration_it_began_with(upstream: Upstream, tmp_path: Path) -> None:
    release = threading.Event()

    def waits(connection: Connection) -> None:
        head = connection.read_request()
        release.wait(10)
        mark = head.split(b"x-mark: ")[1].split(b"\r\n")[0]
        connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(mark), mark))

    upstream.handler = waits
    with Gateway(tmp_path, marked(upstream, 1)) as gateway, RawClient(gateway.port) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        upstream.wait_for(lambda: b"x-mark" in upstream.received)
        gateway.reload(marked(upstream, 2))
        release.set()
        _, fields, body = client.response()
        assert (fields[b"x-mark"], body) == (b"1", b"1")


def test_memory_is_flat_over_200_reloads(upstream: Upstream, tmp_path: Path) -> None:
    with Gateway(tmp_path, marked(upstream, 0)) as gateway:

        def ask() -> None:
            with RawClient(gateway.port) as client:
                client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                assert client.response()[0] == 200

        for mark in range(1, 51):
            gateway.reload(marked(upstream, mark))
            ask()
        gc.collect()
        before = gateway.worker.report().resident_bytes
        for mark in range(51, 251):
            gateway.reload(marked(upstream, mark))
            ask()
        gc.collect()
        time.sleep(0.1)
        grown = gateway.worker.report().resident_bytes - before
    assert grown < 3 * 1024 * 1024, f"{grown} bytes more after 200 reloads"


@pytest.mark.parametrize(
    "bad",
    [
        {"routes": [{"name": "x", "upstream": "api-0", "guards": {"denylist": {"deny_files": ["/nowhere/list.txt"]}}}]},
        {"upstreams": [{"name": "api-0", "nodes": [{"address": "127.0.0.1:1"}], "tls": {"ca": "/nowhere/ca.pem"}}]},
    ],
)
def test_what_cannot_be_built_leaves_the_old_configuration(
    upstream: Upstream, tmp_path: Path, bad: dict[str, Any]
) -> None:
    with Gateway(tmp_path, marked(upstream, 0)) as gateway:
        with pytest.raises((ConfigError, TlsError, OSError)):
            gateway.reload(marked(upstream, 0) | bad)
        with RawClient(gateway.port) as client:
            client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert client.response()[0] == 200
