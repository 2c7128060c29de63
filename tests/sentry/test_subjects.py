from __future__ import annotations

from tests.support.exchange import make_exchange
from tests.support.journals import TLS, records_of

from bartizan.detection.actors import actor_key, actors_of
from bartizan.evidence.journal import HttpActivity, exchange_record
from bartizan.sentry.subjects import address_of, subjects_of


def test_a_record_is_about_the_actors_of_its_exchange_in_their_order() -> None:
    for client in ("192.0.2.7", "2001:db8::7", "::ffff:192.0.2.7"):
        exchange = make_exchange(client=client, tls=TLS)
        exchange.session, exchange.device, exchange.principal, exchange.credential = "s1", "d1", "ada", "c1"
        expected = tuple(actor_key(actor.kind, actor.value) for actor in actors_of(exchange))
        assert subjects_of(exchange_record(exchange)) == expected


def test_who_has_no_address_has_no_key_for_it() -> None:
    record = records_of()[0]
    assert isinstance(record, HttpActivity)
    assert address_of(record) == "address:192.0.2.7"
    record.src_endpoint.ip = None
    assert address_of(record) is None
    assert all(key.startswith("ja4:") for key in subjects_of(record))
