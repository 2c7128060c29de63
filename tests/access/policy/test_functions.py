"""The functions that CEL has not."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.access.policy.functions import in_cidr, number


@pytest.mark.parametrize(
    ("address", "network", "inside"),
    [
        ("192.0.2.7", "192.0.2.0/24", True),
        ("192.0.3.7", "192.0.2.0/24", False),
        ("192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "0.0.0.0/0", True),
        ("2001:db8::7", "2001:db8::/32", True),
        ("2001:db9::7", "2001:db8::/32", False),
        ("192.0.2.7", "::/0", False),
        ("2001:db8::7", "0.0.0.0/0", False),
        ("::ffff:192.0.2.7", "192.0.2.0/24", True),
    ],
)
def test_an_address_is_in_its_networks(address: str, network: str, inside: bool) -> None:
    assert in_cidr(address, network) is inside


@given(st.ip_addresses(v=4), st.ip_addresses(v=4), st.integers(0, 32))
def test_networks_are_those_of_the_standard_library(address: object, other: object, prefix: int) -> None:
    network = ip_network(f"{other}/{prefix}", strict=False)
    assert in_cidr(str(address), str(network)) is (ip_address(str(address)) in network)


@pytest.mark.parametrize(("address", "network"), [("", "10.0.0.0/8"), ("a", "10.0.0.0/8"), ("10.0.0.1", "10.0.0.1/8")])
def test_what_is_no_address_or_network_has_no_answer(address: str, network: str) -> None:
    with pytest.raises(ValueError, match=r"not an address|not a network"):
        in_cidr(address, network)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3, 3), (2.5, 2.5), ("1000", 1000), ("-7", -7), ("0", 0), ("1000.50", 1000.5), ("0.001", 0.001)],
)
def test_numbers_are_read_from_text_too(value: str | float, expected: float) -> None:
    assert number(value) == expected


@pytest.mark.parametrize(
    "text",
    ["", " 5", "5 ", "+5", "007", "0x10", "1e3", "1,000", "1_000", ".5", "5.", "٣", "NaN", "inf", "true", "9" * 19],
)
def test_what_servers_read_differently_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="not a plain number"):
        number(text)
