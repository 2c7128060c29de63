from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.config.forms import (
    Fault,
    address_fault,
    authority_fault,
    header_name_fault,
    header_value_fault,
    host_fault,
    host_pattern_fault,
    parameters_of,
    path_fault,
    path_pattern_fault,
)
from bartizan.edge.upstreams.address import parse_address
from bartizan.http.target import parse_host, parse_target


@pytest.mark.parametrize(
    "text", ["a:1", "10.0.0.7:65535", "[2001:db8::7]:443", "unix:/run/a.sock", "a_b.c-d.internal:80"]
)
def test_addresses_to_connect_to(text: str) -> None:
    assert address_fault(text, listen=False) is None
    parse_address(text)  # what uses them agrees


@pytest.mark.parametrize(
    "text", ["", "a", "a:", "a:0", "a:65536", ":80", "::1:80", "[::1]", "[fe80::1%eth0]:1", "1.2.3:1", "a..b:1", "a:+1",
             "unix:", "unix:a", "unix:/" + "x" * 107, "http://a:1", "a b:1", "-a:1", "a:1\n", "a:\u0661"],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    assert address_fault(text, listen=False) is not None


def test_any_host_and_any_port_are_for_listening() -> None:
    assert address_fault(":0", listen=True) is None
    assert address_fault("[::]:8080", listen=True) is None


@given(st.text("ab1.:-[]_/unix", max_size=12))
def test_no_address_is_accepted_that_the_edge_does_not_read(text: str) -> None:
    if address_fault(text, listen=False) is None:
        parse_address(text)


@pytest.mark.parametrize("text", ["example.org", "*.example.org", "A.Example", "localhost", "192.0.2.1", "2001:db8::1"])
def test_host_patterns(text: str) -> None:
    assert host_pattern_fault(text) is None


@given(st.from_regex(r"[a-z0-9_.:-]{1,12}", fullmatch=True))
def test_hosts_are_such_that_a_request_can_have(text: str) -> None:
    if host_pattern_fault(text) is None:
        assert parse_host((f"[{text}]" if ":" in text else text).encode()).host == text


def test_punycode_is_suggested_for_other_scripts() -> None:
    assert host_fault("bücher.example") == ("is not a host name", "write it as xn--bcher-kva.example")
    assert host_fault("ü" * 300) == ("is not a host name", "write api.example.org")


@pytest.mark.parametrize("text", ["a", "a:80", "[::1]", "[::1]:80", "10.0.0.1:1"])
def test_authorities(text: str) -> None:
    assert authority_fault(text) is None


@pytest.mark.parametrize("text", ["", "a:0", "::1", "a/b", "a:b", "[::1]:", "[::1"])
def test_what_is_no_authority(text: str) -> None:
    assert authority_fault(text) is not None


@pytest.mark.parametrize("text", ["/", "/*", "/a", "/a/", "/a/*", "/{id}", "/a/{id}/b/{_n}/*", "/a;v=1,2", "/%C3%A9"])
def test_path_patterns(text: str) -> None:
    assert path_pattern_fault(text) is None


@given(st.from_regex(r"/[a-z./%0-9;~A-F]{0,10}", fullmatch=True))
def test_an_exact_path_is_one_that_a_request_can_have(text: str) -> None:
    if path_pattern_fault(text) is None:
        assert parse_target(text.encode(), "GET", escaped_slashes="keep").path == text


def test_parameters_are_found_by_name() -> None:
    assert parameters_of("/a/{id}/{x_1}/{}/*") == ["id", "x_1"]


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (path_fault, "/a b"), (path_fault, "/é"), (path_fault, "/%"), (path_fault, "/%zz"), (path_fault, "/%0a"),
        (header_name_fault, ""), (header_name_fault, "a:"), (header_name_fault, "a b"), (header_name_fault, "x" * 257),
        (header_value_fault, "a\r\nb"), (header_value_fault, "\0"), (header_value_fault, "€"),
        (header_value_fault, "a "),
        (path_pattern_fault, "/" + "x" * 4096), (path_pattern_fault, "*"), (path_pattern_fault, ""),
    ],
)  # fmt: skip
def test_what_does_not_have_its_form(check: Callable[[str], Fault], text: str) -> None:
    assert check(text) is not None


@given(st.text(max_size=30))
def test_every_header_value_that_is_accepted_can_be_sent(text: str) -> None:
    if header_value_fault(text) is None:
        assert not set(text.encode("latin-1")) & set(b"\r\n\0")
