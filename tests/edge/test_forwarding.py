from __future__ import annotations

import ipaddress
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.exchange import client_at

from bartizan.edge.forwarding import MAX_HOPS, ForwardingRules
from bartizan.errors import RequestError
from bartizan.http.headers import Headers
from bartizan.http.message import Request
from bartizan.pipeline import Client, Connection, Exchange

ID = "0190f3c2a1b2" + "c3d4e5f60718" + "0000002a"
PROXY, CLIENT = "10.0.0.1", "203.0.113.9"
TRUSTED = ["10.0.0.0/8", "2001:db8:aaaa::/48"]
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
UNIX = Client("", 0, 0, 0)


class Forwarded:
    """What an upstream gets for a request of ``peer``."""

    def __init__(
        self,
        *fields: tuple[str, str],
        peer: str | Client = CLIENT,
        trusted: list[str] = TRUSTED,
        scheme: str = "https",
        local: str = "192.0.2.1:8443",
        authority: str = "api.example.org",
        version: str = "1.1",
        upgrade: bytes | None = None,
    ) -> None:
        rules = ForwardingRules(trusted)
        who = client_at(peer) if isinstance(peer, str) else peer
        host = [("host", authority)] if version == "1.1" else []
        headers = Headers.of([*host, *fields])
        request = Request(
            "GET", b"/", headers, scheme=scheme, authority=authority, host=authority, version=version, upgrade=upgrade
        )
        connection = Connection("main", scheme, who, local)
        client = rules.client_of(who, headers) if rules.trusts(who) else who
        self.exchange = Exchange(ID, request, connection, client, received=0.0, started=0.0)
        self.before = list(headers.items)
        self.fields = rules.connection(connection).apply(request, self.exchange)
        assert headers.items == self.before  # guards and retries see it as it was

    def __getitem__(self, name: str) -> str | None:
        """The value of a field that is there at most once."""
        values = [value.decode("latin-1") for key, value in self.fields if key == name.encode()]
        assert len(values) <= 1
        return values[0] if values else None

    @property
    def names(self) -> list[str]:
        return [name.decode() for name, _ in self.fields]


def told_by_client(*fields: tuple[str, str], peer: str = PROXY) -> str:
    return Forwarded(*fields, peer=peer).exchange.client.address


# what is told of a client that connected itself


def test_a_client_is_described_anew() -> None:
    sent = Forwarded(("accept", "*/*"))
    assert sent.names[0] == "accept"
    assert sent["x-forwarded-for"] == sent["x-real-ip"] == CLIENT
    assert sent["x-forwarded-proto"] == "https"
    assert sent["x-forwarded-host"] == "api.example.org"
    assert sent["x-forwarded-port"] == "8443"
    assert sent["forwarded"] == f'for={CLIENT};proto=https;host="api.example.org"'
    assert sent["x-request-id"] == ID
    assert sent["traceparent"] == f"00-{ID}-{ID[16:]}-01"
    assert "host" not in sent.names


def test_ipv6_is_quoted_where_the_standard_says_so() -> None:
    sent = Forwarded(peer="2001:db8::7", local="2001:db8::1:443", authority="[2001:db8::1]:443")
    assert sent["x-forwarded-for"] == "2001:db8::7"
    assert sent["forwarded"] == 'for="[2001:db8::7]";proto=https;host="[2001:db8::1]:443"'
    assert sent["x-forwarded-port"] == "443"


def test_a_mapped_address_is_told_as_the_ipv4_address_that_it_is() -> None:
    assert Forwarded(peer="::ffff:203.0.113.9")["x-forwarded-for"] == "203.0.113.9"


def test_each_request_of_a_connection_has_its_own_authority() -> None:
    rules = ForwardingRules([])
    connection = Connection("main", "http", client_at(), "192.0.2.1:80")
    forwarding = rules.connection(connection)
    for authority in ("a.example", "b.example", "b.example", ""):
        request = Request("GET", b"/", Headers.of([("host", authority)]), authority=authority)
        exchange = Exchange(ID, request, connection, client_at(), received=0.0, started=0.0)
        fields = dict(forwarding.apply(request, exchange))
        assert fields.get(b"x-forwarded-host", b"").decode() == authority
        assert fields[b"forwarded"].count(b'host="%b"' % authority.encode()) == bool(authority)


