"""Slow, greedy and careless clients: each ends in its own status or a close, and hurts nobody else."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.gateway import Gateway
from tests.support.net import RawClient, wait_until
from tests.support.upstream import Connection, Upstream

from bartizan.edge.http1 import pace

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


def limited(upstream: Upstream, **limits: Any) -> dict[str, Any]:
    return {
        "listeners": [{"name": "main", "address": "127.0.0.1:0", "limits": limits}],
        "upstreams": [{"name": "api", "nodes": [upstream.node]}],
        "routes": [{"name": "api", "upstream": "api"}],
    }


def assert_others_are_served(gateway: Gateway) -> None:
    with RawClient(gateway.port) as client:
        client.send(GET)
        assert client.response()[0] == 200


def test_a_head_that_drips_ends_in_408(upstream: Upstream, tmp_path: Path) -> None:
    config = limited(upstream, timeouts={"header": "1s"})
    with Gateway(tmp_path, config) as gateway, RawClient(gateway.port) as client:
        stop = threading.Event()

        def drip() -> None:
            client.send(b"GET / HTTP/1.1\r\nHost: a\r\n")
            while not stop.wait(0.1):
                client.send(b"X-A: b\r\n")

        thread = threading.Thread(target=drip)
        thread.start()
        assert_others_are_served(gateway)
        answer = client.until_close()
        stop.set()
        thread.join()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert not any(b"x-a" in connection.received for connection in upstream.connections)


def test_a_silent_connection_is_closed_without_a_word(upstream: Upstream, tmp_path: Path) -> None:
    config = limited(upstream, timeouts={"header": "500ms", "idle": "500ms"})
    with Gateway(tmp_path, config) as gateway:
        with RawClient(gateway.port) as client:
            assert client.until_close() == b""
        with RawClient(gateway.port) as client:
            client.send(GET)
            assert client.response()[0] == 200
            assert client.until_close() == b""


def test_a_body_that_stops_ends_in_408(upstream: Upstream, tmp_path: Path) -> None:
    config = limited(upstream, timeouts={"body": "500ms"})
    with Gateway(tmp_path, config) as gateway, RawClient(gateway.port) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx")
        assert client.until_close().startswith(b"HTTP/1.1 408 ")
        assert_others_are_served(gateway)


def test_a_body_below_the_minimum_rate_ends_in_408(
    upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "RATE_WINDOW", 1.0)
    config = limited(upstream, min_rate=1000, timeouts={"body": "20s"})
    with Gateway(tmp_path, config) as gateway, RawClient(gateway.port) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        stop = threading.Event()

        def drip() -> None:
            while not stop.wait(0.05):
                client.send(b"x")

        thread = threading.Thread(target=drip)
        thread.start()
        answer = client.until_close()
        stop.set()
        thread.join()
        assert_others_are_served(gateway)
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_client_that_does_not_read_is_cut_off(upstream: Upstream, tmp_path: Path) -> None:
    def endless(connection: Connection) -> None:
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n")
        while True:
            connection.send(bytes(65536))

    upstream.handler = endless
    config = limited(upstream, timeouts={"write": "1s"})
    with Gateway(tmp_path, config) as gateway, RawClient(gateway.port, receive_buffer=4096) as client:
        client.send(GET)
        client.sock.recv(100)
        deadline = time.monotonic() + 10
        while gateway.worker.report().connections and time.monotonic() < deadline:
            time.sleep(0.05)
        assert gateway.worker.report().connections == 0
        assert gateway.worker.report().in_flight == 0


def test_too_many_connections_of_one_client_are_refused(upstream: Upstream, tmp_path: Path) -> None:
    with Gateway(tmp_path, limited(upstream, connections_per_client=3)) as gateway:
        clients = [RawClient(gateway.port) for _ in range(3)]
        for client in clients:
            client.send(GET)
            assert client.response()[0] == 200
        with RawClient(gateway.port) as fourth:
            fourth.send(GET)
            assert fourth.until_close() == b""
        for client in clients:
            client.sock.close()
        deadline = time.monotonic() + 5
        while gateway.worker.report().connections and time.monotonic() < deadline:
            time.sleep(0.01)
        assert_others_are_served(gateway)


@pytest.mark.parametrize(
    ("limits", "request_", "status"),
    [
        ({"header_count": 5}, b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 6 + b"\r\n", 431),
        ({"header_bytes": 256}, b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 300 + b"\r\n\r\n", 431),
        ({"target_bytes": 32}, b"GET /" + b"y" * 40 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        ({"body_bytes": 8}, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n123456789", 413),
        (
            {"body_bytes": 8},
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n123456789\r\n0\r\n\r\n",
            413,
        ),
    ],
)
def test_what_is_too_large_has_its_own_status(
    upstream: Upstream, tmp_path: Path, limits: dict[str, int], request_: bytes, status: int
) -> None:
    with Gateway(tmp_path, limited(upstream, **limits)) as gateway, RawClient(gateway.port) as client:
        client.send(request_)
        assert client.until_close().startswith(b"HTTP/1.1 %d " % status)
        assert_others_are_served(gateway)


def test_a_client_that_leaves_frees_everything(upstream: Upstream, tmp_path: Path) -> None:
    release = threading.Event()

    def waits(connection: Connection) -> None:
        connection.read_request()
        release.wait(10)

    upstream.handler = waits
    with Gateway(tmp_path, limited(upstream)) as gateway:
        for _ in range(20):
            client = RawClient(gateway.port)
            client.send(GET)
            client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            client.sock.close()
        wait_until(lambda: gateway.worker.report().accepted == 20)
        deadline = time.monotonic() + 10
        while (
            gateway.worker.report().in_flight or gateway.worker.report().connections
        ) and time.monotonic() < deadline:
            time.sleep(0.02)
        report = gateway.worker.report()
        assert (report.in_flight, report.connections) == (0, 0)
        assert sum(node.in_flight for node in report.nodes) == 0
        release.set()
