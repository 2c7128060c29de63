"""Every way a ClientHello can be cut, stretched and broken ends in a parsed message, a wait or the one typed error."""

from __future__ import annotations

import contextlib
import ssl
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.edge.tls.clienthello import (
    MAX_CLIENT_HELLO,
    ClientHello,
    ClientHelloError,
    ClientHelloReader,
    parse_client_hello,
)


def vector(size: int, data: bytes) -> bytes:
    return len(data).to_bytes(size, "big") + data


def codes(*values: int) -> bytes:
    return struct.pack(f">{len(values)}H", *values)


def body(
    extensions: list[tuple[int, bytes]] | None = None,
    ciphers: bytes = codes(0x1301, 0xC02F),
    version: int = 0x0303,
    session: bytes = b"",
    compression: bytes = b"\0",
) -> bytes:
    head = codes(version) + b"r" * 32 + vector(1, session) + vector(2, ciphers) + vector(1, compression)
    if extensions is None:
        return head
    return head + vector(2, b"".join(codes(kind) + vector(2, data) for kind, data in extensions))


def records(message: bytes, size: int = 16384) -> bytes:
    handshake = b"\x01" + vector(3, message)
    return b"".join(
        b"\x16\x03\x01" + vector(2, handshake[start : start + size]) for start in range(0, len(handshake), size)
    )


def server_name(name: bytes) -> bytes:
    return vector(2, b"\0" + vector(2, name))


FULL = body(
    [
        (0x0A0A, b""),
        (0, server_name(b"API.Example.")),
        (16, vector(2, vector(1, b"h2") + vector(1, b"http/1.1"))),
        (13, vector(2, codes(0x0403, 0x0804))),
        (43, vector(1, codes(0x0304, 0x0303))),
        (10, vector(2, codes(29, 23))),
        (0xFF01, b"\0"),
    ],
    session=b"s" * 32,
)
PARSED = ClientHello(
    legacy_version=0x0303,
    cipher_suites=(0x1301, 0xC02F),
    extensions=(0x0A0A, 0, 16, 13, 43, 10, 0xFF01),
    server_name="api.example",
    alpn=(b"h2", b"http/1.1"),
    signature_algorithms=(0x0403, 0x0804),
    supported_versions=(0x0304, 0x0303),
    groups=(29, 23),
)


def test_all_fields_are_read_in_the_order_sent():
    assert ClientHelloReader().feed(records(FULL)) == PARSED


@given(st.integers(1, 400), st.lists(st.integers(1, 50), min_size=1))
def test_records_and_reads_of_any_size_give_the_same(record, steps):
    wire = records(FULL, record)
    reader = ClientHelloReader()
    position, step, hello = 0, 0, None
    while hello is None:
        size = steps[step % len(steps)]
        hello = reader.feed(wire[position : position + size])
        position, step = position + size, step + 1
    assert hello == PARSED
    assert position >= len(wire)
    assert reader.received == wire


def test_what_follows_in_the_same_read_is_kept_for_the_engine():
    reader = ClientHelloReader()
    wire = records(FULL) + b"\x14\x03\x03\x00\x01\x01"
    assert reader.feed(wire) == PARSED
    assert reader.received == wire


def test_a_hello_without_extensions_is_one():
    hello = parse_client_hello(body(version=0x0301))
    assert (hello.legacy_version, hello.extensions, hello.server_name, hello.alpn) == (0x0301, (), None, ())


