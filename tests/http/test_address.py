from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bartizan.http.address import parse_address, parse_node

ADDRESSES = st.ip_addresses()
PORTS = st.integers(0, 65535)
ALMOST = st.text("0123456789abcdefABCDEFx.:%/[] \t-+", max_size=48)


def without_mapping(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped


@given(ADDRESSES, st.booleans())
@example(ip_address("::ffff:192.0.2.7"), False)
@example(ip_address("::"), True)
def test_every_address_is_read_in_any_form(address: IPv4Address | IPv6Address, exploded: bool) -> None:
    expected = without_mapping(address)
    parsed = parse_address(address.exploded.upper() if exploded else str(address))
    assert (parsed.version, parsed.number) == (expected.version, int(expected))
    assert ip_address(parsed.address) == expected
    assert parse_address(parsed.address) == parsed


@given(ALMOST)
@example("1.2.3.4%eth0")
@example("::1%1")
def test_what_is_taken_is_what_ipaddress_takes_without_zones(text: str) -> None:
    try:
        expected: IPv4Address | IPv6Address | None = ip_address(text)
    except ValueError:
        expected = None
    if expected is None or "%" in text:
        with pytest.raises(ValueError, match="not an address"):
            parse_address(text)
    else:
        parsed = parse_address(text)
        assert (parsed.version, parsed.number) == (without_mapping(expected).version, int(without_mapping(expected)))


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "1", "1.2.3", "0x7f.0.0.1", "0177.0.0.1", "01.2.3.4", "1.2.3.4.", "1.2.3.256", " 1.2.3.4", "1.2.3.4\n",
        "1.2.3.4\0", "fe80::1%eth0", "[::1]", "1.2.3.4:80", "::1::", ":::", "1:2:3:4:5:6:7", "12345::", "::ffff:1.2.3",
        "localhost", "unknown", "_hidden", "1.2.3.\u0664", "::" + "0" * 60,
    ],
)  # fmt: skip
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        parse_address(text)


def test_a_mapped_address_is_the_ipv4_address() -> None:
    assert parse_address("::FFFF:c000:0207") == parse_address("192.0.2.7")


@given(ADDRESSES, PORTS)
def test_nodes_may_have_a_port(address: IPv4Address | IPv6Address, port: int) -> None:
    parsed = parse_address(str(address))
    assert parse_node(str(address)) == parsed
    if address.version == 4:
        assert parse_node(f"{address}:{port}") == parsed
    else:
        assert parse_node(f"[{address}]") == parsed
        assert parse_node(f"[{address}]:{port}") == parsed


@pytest.mark.parametrize(
    "text",
    [
        "", ":80", "192.0.2.7:", "192.0.2.7:x", "192.0.2.7:65536", "192.0.2.7:+80", "192.0.2.7:123456", "[192.0.2.7]",
        "[::1", "::1]", "[::1]80", "[::1]:", "[::1]:65536", "[::1]:8:0", "[]", "[]:80", "unknown", "_secret",
        "192.0.2.7:8\u0660", '"192.0.2.7"', "fe80::1%eth0", "[fe80::1%eth0]:80",
    ],
)  # fmt: skip
def test_other_nodes_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        parse_node(text)


@given(st.text(max_size=100) | ALMOST)
def test_no_text_raises_anything_else(text: str) -> None:
    for parse in (parse_address, parse_node):
        try:
            parse(text)
        except ValueError:
            continue
