from __future__ import annotations

import pytest
from tests.support.exchange import client_at, make_exchange

from bartizan.detection.actors import actor_key, actors_of, kind_of, network_of, parse_actor
from bartizan.pipeline import Actor, Client, TlsInfo


def test_a_key_is_kind_and_value() -> None:
    assert actor_key("network", "2001:db8::/48") == "network:2001:db8::/48"
    assert kind_of("network:2001:db8::/48") == "network"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("192.0.2.7", "address:192.0.2.7"),
        ("::ffff:192.0.2.7", "address:192.0.2.7"),
        ("2001:DB8:0::7", "address:2001:db8::7"),
        ("address:2001:db8:0::7", "address:2001:db8::7"),
        ("principal:alice", "principal:alice"),
        ("session:a:b", "session:a:b"),
    ],
)
def test_what_a_person_writes_names_an_actor(text: str, key: str) -> None:
    assert parse_actor(text) == key


@pytest.mark.parametrize("text", ["", "alice", "person:alice", "session:", "address:alice", "session:" + "a" * 1000])
def test_what_names_no_actor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an a"):
        parse_actor(text)


def test_networks_are_24_or_48_bits() -> None:
    assert network_of(client_at("192.0.2.7")) == "192.0.2.0/24"
    assert network_of(client_at("2001:db8:1:2::7")) == "2001:db8:1::/48"
    assert network_of(Client("", 0, 0, 0)) == ""


def test_an_exchange_is_about_all_that_is_known_of_its_client() -> None:
    exchange = make_exchange(client="2001:db8:1::7", tls=TlsInfo("TLSv1.3", "AES", ja4="t13d"))
    assert actors_of(exchange) == (
        Actor("address", "2001:db8:1::7"),
        Actor("network", "2001:db8:1::/48"),
        Actor("ja4", "t13d"),
    )
    exchange.session, exchange.device, exchange.principal, exchange.credential = "s", "d", "alice", "key-1"
    assert actors_of(exchange)[3:] == (
        Actor("session", "s"),
        Actor("device", "d"),
        Actor("principal", "alice"),
        Actor("credential", "key-1"),
    )
