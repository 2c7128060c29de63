"""The actors of an exchange, in two groups."""

from __future__ import annotations

import dataclasses

from tests.support.exchange import make_exchange

from bartizan.detection.actors import actor_key, actors_of
from bartizan.detection.obstacles.keys import behind, people_of, places_of
from bartizan.pipeline import Client, TlsInfo

TLS = TlsInfo("TLSv1.3", "TLS_AES_128_GCM_SHA256", ja4="t13d1516h2_8daaf6152771_d8a2da3f94cd")


def test_both_groups_together_are_the_actors_that_signals_name() -> None:
    exchange = make_exchange(client="2001:db8:1:2::7", tls=TLS)
    exchange.session, exchange.device, exchange.principal, exchange.credential = "s-1", "d-1", "alice", "digest"
    assert places_of(exchange) == ("address:2001:db8:1:2::7", "network:2001:db8:1::/48", f"ja4:{TLS.ja4}")
    assert people_of(exchange) == ("session:s-1", "device:d-1", "principal:alice")
    assert behind(exchange) == (*people_of(exchange), "credential:digest")
    named = {actor_key(actor.kind, actor.value) for actor in actors_of(exchange)}
    assert {*places_of(exchange), *behind(exchange)} == named


def test_what_is_not_known_is_no_actor() -> None:
    exchange = make_exchange()
    assert places_of(exchange) == ("address:192.0.2.7", "network:192.0.2.0/24")
    assert people_of(exchange) == behind(exchange) == ()
    exchange.client = Client("", 0, 0, 0)  # a Unix socket
    exchange.connection = dataclasses.replace(exchange.connection, tls=TlsInfo("TLSv1.3", "x"))
    assert places_of(exchange) == ()