def test_a_peer_on_a_unix_socket_has_no_address() -> None:
    sent = Forwarded(peer=UNIX, trusted=[], local="/run/bartizan.sock", scheme="http")
    assert sent["forwarded"] == 'for=unknown;proto=http;host="api.example.org"'
    assert {"x-forwarded-for", "x-real-ip", "x-forwarded-port"}.isdisjoint(sent.names)


def test_a_trusted_peer_on_a_unix_socket_adds_nothing_to_the_list() -> None:
    sent = Forwarded(("x-forwarded-for", CLIENT), peer=UNIX, local="/run/bartizan.sock")
    assert sent["x-forwarded-for"] == sent["x-real-ip"] == sent.exchange.client.address == CLIENT


@pytest.mark.parametrize(
    "name",
    ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "forwarded", "x-real-ip",
     "x-request-id", "x-forwarded-user", "x-forwarded-client-cert", "x-forwarded-anything", "true-client-ip",
     "cf-connecting-ip", "x-client-ip", "x-client-cert", "x-client-cert-chain", "client-cert", "x-ssl-client-verify",
     "ssl-client-cert", "x-original-url", "x-rewrite-url", "x-envoy-external-address", "proxy", "proxy-authorization"],
)  # fmt: skip
def test_no_client_may_claim_anything_about_itself(name: str) -> None:
    sent = Forwarded((name, "forged"), (name, "forged"), ("x-own", "1"))
    assert all(value != b"forged" for _, value in sent.fields)
    assert sent["x-own"] == "1"


@pytest.mark.parametrize("name", ["x-forwarded-client-cert", "client-cert", "x-original-url", "true-client-ip"])
def test_a_trusted_proxy_may(name: str) -> None:
    assert Forwarded((name, "said"), peer=PROXY)[name] == "said"


# what belongs to one connection


@pytest.mark.parametrize(
    "field",
    [("connection", "close"), ("keep-alive", "timeout=5"), ("proxy-connection", "keep-alive"), ("te", "gzip;q=0.5"),
     ("transfer-encoding", "chunked"), ("upgrade", "websocket"), ("content-length", "3"), ("expect", "100-continue"),
     ("proxy-authenticate", "Basic"), ("http2-settings", "AAMAAABk")],
)  # fmt: skip
@pytest.mark.parametrize("peer", [CLIENT, PROXY])
def test_fields_of_the_connection_stay_there(field: tuple[str, str], peer: str) -> None:
    assert field[0] not in Forwarded(field, peer=peer).names


def test_fields_that_connection_names_stay_there_too() -> None:
    options = [("connection", "keep-alive, X-Mine"), ("connection", "x-other,, ,")]
    sent = Forwarded(*options, ("x-mine", "1"), ("x-other", "2"), ("x-kept", "3"))
    assert {"x-mine", "x-other"}.isdisjoint(sent.names)
    assert sent["x-kept"] == "3"


def test_an_http_1_0_request_has_options_too() -> None:
    assert "x-mine" not in Forwarded(("connection", "x-mine"), ("x-mine", "1"), version="1.0").names


@pytest.mark.parametrize("peer", [CLIENT, PROXY])
def test_connection_cannot_take_away_what_we_say(peer: str) -> None:
    named = "x-forwarded-for, x-forwarded-proto, x-forwarded-host, forwarded, x-real-ip, x-request-id, traceparent"
    sent = Forwarded(("connection", named), ("x-forwarded-for", CLIENT), peer=peer)
    assert set(named.split(", ")) <= set(sent.names)
    assert sent["x-forwarded-for"] == (CLIENT if peer == CLIENT else f"{CLIENT}, {PROXY}")