def test_python_s_own_is_read():
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # the default depends on who built Python
    context.set_alpn_protocols(["http/1.1"])
    outgoing = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="www.example").do_handshake()
    hello = ClientHelloReader().feed(outgoing.read())
    assert hello is not None
    assert (hello.server_name, hello.alpn, hello.supported_versions) == ("www.example", (b"http/1.1",), (0x304, 0x303))
    assert {0x1301, 0x1302, 0x1303} < set(hello.cipher_suites)
    assert {0, 10, 13, 16, 43, 51} < set(hello.extensions)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        FULL[:1],
        FULL[:-1],
        FULL + b"\0",
        body(session=b"s" * 33),
        body(ciphers=b""),
        body(ciphers=b"\x13"),
        body(compression=b"\1"),
        body(compression=b""),
        body(version=0x0200),
        body([(10, vector(2, codes(29))), (10, vector(2, codes(29)))]),
        body([(10, vector(2, b""))]),
        body([(10, vector(2, b"\0"))]),
        body([(10, vector(2, codes(29)) + b"\0")]),
        body([(13, b"")]),
        body([(43, b"\0")]),
        body([(16, vector(2, b""))]),
        body([(16, vector(2, b"\0"))]),
        body([(16, vector(2, b"\5h2"))]),
        body([(0, b"")]),
        body([(0, server_name(b""))]),
        body([(0, server_name(b"a" * 256))]),
        body([(0, server_name(b"a\0.example"))]),
        body([(0, server_name("bücher.example".encode()))]),
        body([(0, vector(2, b"\1" + vector(2, b"x")))]),
        body([(0, vector(2, b"\0" + vector(2, b"x") + b"\0" + vector(2, b"y")))]),
    ],
)
def test_malformed_messages_are_refused(message):
    with pytest.raises(ClientHelloError) as caught:
        parse_client_hello(message)
    assert caught.value.reason == "malformed"
    assert caught.value.alert in {47, 50, 70}


@pytest.mark.parametrize(
    ("wire", "reason"),
    [
        (b"GET / HTTP/1.1\r\n", "plain_text"),
        (b"\x80", "malformed"),
        (b"\x15", "malformed"),
        (b"\x16\x02", "malformed"),
        (b"\x16\x03\x01\x00\x00", "malformed"),
        (b"\x16\x03\x01\x40\x01", "malformed"),
        (b"\x16\x03\x01\x00\x01\x02", "malformed"),
        (b"\x16\x03\x01\x00\x01\x01\x17", "malformed"),
        (b"\x16\x03\x01\x00\x04\x01\x01\x00\x00", "too_large"),
    ],
)
def test_what_is_not_a_client_hello_is_refused_as_early_as_possible(wire, reason):
    reader = ClientHelloReader()
    for byte in wire[:-1]:
        if reason != "plain_text":
            assert reader.feed(bytes((byte,))) is None
    with pytest.raises(ClientHelloError) as caught:
        reader.feed(wire if reason == "plain_text" else wire[-1:])
    assert caught.value.reason == reason


def test_many_tiny_records_are_bounded():
    reader = ClientHelloReader()
    size = 60_000
    start = b"\x16\x03\x01\x00\x04\x01" + size.to_bytes(3, "big")
    assert reader.feed(start) is None
    tiny = b"\x16\x03\x01\x00\x01\x00"
    for _ in range((MAX_CLIENT_HELLO - len(start)) // len(tiny)):
        assert reader.feed(tiny) is None
    with pytest.raises(ClientHelloError) as caught:
        reader.feed(tiny)
    assert caught.value.reason == "too_large"


@given(st.binary(max_size=300))
def test_any_bytes_as_a_message_raise_nothing_else(data):
    with contextlib.suppress(ClientHelloError):
        assert isinstance(parse_client_hello(data), ClientHello)


@given(st.integers(0, len(FULL) - 1), st.integers(0, 255), st.integers(0, len(FULL)))
def test_any_damage_raises_nothing_else(index, value, length):
    damaged = bytearray(FULL)
    damaged[index] = value
    with contextlib.suppress(ClientHelloError):
        assert isinstance(parse_client_hello(bytes(damaged[:length])), ClientHello)


@given(st.lists(st.binary(max_size=50), max_size=20), st.booleans())
def test_any_bytes_on_the_wire_raise_nothing_else(pieces, valid_start):
    reader = ClientHelloReader()
    with contextlib.suppress(ClientHelloError):
        reader.feed(records(FULL)[:60] if valid_start else b"")
        for piece in pieces:
            if reader.feed(piece) is not None:
                break
