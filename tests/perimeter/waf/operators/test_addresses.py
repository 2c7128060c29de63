from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.perimeter.waf.operators.reference import check

from bartizan.perimeter.waf.operators import Context, OperatorError
from bartizan.perimeter.waf.operators.addresses import ip_match, ip_match_from_file

_V4 = st.tuples(st.integers(0, 3), st.integers(0, 3)).map(lambda pair: f"10.0.{pair[0]}.{pair[1]}")
_V6 = st.integers(0, 5).map(lambda number: f"2001:db8::{number:x}")
_ADDRESSES = st.one_of(_V4, _V6)
_OTHERS = st.text(alphabet="01.:/ \0fx", max_size=9)
_NETWORKS = st.one_of(
    st.tuples(_V4, st.integers(1, 32)).map(lambda pair: f"{pair[0]}/{pair[1]}"),
    st.tuples(_V6, st.integers(1, 127)).map(lambda pair: f"{pair[0]}/{pair[1]}"),
)


@given(st.lists(_ADDRESSES, min_size=1, max_size=4), st.lists(st.one_of(_ADDRESSES, _OTHERS)))
def test_lists_of_addresses_agree_with_the_reference(listed: list[str], values: list[str]) -> None:
    check("ipMatch", ",".join(listed).encode(), [value.encode() for value in [*values, *listed]])


@given(_NETWORKS, st.lists(_ADDRESSES))
def test_a_network_holds_what_it_says(network: str, values: list[str]) -> None:
    operator = ip_match(network.encode(), Context())
    held = ip_network(network, strict=False)
    for value in values:
        assert (operator(value.encode()) is not None) == (ip_address(value) in held)


@given(st.lists(st.one_of(_NETWORKS, _ADDRESSES), min_size=1), st.lists(_ADDRESSES))
def test_a_list_holds_what_one_of_its_parts_holds(listed: list[str], values: list[str]) -> None:
    operator = ip_match(",".join(listed).encode(), Context())
    parts = [ip_match(part.encode(), Context()) for part in listed]
    for value in map(str.encode, values):
        assert (operator(value) is not None) == any(part(value) is not None for part in parts)


@pytest.mark.parametrize(
    "argument", [b"x", b"10.0.0", b"10.0.0.1/33", b"10.0.0.1/", b"10.0.0.1/a", b"::1/129", b"1::/255.0"]
)
def test_what_is_no_address_is_told(argument: bytes) -> None:
    with pytest.raises(OperatorError, match="is no IP address"):
        ip_match(argument, Context())


@pytest.mark.parametrize(("argument", "value"), [(b"0.0.0.0/0", b"192.0.2.1"), (b"::/0", b"::1"), (b"::1/128", b"::1")])
def test_all_prefix_lengths_are_taken(argument: bytes, value: bytes) -> None:
    assert ip_match(argument, Context())(value) == ()


def test_a_file_may_have_comments_and_several_addresses_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(b"# all\n192.0.2.1 # one\r\n\n2001:db8::/32, 198.51.100.0/24\n")
    operator = ip_match_from_file(b"list", Context(tmp_path))
    assert operator(b"192.0.2.1") == ()
    assert operator(b"198.51.100.77") == ()
    assert operator(b"2001:db8::9") == ()
    assert operator(b"192.0.2.2") is None


def test_a_list_is_not_fetched() -> None:
    with pytest.raises(OperatorError, match="over the network"):
        ip_match_from_file(b"https://example.com/list", Context())
