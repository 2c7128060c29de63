"""Data over an open TLS connection: bulk with back-pressure, half-close, the ways to end."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import resource
import socket
import ssl
import struct

import pytest

MIB = 1024 * 1024


def read_all(client: ssl.SSLSocket) -> bytes:
    data = b""
    while piece := client.recv(65536):
        data += piece
    return data


def peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_small_messages_come_back(serve, client_context):
    with serve().connect(client_context) as client:
        client.sendall(b"echo\n")
        for size in (1, 100, 16383, 16384, 16385, 60_000):
            client.sendall(b"e" * size)
            got = 0
            while got < size:
                got += len(client.recv(65536))
            assert got == size


def test_what_comes_with_the_end_of_the_handshake_is_delivered(serve, client_context):
    server = serve()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    engine = client_context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with server.raw() as raw:
        while True:
            try:
                engine.do_handshake()
                break
            except ssl.SSLWantReadError:
                raw.sendall(outgoing.read())
                incoming.write(raw.recv(65536))
        engine.write(b"close\n")
        raw.sendall(outgoing.read())
        while piece := raw.recv(65536):
            incoming.write(piece)
    assert engine.read() == b"bye"


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_a_large_download_waits_for_a_slow_client(serve, client_context, version):
    server = serve()
    client_context.maximum_version = ssl.TLSVersion[version]
    size = 100 * MIB
    with server.connect(client_context) as client:
        client.sendall(b"send %d\n" % size)
        server.wait_for(lambda: bool(server.protocols) and not server.protocols[0].can_write)
        before = peak_memory()
        got = 0
        buffer = bytearray(256 * 1024)
        while got < size:
            got += client.recv_into(buffer)
        assert got == size
        assert server.most_buffered < MIB
        assert peak_memory() - before < 16 * MIB


def test_a_large_upload_waits_for_a_slow_reader(serve, client_context):
    server = serve()
    piece = bytes(range(256)) * 4096
    digest = hashlib.sha256()
    for _ in range(32):
        digest.update(piece)
    with server.connect(client_context) as client:
        client.sendall(b"recv %d\n" % (32 * len(piece)))
        before = peak_memory()
        for _ in range(32):
            client.sendall(piece)
        assert client.recv(64).decode() == digest.hexdigest()
        assert peak_memory() - before < 16 * MIB


async def test_both_directions_at_once(serve, client_context):
    server = serve()
    size = 16 * MIB
    reader, writer = await asyncio.open_connection(*server.address, ssl=client_context, server_hostname="localhost")

    async def send() -> None:
        writer.write(b"echo\n")
        for _ in range(size // 65536):
            writer.write(b"b" * 65536)
            await writer.drain()

    _, echoed = await asyncio.gather(send(), reader.readexactly(size))
    assert echoed == b"b" * size
    writer.close()
    await writer.wait_closed()


def test_close_sends_close_notify(serve, client_context):
    server = serve()
    client_context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    with server.connect(client_context) as client:
        client.sendall(b"close\n")
        assert read_all(client) == b"bye"
    server.wait_for(lambda: server.ends == ["lost"])


def test_abort_does_not(serve, client_context):
    server = serve()
    client_context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    with server.connect(client_context) as client:
        client.sendall(b"abort\n")
        with pytest.raises((ssl.SSLError, ConnectionResetError)):  # Python 3.11.2 does not tell EOF apart
            read_all(client)
    server.wait_for(lambda: server.ends == ["lost"])


def test_write_eof_ends_one_direction(serve, client_context):
    server = serve()
    with server.connect(client_context) as client:
        client.sendall(b"shut\n")
        assert read_all(client) == b"bye"
        client.sendall(b"abc")
        server.wait_for(lambda: len(server.digests) == 1)
    assert server.digests == [hashlib.sha256(b"abc").hexdigest()]


@pytest.mark.parametrize("end", ["close_notify", "fin", "both"])
def test_a_half_closed_client_is_still_answered(serve, client_context, end):
    server = serve()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    engine = client_context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with server.raw() as raw:
        while True:
            try:
                engine.do_handshake()
                break
            except ssl.SSLWantReadError:
                raw.sendall(outgoing.read())
                incoming.write(raw.recv(65536))
        engine.write(b"hold\n")
        raw.sendall(outgoing.read())
        server.wait_for(lambda: bool(server.protocols) and server.protocols[0].command == ["hold"])
        if end != "fin":
            with contextlib.suppress(ssl.SSLError):
                engine.unwrap()
            raw.sendall(outgoing.read())
        if end != "close_notify":
            raw.shutdown(socket.SHUT_WR)
        while piece := raw.recv(65536):
            incoming.write(piece)
        with contextlib.suppress(ssl.SSLZeroReturnError):
            assert engine.read(100) == b"still here"
    server.wait_for(lambda: server.ends == ["eof", "lost"])


def test_an_end_after_paused_data_comes_after_it(serve, client_context):
    server = serve()
    piece = b"p" * 300_000
    with server.connect(client_context) as client:
        client.sendall(b"recv %d\n" % len(piece))
        client.sendall(piece)
        with contextlib.suppress(OSError):
            client.unwrap()
    server.wait_for(lambda: server.ends == ["eof", "lost"])
    assert server.digests == [hashlib.sha256(piece).hexdigest()]


def test_a_reset_connection_is_lost(serve, client_context, info):
    server = serve()
    client = server.connect(client_context)
    info(client)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    server.wait_for(lambda: server.ends[-1:] == ["lost"])


def test_a_forged_record_ends_the_connection_with_an_alert(serve, client_context, info):
    server = serve()
    with server.connect(client_context) as client:
        info(client)
        with socket.socket(fileno=socket.dup(client.fileno())) as raw:
            raw.sendall(b"\x17\x03\x03\x00\x20" + b"\x00" * 32)
        with pytest.raises(ssl.SSLError, match=r"(?i)alert bad record mac"):
            read_all(client)
    server.wait_for(lambda: server.ends == ["lost"])
    assert server.failures == {"protocol_error": 1}


def test_raw_facts_are_passed_through(serve, client_context, info):
    server = serve()
    with server.connect(client_context) as client:
        info(client)
        transport = server.protocols[0].transport
        assert transport.get_extra_info("peername") == client.getsockname()
        assert transport.get_extra_info("ssl_object").version() == "TLSv1.3"
        assert transport.get_extra_info("unknown", "nothing") == "nothing"
        assert transport.get_protocol() is server.protocols[0]
        assert not transport.is_closing()