@pytest.mark.parametrize(
    "name", ["authorization", "cookie", "content-type", "content-encoding", "origin", "sec-fetch-site", "if-match"]
)
def test_connection_cannot_take_away_what_guards_have_looked_at(name: str) -> None:
    assert Forwarded(("connection", f"close, {name}"), (name, "v"))[name] == "v"


def test_connection_cannot_take_away_what_a_trusted_proxy_said_of_the_client() -> None:
    fields = [("connection", "x-forwarded-client-cert"), ("x-forwarded-client-cert", "By=a")]
    assert Forwarded(*fields, peer=PROXY)["x-forwarded-client-cert"] == "By=a"


def test_trailers_remain_welcome() -> None:
    sent = Forwarded(("te", "gzip, Trailers"), ("connection", "te"))
    assert (sent["te"], sent["connection"]) == ("trailers", "te")
    assert {"te", "connection"}.isdisjoint(Forwarded(("te", "trailers"), upgrade=b"websocket").names)


def test_many_odd_names_do_not_change_what_is_dropped() -> None:
    rules = ForwardingRules([])
    connection = Connection("main", "http", client_at(), "192.0.2.1:80")
    forwarding = rules.connection(connection)
    for number in range(3000):
        fields = [("host", "a"), (f"x-forwarded-{number}", "1"), (f"x-{number}", "2"), (f"x-{'y' * number}", "3")]
        request = Request("GET", b"/", Headers.of(fields), authority="a")
        exchange = Exchange(ID, request, connection, client_at(), received=0.0, started=0.0)
        assert [value for _, value in forwarding.apply(request, exchange)[:2]] == [b"2", b"3"]


# who the client is


def test_nobody_is_believed_where_nobody_is_trusted() -> None:
    rules = ForwardingRules([])
    assert not any(rules.trusts(client) for client in (client_at("10.0.0.1"), client_at("::1"), UNIX))


@pytest.mark.parametrize(
    ("address", "trusted"),
    [("10.0.0.0", True), ("10.255.255.255", True), ("11.0.0.0", False), ("9.255.255.255", False), ("10.9.0.1", True),
     ("2001:db8:aaaa::1", True), ("2001:db8:aaab::1", False), ("::a00:1", False), ("::ffff:10.0.0.1", True)],
)  # fmt: skip
def test_peers_in_a_trusted_network_are_trusted(address: str, trusted: bool) -> None:
    assert ForwardingRules([*TRUSTED, "10.9.0.0/16", "192.0.2.7/32"]).trusts(client_at(address)) is trusted


networks = st.lists(st.tuples(st.integers(0, 255), st.integers(24, 32)), max_size=6)


@given(networks, st.integers(0, 255))
def test_a_network_is_found_as_by_trying_all(chosen: list[tuple[int, int]], last: int) -> None:
    cidrs = [str(ipaddress.ip_network((0xC0000200 + number, length), strict=False)) for number, length in chosen]
    address = ipaddress.ip_address(0xC0000200 + last)
    expected = any(address in ipaddress.ip_network(cidr) for cidr in cidrs)
    assert ForwardingRules(cidrs).trusts(client_at(str(address))) is expected


@pytest.mark.parametrize(
    ("value", "client"),
    [
        (CLIENT, CLIENT),
        (f"198.51.100.1, {CLIENT}", CLIENT),  # what lies beyond an address that is not trusted is hearsay
        (f"{CLIENT}, 10.0.0.2, 10.0.0.3", CLIENT),
        (f"{CLIENT}:4711,10.0.0.2", CLIENT),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:DB8::7]:4711", "2001:db8::7"),
        ("::ffff:203.0.113.9", CLIENT),
        ("10.0.0.2, 10.0.0.3", "10.0.0.2"),
        (f"{CLIENT}, unknown", PROXY),
        (f"{CLIENT}, unknown, 10.0.0.2", "10.0.0.2"),
        ("", PROXY),
        (f"{CLIENT},", PROXY),
        ("203.0.113.09", PROXY),
        ("203.0.113", PROXY),
        ("\xa0203.0.113.9", PROXY),
        (f"{CLIENT}, {'9' * 5000}", PROXY),
    ],
)
def test_x_forwarded_for_is_read_from_the_right(value: str, client: str) -> None:
    assert told_by_client(("x-forwarded-for", value)) == client


