"""Exchanges that are ended from outside while they are under way, over real sockets."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.gateway import Gateway
from tests.support.net import RawClient, wait_until
from tests.support.upstream import Connection, Upstream
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve

from bartizan.edge import guards
from bartizan.evidence.journal import HttpActivity, JournalReader
from bartizan.pipeline import Exchange, Step

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


class Holder:
    """A guard that keeps what passes it, to cut it later; ``at_once`` cuts it while the guard still looks."""

    name = "holder"

    def __init__(self) -> None:
        self.open: list[Exchange] = []
        self.over: list[Exchange] = []
        self.at_once = False

    async def on_request(self, exchange: Exchange) -> None:
        exchange.cuttable = True
        exchange.at_end(self.over.append)
        self.open.append(exchange)
        if self.at_once:
            asyncio.get_running_loop().call_soon(exchange.cut, "session_ended")
            await asyncio.sleep(0.01)


class Running:
    """A gateway with that guard in front of one node."""

    def __init__(self, gateway: Gateway, holder: Holder) -> None:
        self.gateway = gateway
        self.holder = holder

    @property
    def port(self) -> int:
        return self.gateway.port

    def cut(self, number: int = 0, error: str = "session_ended") -> None:
        """Cut one of the exchanges, on the worker's loop."""

        async def now() -> None:
            self.holder.open[number].cut(error)

        self.gateway.run(now())

    def ended(self, count: int = 1) -> list[str | None]:
        """Wait until so many exchanges are over, and return their errors."""
        wait_until(lambda: len(self.holder.over) >= count)
        return [exchange.error for exchange in self.holder.over]

    def connections_to_nodes(self) -> int:
        """Connections in use or idle."""
        nodes = self.gateway.worker.report().nodes
        return sum(node.in_flight + node.idle for node in nodes)


Start = Callable[[int], Running]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    holder = Holder()
    monkeypatch.setattr(guards, "GUARDS", (guards.GuardKind("holder", lambda *_: Step(holder)),))
    running: list[Gateway] = []

    def begin(node_port: int) -> Running:
        gateway = Gateway(
            tmp_path,
            {
                "upstreams": [{"name": "api", "nodes": [{"address": f"127.0.0.1:{node_port}"}]}],
                "routes": [{"name": "api", "upstream": "api", "upgrade": True}],
            },
        )
        gateway.__enter__()
        running.append(gateway)
        return Running(gateway, holder)

    yield begin
    for gateway in running:
        gateway.__exit__()


@contextmanager
def echoing() -> Iterator[tuple[int, list[int | None]]]:
    """A WebSocket server that echoes; yields its port and the close codes that it has seen."""
    closed: list[int | None] = []

    def echo(connection: ServerConnection) -> None:
        try:
            for message in connection:
                connection.send(message)
        except ConnectionClosedError:
            pass
        closed.append(connection.close_code)

    with serve(echo, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.socket.getsockname()[1], closed
        server.shutdown()
        thread.join()


def test_a_websocket_is_cut_on_both_sides(start: Start) -> None:
    with echoing() as (port, closed):
        running = start(port)
        with connect(f"ws://127.0.0.1:{running.port}/", proxy=None) as client:
            client.send("hello")
            assert client.recv(10) == "hello"
            running.cut()
            with pytest.raises(ConnectionClosedError):
                client.recv(10)
        assert running.ended() == ["session_ended"]
        wait_until(lambda: closed == [1006])  # the node saw its connection break off too (RFC 6455 section 7.1.5)
        assert running.connections_to_nodes() == 0


def stream_for_ever(connection: Connection) -> None:
    connection.read_request()
    connection.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        connection.send(b"5\r\nhello\r\n")
        time.sleep(0.01)


def test_a_stream_is_cut_and_does_not_look_whole(start: Start) -> None:
    with Upstream(stream_for_ever) as upstream:
        running = start(upstream.port)
        with RawClient(running.port) as client:
            client.send(GET)
            client.until(b"hello")
            running.cut()
            assert not client.until_close().endswith(b"0\r\n\r\n")
        assert running.ended() == ["session_ended"]
        assert running.connections_to_nodes() == 0


def test_a_client_that_does_not_read_is_cut_too(start: Start) -> None:
    def flood(connection: Connection) -> None:
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n")
        while True:
            connection.send(b"x" * 65536)

    with Upstream(flood) as upstream:
        running = start(upstream.port)
        with RawClient(running.port) as client:
            client.send(GET)
            client.until(b"xxx")
            time.sleep(0.2)  # until the buffers on the way are full
            running.cut()
            assert running.ended() == ["session_ended"]


def test_an_exchange_that_waits_for_its_node_is_cut(start: Start) -> None:
    with Upstream(lambda connection: (connection.read_request(), time.sleep(30))[1]) as upstream:
        running = start(upstream.port)
        with RawClient(running.port) as client:
            client.send(GET)
            upstream.wait_for(lambda: b"\r\n\r\n" in upstream.received)
            running.cut()
            assert client.until_close() == b""
        assert running.ended() == ["session_ended"]


def test_an_upload_is_cut(start: Start) -> None:
    with Upstream() as upstream:
        running = start(upstream.port)
        with RawClient(running.port) as client:
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf")
            upstream.wait_for(lambda: upstream.received.endswith(b"half"))
            running.cut()
            assert client.until_close() == b""
        assert running.ended() == ["session_ended"]


def test_what_is_cut_while_guards_look_never_reaches_a_node(start: Start) -> None:
    with Upstream() as upstream:
        running = start(upstream.port)
        running.holder.at_once = True
        with RawClient(running.port) as client:
            client.send(GET)
            assert client.until_close() == b""
        assert running.ended() == ["session_ended"]
        assert not upstream.received


def test_cutting_what_is_over_does_nothing_to_the_next_on_its_connection(start: Start) -> None:
    release = threading.Event()

    def second_waits(connection: Connection) -> None:
        for number in range(2):
            connection.read_request()
            if number:
                release.wait(10)
            connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")

    with Upstream(second_waits) as upstream:
        running = start(upstream.port)
        with RawClient(running.port) as client:
            client.send(GET)
            assert client.response()[0] == 200
            client.send(GET)
            wait_until(lambda: len(running.holder.open) == 2)
            running.cut(0)
            release.set()
            assert client.response()[0] == 200
        assert running.ended(2) == [None, None]


def test_only_the_first_reason_counts(start: Start) -> None:
    with Upstream(stream_for_ever) as upstream:
        running = start(upstream.port)
        with RawClient(running.port) as client:
            client.send(GET)
            client.until(b"hello")

            async def twice() -> None:
                for reason in ("session_revoked", "session_ended"):
                    running.holder.open[0].cut(reason)

            running.gateway.run(twice())
            client.until_close()
        assert running.ended() == ["session_revoked"]


def test_the_journal_tells(start: Start, tmp_path: Path) -> None:
    with Upstream(stream_for_ever) as upstream:
        running = start(upstream.port)
        with RawClient(running.port) as client:
            client.send(GET)
            client.until(b"hello")
            running.cut()
            client.until_close()
        wait_until(lambda: running.gateway.worker.report().journal.records == 1)
    (record,) = JournalReader(tmp_path / "journal").find(running.holder.open[0].id)
    assert isinstance(record, HttpActivity)
    assert record.status_code == "session_ended"
    assert record.http_response is not None
    assert record.http_response.code == 200
