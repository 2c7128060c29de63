"""The PROXY protocol layer on real sockets with uvloop, alone and below TLS."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import datetime as dt
import socket
import ssl
from collections.abc import AsyncIterator, Callable

import pytest
import uvloop

from bartizan.config.model.listeners import ListenerTls
from bartizan.edge.layers import InnerFactory
from bartizan.edge.proxy_protocol import ProxyProtocolLayer, ProxyProtocolSettings
from bartizan.edge.tls.contexts import build_store
from bartizan.edge.tls.devca import ensure_dev_certificate
from bartizan.edge.tls.layer import TlsServerLayer, TlsSettings

HEADER = b"PROXY TCP4 192.0.2.7 198.51.100.1 51234 443\r\n"
LOCAL = b"\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00"


class Greeter(asyncio.Protocol):
    """Says who connected, then echoes."""

    def __init__(self, peername, info) -> None:
        self.greeting = f"{peername}|{info.server_name if info else None}|".encode()

    def connection_made(self, transport) -> None:
        self.transport = transport
        transport.write(self.greeting)

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


class BufferedGreeter(asyncio.BufferedProtocol):
    """The same, with a small buffer of its own."""

    def __init__(self, peername, info) -> None:
        self.buffer = bytearray(7)

    def connection_made(self, transport) -> None:
        self.transport = transport

    def get_buffer(self, sizehint: int) -> bytearray:
        return self.buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.transport.write(bytes(self.buffer[:nbytes]))


class Server:
    def __init__(self) -> None:
        self.failures: collections.Counter[str] = collections.Counter()
        self.asked: list[object] = []
        self.trusts = True
        self.address = ("", 0)

    def is_trusted(self, peer: object) -> bool:
        self.asked.append(peer)
        return self.trusts

    def failed(self, reason: str) -> None:
        self.failures[reason] += 1

    @contextlib.asynccontextmanager
    async def running(self, factory: InnerFactory, header_time: float = 20) -> AsyncIterator[Server]:
        loop = asyncio.get_running_loop()
        settings = ProxyProtocolSettings("any", self.is_trusted, header_time, self.failed)
        listener = await loop.create_server(lambda: ProxyProtocolLayer(settings, factory, loop), "127.0.0.1", 0)
        self.address = listener.sockets[0].getsockname()
        async with listener:
            yield self

    async def talk(self, *pieces: bytes) -> tuple[bytes, tuple[str, int]]:
        """Send the pieces one by one, end, and return all that comes back and one's own address."""
        reader, writer = await asyncio.open_connection(*self.address)
        name = writer.get_extra_info("sockname")
        answer = b""
        try:
            writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(0)
            writer.write_eof()
            answer = await reader.read()
        except ConnectionError:
            pass
        finally:
            writer.close()
        return answer, name


def run(scenario: Callable[[Server], object]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(scenario(Server()))


@pytest.mark.parametrize("cut", [0, 1, 20, len(HEADER) - 1, len(HEADER), len(HEADER) + 3])
def test_the_next_protocol_gets_the_source_and_the_data_behind_the_header(cut):
    async def scenario(server: Server) -> None:
        async with server.running(Greeter):
            whole = HEADER + b"hello"
            answer, name = await server.talk(whole[:cut], whole[cut:])
        assert answer == b"('192.0.2.7', 51234)|None|hello"
        assert server.asked == [name]
        assert not server.failures

    run(scenario)


def test_a_local_header_leaves_the_peer_to_the_transport():
    async def scenario(server: Server) -> None:
        async with server.running(Greeter):
            assert (await server.talk(LOCAL + b"x"))[0] == b"None|None|x"

    run(scenario)


def test_a_buffered_protocol_is_fed_in_its_own_measure():
    async def scenario(server: Server) -> None:
        async with server.running(BufferedGreeter):
            text = b"much more than seven bytes"
            assert (await server.talk(HEADER + text))[0] == text

    run(scenario)


def test_a_peer_that_is_not_trusted_is_cut_before_it_is_heard():
    async def scenario(server: Server) -> None:
        server.trusts = False
        async with server.running(Greeter):
            assert (await server.talk(HEADER))[0] == b""
        assert server.failures == {"untrusted_peer": 1}

    run(scenario)


@pytest.mark.parametrize(
    ("sent", "reason"),
    [(b"GET / HTTP/1.1\r\n", "bad_header"), (b"PROXY TCP4 x", "peer_closed"), (b"", "peer_closed")],
)
def test_no_header_no_connection(sent, reason):
    async def scenario(server: Server) -> None:
        async with server.running(Greeter):
            assert (await server.talk(sent))[0] == b""
        assert server.failures == {reason: 1}

    run(scenario)


def test_a_header_that_does_not_come_is_not_waited_for():
    async def scenario(server: Server) -> None:
        async with server.running(Greeter, header_time=0.05):
            reader, writer = await asyncio.open_connection(*server.address)
            writer.write(HEADER[:10])
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
            writer.close()
        assert server.failures == {"timeout": 1}

    run(scenario)


def test_tls_goes_on_top(tmp_path):
    files = ensure_dev_certificate(tmp_path, [], dt.datetime.now(dt.UTC))
    tls = ListenerTls.model_validate(
        {"certificates": [{"certificate": str(files.cert_pem), "key": str(files.key_pem)}]}
    )
    store = build_store(tls, dt.datetime.now(dt.UTC))
    client_context = ssl.create_default_context(cafile=str(files.ca_pem))

    async def scenario(server: Server) -> None:
        loop = asyncio.get_running_loop()
        settings = TlsSettings(lambda: store, server.failed)
        async with server.running(lambda peername, _: TlsServerLayer(settings, Greeter, loop, peername)):
            reader, writer = await asyncio.open_connection(*server.address)
            writer.write(HEADER)
            await writer.start_tls(client_context, server_hostname="localhost")
            writer.write(b"!")
            assert await reader.readuntil(b"!") == b"('192.0.2.7', 51234)|localhost|!"
            writer.close()
        assert not server.failures

    run(scenario)