def test_several_fields_are_one_list() -> None:
    assert told_by_client(("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", f"{CLIENT}, 10.0.0.2")) == CLIENT


def test_at_most_so_many_elements_are_looked_at() -> None:
    far = ", ".join([CLIENT, *["10.0.0.2"] * MAX_HOPS])
    assert told_by_client(("x-forwarded-for", far)) == "10.0.0.2"
    near = ", ".join([CLIENT, *["10.0.0.2"] * (MAX_HOPS - 1)])
    assert told_by_client(("x-forwarded-for", near)) == CLIENT


@pytest.mark.parametrize(
    ("value", "client"),
    [
        (f"for={CLIENT}", CLIENT),
        (f'For="{CLIENT}:80";proto=https;by=10.0.0.1', CLIENT),
        ('for="[2001:db8::7]:4711"', "2001:db8::7"),
        (f"for=198.51.100.1, for={CLIENT}, for=10.0.0.2", CLIENT),
        (f"for={CLIENT}, for=_hidden", PROXY),
        (f"for={CLIENT}, proto=https;by=10.0.0.1", PROXY),  # the proxy said nothing: what a client said is not it
        (f"for={CLIENT};for=198.51.100.1", PROXY),
        (f'for="x, for={CLIENT}', CLIENT),  # a quote of the client's hides nothing of the proxy's
        (f'for="{CLIENT}', PROXY),
        ("for=", PROXY),
        (";;=,", PROXY),
    ],
)
def test_forwarded_is_read_where_there_is_no_x_forwarded_for(value: str, client: str) -> None:
    assert told_by_client(("forwarded", value)) == client


def test_contradicting_claims_are_refused() -> None:
    for told, listed in ((CLIENT, "198.51.100.1"), (f"198.51.100.1, for={CLIENT}", "198.51.100.1")):
        with pytest.raises(RequestError) as caught:
            told_by_client(("forwarded", f"for={told}"), ("x-forwarded-for", listed))
        assert (caught.value.status, caught.value.reason) == (400, "contradictory_forwarding")


@pytest.mark.parametrize(
    ("told", "listed"),
    [(f"for={CLIENT}", CLIENT), ("for=unknown", CLIENT), ("for=10.0.0.2", CLIENT), (f"for={CLIENT}", "10.0.0.2"),
     (f"for={CLIENT}", "nonsense"), ('for="[::ffff:203.0.113.9]:1"', f"{CLIENT}:2")],
)  # fmt: skip
def test_claims_that_do_not_contradict_are_joined(told: str, listed: str) -> None:
    assert told_by_client(("forwarded", told), ("x-forwarded-for", listed)) == CLIENT


@given(
    st.lists(st.text('0123456789.:[]", ;=for\xe9', max_size=30), max_size=4),
    st.sampled_from(["x-forwarded-for", "forwarded"]),
)
def test_whatever_is_claimed_the_client_is_an_address(values: list[str], name: str) -> None:
    address = told_by_client(*((name, value) for value in values))
    assert str(ipaddress.ip_address(address)) == address


# what is carried on from a trusted proxy


def test_what_a_trusted_proxy_said_is_carried_on() -> None:
    sent = Forwarded(
        ("x-forwarded-for", f"{CLIENT}, 10.0.0.2"), ("x-forwarded-proto", "http"),
        ("x-forwarded-host", "www.example.org"), ("x-forwarded-port", "80"),
        ("x-real-ip", "198.51.100.1"), ("x-request-id", "abc-1.2_3"),
        peer=PROXY,
    )  # fmt: skip
    assert sent["x-forwarded-for"] == f"{CLIENT}, 10.0.0.2, {PROXY}"
    assert sent["x-real-ip"] == CLIENT
    assert sent["x-forwarded-proto"] == "http"
    assert sent["x-forwarded-host"] == "www.example.org"
    assert sent["x-forwarded-port"] == "80"
    assert sent["x-request-id"] == sent.exchange.request_id == "abc-1.2_3"
    assert sent["forwarded"] == f'for={CLIENT};proto=http;host="www.example.org", for={PROXY};proto=https'


