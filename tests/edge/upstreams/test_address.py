from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.edge.upstreams.address import parse_address


@pytest.mark.parametrize(
    ("text", "endpoint", "host"),
    [
        ("10.0.0.7:8080", ("10.0.0.7", 8080), "10.0.0.7"),
        ("[2001:db8::7]:443", ("2001:db8::7", 443), "2001:db8::7"),
        ("[2001:DB8:0::7]:443", ("2001:db8::7", 443), "2001:db8::7"),
        ("unix:/run/api.sock", "/run/api.sock", ""),
        ("api.example.org:80", None, "api.example.org"),
        ("api_1:80", None, "api_1"),
        ("x:1", None, "x"),
        ("example.org.:80", None, "example.org."),
    ],
)
def test_good_addresses_are_taken_apart(text: str, endpoint: object, host: str) -> None:
    address = parse_address(text)
    assert (address.endpoint, address.host) == (endpoint, host)


@pytest.mark.parametrize(
    "text",
    [
        "", ":", "api", "api:", "api:0", "api:65536", "api:000080", "api:8 0", "api:٣", "api:-1", ":80", "api:80\n",
        "2001:db8::7:80", "[2001:db8::7]", "[::g]:80", "[10.0.0.1]:80", "256.0.0.1:80", "127.1:80", "api.7:80",
        "0x7f.0:80", "-api:80", "api-:80", "a..b:80", "a b:80", "a/b:80", "user@api:80", "ä:80", f"{'a' * 254}:80",
        "unix:", "unix:run/api", "unix:/a\0b", "unix:/" + "a" * 107,
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_address(text)


@given(st.text(max_size=40))
def test_any_text_is_either_an_address_or_a_value_error(text: str) -> None:
    try:
        address = parse_address(text)
    except ValueError:
        return
    assert address.path is not None or (address.host and 1 <= address.port <= 65535)


@pytest.mark.parametrize(
    ("text", "default", "authority"),
    [
        ("api:80", 80, b"api"),
        ("api:80", 443, b"api:80"),
        ("[2001:db8::7]:443", 443, b"[2001:db8::7]"),
        ("[2001:db8::7]:80", 443, b"[2001:db8::7]:80"),
        ("unix:/run/api.sock", 80, b"localhost"),
    ],
)
def test_the_authority_leaves_out_a_default_port(text: str, default: int, authority: bytes) -> None:
    assert parse_address(text).authority(default) == authority
