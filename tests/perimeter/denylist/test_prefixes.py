from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.perimeter.denylist import Match, PrefixSet
from bartizan.perimeter.denylist.lists import parse_network

IPv4, IPv6 = 4, 6


@st.composite
def crowded(draw: st.DrawFn) -> str:
    """Networks that touch, contain and equal each other; IPv6 ones also in the same upper 64 bits."""
    bits = draw(st.sampled_from((32, 128)))
    length = draw(st.integers(0, bits) | st.integers(bits - 6, bits) | st.integers(58, 70).filter(lambda n: n <= bits))
    top = draw(st.sampled_from((0, 1, 2**bits - 1, 0x20010DB8 << (bits - 32))))
    number = top ^ draw(st.integers(0, 63)) ^ (draw(st.integers(0, 3)) << (bits // 2))
    return str(ip_network(((number >> (bits - length)) << (bits - length), length)))


def holds(texts: list[str], version: int, number: int) -> set[str]:
    """What contains an address, by the meaning of a network."""
    found = set()
    for text in texts:
        network = parse_network(text)
        width = 32 if network.version == IPv4 else 128
        if network.version == version and number >> (width - network.length) == network.first >> (
            width - network.length
        ):
            found.add(str(network))
    return found


def edges(texts: list[str]) -> list[tuple[int, int]]:
    """The addresses where something may change: first and last of every network, and their neighbours."""
    found = []
    for text in texts:
        network = parse_network(text)
        width = 32 if network.version == IPv4 else 128
        last = network.first | ((1 << (width - network.length)) - 1)
        numbers = {network.first - 1, network.first, last, last + 1, 0, 2**width - 1}
        found += [(network.version, number) for number in numbers if 0 <= number < 2**width]
    return found


@given(st.lists(crowded(), max_size=40), st.lists(st.ip_addresses()))
def test_matches_what_some_network_contains(texts: list[str], others: list[object]) -> None:
    prefixes = PrefixSet.of(texts)
    assert len(prefixes) == len(texts)
    some = [(address.version, int(address)) for address in map(ip_address, others)]  # type: ignore[arg-type]
    for version, number in edges(texts) + some:
        containing = holds(texts, version, number)
        assert prefixes.match(version, number) == bool(containing)
        match = prefixes.find(version, number)
        if not containing:
            assert match is None
        else:
            assert match is not None
            widest = min(containing, key=lambda text: parse_network(text).length)
            assert match == Match(widest, "the configuration", 0)


def test_many_rows_share_the_work_of_the_index() -> None:
    texts = [f"{a}.{b}.{c}.0/25" for a in (1, 2, 127, 128, 255) for b in range(0, 256, 5) for c in range(0, 256, 3)]
    prefixes = PrefixSet.of(texts)
    for text in texts[::97]:
        first = int(ip_network(text).network_address)
        assert prefixes.match(IPv4, first)
        assert prefixes.match(IPv4, first + 127)
        assert not prefixes.match(IPv4, first + 128)
        assert not prefixes.match(IPv4, first - 1)


def test_hosts_of_one_ipv6_network_are_told_apart() -> None:
    hosts = [f"2001:db8::{number:x}" for number in range(0, 5000, 2)]
    prefixes = PrefixSet.of([*hosts, "2001:db8:0:1::/64", "2001:db7::/32"])
    base = int(ip_address("2001:db8::"))
    assert all(prefixes.match(IPv6, base + number) == (number % 2 == 0) for number in range(4999))
    assert not prefixes.match(IPv6, base - 1 + (1 << 64))
    assert prefixes.match(IPv6, base + (1 << 64))
    assert prefixes.match(IPv6, base - (1 << 90))


def test_the_empty_set_and_clients_without_an_address_never_match() -> None:
    for prefixes in (PrefixSet.of([]), PrefixSet.of(["0.0.0.0/0", "::/0"])):
        assert not prefixes.match(0, 0)
        assert prefixes.find(0, 0) is None
    assert not PrefixSet.of([]).match(IPv4, 1)
    assert not PrefixSet.of([]).match(IPv6, 1)


def test_a_mapped_network_is_the_ipv4_network() -> None:
    prefixes = PrefixSet.of(["::ffff:192.0.2.0/120"])
    assert prefixes.find(IPv4, int(ip_address("192.0.2.7"))) == Match("192.0.2.0/24", "the configuration", 0)


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(ValueError, match="nonsense: not an address or network"):
        PrefixSet.of(["192.0.2.7", "nonsense"])