def test_both_headers_say_the_same_whichever_the_proxy_wrote() -> None:
    sent = Forwarded(("forwarded", f"for={CLIENT};proto=http"), peer=PROXY)
    assert sent["x-forwarded-for"] == f"{CLIENT}, {PROXY}"
    assert sent["forwarded"] == f"for={CLIENT};proto=http, for={PROXY};proto=https"


def test_a_proxy_that_says_nothing_is_the_client() -> None:
    sent = Forwarded(peer="2001:db8:aaaa::1")
    assert sent["x-forwarded-for"] == sent["x-real-ip"] == "2001:db8:aaaa::1"
    assert sent["forwarded"] == 'for="[2001:db8:aaaa::1]";proto=https'
    assert (sent["x-forwarded-proto"], sent["x-forwarded-port"]) == ("https", "8443")
    assert sent["x-forwarded-host"] == "api.example.org"


def test_malformed_claims_of_a_trusted_proxy_are_replaced() -> None:
    sent = Forwarded(
        ("x-forwarded-proto", "gopher"), ("x-forwarded-host", 'a"; b'), ("x-forwarded-port", "80, 81"),
        ("x-request-id", "a b"), ("x-forwarded-for", ""), peer=PROXY,
    )  # fmt: skip
    assert sent["x-forwarded-proto"] == "https"
    assert sent["x-forwarded-host"] == "api.example.org"
    assert sent["x-forwarded-port"] == "8443"
    assert sent["x-request-id"] == sent.exchange.request_id == ID
    assert sent["x-forwarded-for"] == PROXY


@pytest.mark.parametrize("value", ["", "x" * 129, "a,b", "a\xe9", "a/b"])
def test_a_request_id_is_carried_only_if_it_is_one(value: str) -> None:
    assert Forwarded(("x-request-id", value), peer=PROXY)["x-request-id"] == ID


def test_two_request_ids_are_none() -> None:
    assert Forwarded(("x-request-id", "a"), ("x-request-id", "b"), peer=PROXY)["x-request-id"] == ID


# traces


@pytest.mark.parametrize("peer", [CLIENT, PROXY])
def test_a_trace_is_carried_with_its_state(peer: str) -> None:
    sent = Forwarded(("traceparent", TRACE), ("tracestate", "a=1"), ("tracestate", "b=2"), peer=peer)
    assert sent["traceparent"] == TRACE
    assert [value for name, value in sent.fields if name == b"tracestate"] == [b"a=1", b"b=2"]
    assert sent.exchange.trace_id == TRACE.split("-")[1]


@pytest.mark.parametrize(
    "value",
    ["", TRACE.upper(), TRACE + "-00", TRACE[:-1], "01" + TRACE[2:], "ff" + TRACE[2:], TRACE.replace("-", "_"),
     f"00-{'0' * 32}-00f067aa0ba902b7-01", f"00-{'a' * 32}-{'0' * 16}-01", TRACE + " ", TRACE[:-2] + "0g"],
)  # fmt: skip
def test_what_is_no_trace_begins_a_new_one(value: str) -> None:
    sent = Forwarded(("traceparent", value), ("tracestate", "a=1"))
    assert sent["traceparent"] == f"00-{ID}-{ID[16:]}-01"
    assert sent["tracestate"] is None
    assert sent.exchange.trace_id == ID


def test_two_traces_are_none() -> None:
    assert Forwarded(("traceparent", TRACE), ("traceparent", TRACE)).exchange.trace_id == ID


def test_every_trace_that_is_begun_is_valid() -> None:
    assert re.fullmatch(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01", Forwarded()["traceparent"] or "")
