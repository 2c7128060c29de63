from __future__ import annotations

import io
from ipaddress import IPv6Network, ip_network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bartizan.perimeter.denylist import lists
from bartizan.perimeter.denylist.lists import (
    ListTooLong,
    Network,
    Networks,
    Source,
    format_network,
    parse_network,
    pieces,
    read_lines,
)

ALMOST = st.text("0123456789abcdefx.:%/ -+", max_size=24)
MAPPED = ip_network("::ffff:0:0/96")


@st.composite
def networks(draw: st.DrawFn) -> str:
    bits = draw(st.sampled_from((32, 128)))
    length = draw(st.integers(0, bits))
    first = draw(st.integers(0, 2**length - 1)) << (bits - length)
    return str(ip_network((first, length)))


def as_ipaddress_reads(text: str) -> Network | None:
    address, slash, suffix = text.partition("/")
    strict = "%" not in address and (not slash or (suffix.isdecimal() and suffix == str(int(suffix))))
    try:
        network = ip_network(text) if strict else None
    except ValueError:
        network = None
    if network is None:
        return None
    first = int(network.network_address)
    if isinstance(network, IPv6Network) and network.subnet_of(MAPPED):  # type: ignore[arg-type]
        return Network(4, first & 0xFFFFFFFF, network.prefixlen - 96)
    return Network(network.version, first, network.prefixlen)


@given(networks() | ALMOST)
@example("::ffff:192.0.2.0/120")
@example("::ffff:0:0/95")
@example("::fffe:0:0/95")
@example("10.0.0.0/08")
@example("10.0.0.0/")
@example("10.0.0.1/8")
@example("10.0.0.0/255.0.0.0")
@example("fe80::%1/64")
def test_reads_what_ipaddress_reads_but_netmasks_and_zones(text: str) -> None:
    expected = as_ipaddress_reads(text)
    if expected is None:
        with pytest.raises(ValueError, match=r".+"):
            parse_network(text)
    else:
        assert parse_network(text) == expected


@given(st.lists(networks() | ALMOST.filter(lambda text: text.strip() == text != "" and "#" not in text)))
def test_the_fast_way_reads_as_the_careful_one(texts: list[str]) -> None:
    fast, careful = Networks(), Networks()
    for read in (fast, careful):
        read.begin(Source("list"))
    read_lines(fast, texts, 1)
    read_lines(careful, [f" {text} # careful" for text in texts], 1)
    assert (fast.v4, fast.v6, fast.count) == (careful.v4, careful.v6, careful.count)
    assert fast.rejected == careful.rejected
    assert fast.count + fast.rejected_count == len(texts)


@given(networks())
def test_text_is_canonical_and_reads_back(text: str) -> None:
    network = parse_network(text)
    assert parse_network(format_network(*network)) == network
    if network.version == ip_network(text).version and not ip_network(text).network_address.is_reserved:
        assert str(network) == text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("2001:DB8:0::/48", "2001:db8::/48"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ("::ffff:c000:200/120", "192.0.2.0/24"),
        ("::/0", "::/0"),
    ],
)
def test_a_network_has_one_text(text: str, canonical: str) -> None:
    assert str(parse_network(text)) == canonical


def test_host_bits_are_told_with_the_network_that_is_meant() -> None:
    with pytest.raises(ValueError, match=r"would be 192\.0\.2\.0/24"):
        parse_network("192.0.2.7/24")


def test_comments_blanks_and_empty_lines_are_skipped() -> None:
    read = Networks()
    read.begin(Source("list"))
    lines = ["# head", "", "  192.0.2.7\t", "198.51.100.0/24 ; SBL1", "2001:db8::/32#x", ";", " ; # ", "192.0.2.9 # é"]
    read_lines(read, lines, 1)
    assert read.rejected_count == 0
    assert [key & 0xFFFFFFFF for key in read.v4] == [3, 4, 8]
    assert [key & 0xFFFFFFFF for key in read.v6] == [5]


def test_bad_lines_are_set_aside_counted_and_the_first_ones_told() -> None:
    read = Networks()
    read.begin(Source("bad.txt", path="bad.txt"))
    read_lines(read, ["<html>\x1b[31m", "10.0.0.0/33", "192.0.2.7", *["x"] * 50, "1" * 5000], 1)
    assert read.count == 1
    assert read.rejected_count == 53
    assert len(read.rejected) == lists.MAX_REPORTED
    assert str(read.rejected[0]) == "bad.txt:1: <html>\N{REPLACEMENT CHARACTER}[31m: not an address or network"
    assert "0 to 32" in read.rejected[1].reason


def test_long_lines_are_not_parsed() -> None:
    read = Networks()
    read.begin(Source("list"))
    read_lines(read, ["192.0.2.7 #" + "x" * lists.MAX_LINE], 1)
    assert (read.count, read.rejected[0].reason) == (0, f"longer than {lists.MAX_LINE} characters")


def test_a_set_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "MAX_NETWORKS", 2)
    read = Networks()
    read.begin(Source("list"))
    with pytest.raises(ListTooLong, match="more than 2 networks"):
        read_lines(read, ["192.0.2.7"] * 3, 1)


@given(st.lists(st.binary(max_size=9).filter(lambda line: b"\n" not in line)), st.booleans(), st.integers(1, 12))
def test_pieces_have_whole_lines(parts: list[bytes], ended: bool, size: int) -> None:
    data = b"\n".join(parts) + b"\n" * ended
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lists, "_PIECE", size)
        found = [line for piece in pieces(io.BytesIO(data)) for line in piece.split(b"\n")]
    assert found == (data.removesuffix(b"\n").split(b"\n") if data else [])


def test_a_file_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "MAX_FILE_BYTES", 2**20)
    with pytest.raises(ListTooLong, match="larger than 1 MiB"):
        list(pieces(io.BytesIO(b"x" * (2**20 + 1))))
