"""What of a client stays the same over its connections."""

from __future__ import annotations

import pytest
from tests.support.exchange import make_exchange

from bartizan.access.sessions.facts import client_facts, facts_of, network_of
from bartizan.errors import BartizanError
from bartizan.pipeline import TlsInfo

JA4 = "t13d1516h2_8daaf6152771_e5627efa2ab1"


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.7", "192.0.2.0/24"), ("2001:db8:1:2::7", "2001:db8:1::/48"), ("", "")],
)
def test_a_network_is_a_24_or_a_48(address: str, network: str) -> None:
    assert network_of(address) == network


def test_what_is_no_address_is_an_error_that_names_it() -> None:
    with pytest.raises(BartizanError, match=r"'192\.0\.2' is no address"):
        network_of("192.0.2")


def test_addresses_of_one_network_are_one_client() -> None:
    assert client_facts("192.0.2.7", JA4, "x") == client_facts("192.0.2.250", JA4, "x")
    assert client_facts("192.0.2.7", JA4, "x") != client_facts("192.0.3.7", JA4, "x")


def test_a_resumed_handshake_and_a_websocket_are_the_same_client() -> None:
    resumed, websocket = "t13d1517h2_8daaf6152771_0123456789ab", "t13d1515h1_8daaf6152771_ba9876543210"
    assert client_facts("", JA4, "") == client_facts("", resumed, "") == client_facts("", websocket, "")


def test_other_ciphers_are_another_client() -> None:
    assert client_facts("", JA4, "") != client_facts("", "t13d1516h2_aaaaf6152771_e5627efa2ab1", "")
    assert client_facts("", JA4, "") != client_facts("", "t12d1516h2_8daaf6152771_e5627efa2ab1", "")


def test_the_user_agent_is_kept_as_a_digest_only() -> None:
    facts = client_facts("192.0.2.7", None, "Mozilla/5.0")
    assert facts != client_facts("192.0.2.7", None, "Mozilla/5.1")
    assert "Mozilla" not in repr(facts)


def test_facts_of_an_exchange_are_those_of_its_client() -> None:
    tls = TlsInfo("TLSv1.3", "TLS_AES_128_GCM_SHA256", ja4=JA4)
    exchange = make_exchange(headers={"user-agent": "Mozilla/5.0"}, client="192.0.2.9", tls=tls)
    assert facts_of(exchange) == client_facts("192.0.2.7", JA4, "Mozilla/5.0")
