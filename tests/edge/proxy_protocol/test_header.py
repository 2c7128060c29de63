"""PROXY protocol headers: what is one, what is not yet one, and what never will be."""

from __future__ import annotations

import contextlib
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.edge.proxy_protocol.header import (
    MAX_HEADER,
    ProxyHeader,
    ProxyProtocolError,
    crc32c,
    parse_proxy_header,
)

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
V4 = socket.inet_aton("192.0.2.7") + socket.inet_aton("198.51.100.1") + struct.pack(">HH", 51234, 443)
V6 = (
    socket.inet_pton(socket.AF_INET6, "2001:db8::7")
    + socket.inet_pton(socket.AF_INET6, "2001:db8::1")
    + struct.pack(">HH", 51234, 443)
)
UNIX = b"/run/client".ljust(108, b"\0") + b"\0abstract".ljust(108, b"\0")


def v2(payload: bytes = V4, family: int = 0x11, command: int = 0x21) -> bytes:
    return SIGNATURE + struct.pack(">BBH", command, family, len(payload)) + payload


def tlv(kind: int, value: bytes) -> bytes:
    return struct.pack(">BH", kind, len(value)) + value


def with_checksum(payload: bytes, damage: int = 0) -> bytes:
    blank = v2(payload + tlv(3, b"\0\0\0\0"))
    return v2(payload + tlv(3, struct.pack(">I", crc32c(blank) ^ damage)))


@pytest.mark.parametrize(
    ("header", "source", "destination"),
    [
        (b"PROXY TCP4 192.0.2.7 198.51.100.1 51234 443\r\n", ("192.0.2.7", 51234), ("198.51.100.1", 443)),
        (
            b"PROXY TCP6 2001:DB8:0::7 2001:db8::1 0 65535\r\n",
            ("2001:db8::7", 0),
            ("2001:db8::1", 65535),
        ),
        (b"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", *[("255.255.255.255", 65535)] * 2),
        (b"PROXY UNKNOWN\r\n", None, None),
        (b"PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n", None, None),
        (v2(), ("192.0.2.7", 51234), ("198.51.100.1", 443)),
        (v2(V6, 0x21), ("2001:db8::7", 51234), ("2001:db8::1", 443)),
        (v2(UNIX, 0x31), "/run/client", "@abstract"),
        (v2(V4 + tlv(4, b"\0" * 20) + tlv(0xEA, b"vpce-1")), ("192.0.2.7", 51234), ("198.51.100.1", 443)),
        (with_checksum(V4 + tlv(1, b"h2")), ("192.0.2.7", 51234), ("198.51.100.1", 443)),
        (v2(b"", 0x00), None, None),
        (v2(b"whatever", 0x00), None, None),
        (v2(b"", 0x00, command=0x20), None, None),
        (v2(V4, 0x11, command=0x20), None, None),
    ],
)
def test_headers(header, source, destination):
    expected = ProxyHeader(len(header), source, destination)
    assert parse_proxy_header(header + b"GET / HTTP/1.1\r\n") == expected
    assert parse_proxy_header(header) == expected
    for end in range(1, len(header)):
        assert parse_proxy_header(header[:end]) is None


@pytest.mark.parametrize(
    "data",
    [
        b"G",
        b"GET / HTTP/1.1\r\n",
        b"PROXX",
        b"proxy TCP4 192.0.2.7 198.51.100.1 51234 443\r\n",
        b"PROXY \r\n",
        b"PROXY TCP5 192.0.2.7 198.51.100.1 51234 443\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 51234\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 51234 443 \r\n",
        b"PROXY TCP4  192.0.2.7 198.51.100.1 51234 443\r\n",
        b"PROXY TCP4 192.0.2.7\t198.51.100.1 51234 443\r\n",
        b"PROXY TCP4 192.0.2.07 198.51.100.1 51234 443\r\n",
        b"PROXY TCP4 192.0.2.256 198.51.100.1 51234 443\r\n",
        b"PROXY TCP4 2001:db8::7 2001:db8::1 51234 443\r\n",
        b"PROXY TCP6 192.0.2.7 198.51.100.1 51234 443\r\n",
        b"PROXY TCP6 fe80::1%eth0 2001:db8::1 51234 443\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 65536 443\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 051 443\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 +51 443\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 -1 443\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 \N{ARABIC-INDIC DIGIT FIVE} 443\r\n".encode(),
        b"PROXY UNKNOWN" + b"x" * 200 + b"\r\n",
        b"PROXY TCP4 " + b"1" * 100,
        SIGNATURE[:-1] + b"\r",
        v2(command=0x11),
        v2(command=0x22),
        v2(family=0x41),
        v2(family=0x13),
        v2(family=0x12),
        v2(V4[:-1]),
        v2(V4, 0x21),
        v2(V4 + b"\1"),
        v2(V4 + b"\1\0"),
        v2(V4 + b"\1\0\5abcd"),
        v2(V4 + tlv(3, b"abc")),
        with_checksum(V4, damage=1),
        SIGNATURE + struct.pack(">BBH", 0x21, 0x11, MAX_HEADER - 15),
    ],
)
def test_everything_else_is_refused(data):
    with pytest.raises(ProxyProtocolError):
        parse_proxy_header(data)


def test_only_the_configured_version_is_accepted():
    v1 = b"PROXY UNKNOWN\r\n"
    assert parse_proxy_header(v1, "v1")
    assert parse_proxy_header(v2(), "v2")
    for header, version in ((v1, "v2"), (v2(), "v1"), (v1[:1], "v2"), (v2()[:1], "v1")):
        with pytest.raises(ProxyProtocolError, match=version):
            parse_proxy_header(header, version)


def test_the_largest_header_is_read():
    filler = tlv(4, b"\0" * (MAX_HEADER - 16 - len(V4) - 3))
    header = v2(V4 + filler)
    assert len(header) == MAX_HEADER
    assert parse_proxy_header(header).length == MAX_HEADER


def test_crc32c_check_value():
    assert crc32c(b"123456789") == 0xE3069283


@given(
    st.one_of(
        st.binary(max_size=200),
        st.binary(max_size=200).map(lambda rest: SIGNATURE + rest),
        st.binary(max_size=120).map(lambda rest: b"PROXY " + rest),
        st.tuples(st.binary(max_size=60), st.sampled_from([0x11, 0x21, 0x31, 0])).map(lambda pair: v2(*pair)),
    )
)
def test_any_bytes_raise_nothing_else_and_headers_do_not_reach_past_the_data(data):
    with contextlib.suppress(ProxyProtocolError):
        header = parse_proxy_header(data)
        assert header is None or 0 < header.length <= len(data)
