from __future__ import annotations

import re

from tests.evidence.journal.samples import BEGAN, an_exchange

from bartizan.evidence.journal import exchange_record, signal_record, signal_records
from bartizan.evidence.journal.text import line, story
from bartizan.http.headers import Headers
from bartizan.http.message import Response
from bartizan.pipeline import Actor, Client, Deny, Exchange, Signal, TlsInfo

TLS = TlsInfo("TLSv1.3", "TLS_AES_256_GCM_SHA384", "api.example.org", "http/1.1", "t13d1516h2_8daa_e562", b"not DER")


def denied() -> Exchange:
    exchange = an_exchange(tls=TLS, peer=Client("10.0.0.1", 5000, 4, 167772161))
    exchange.response = Response(403, Headers())
    exchange.verdict, exchange.decided_by = Deny(because="listed in bad.txt:7", remedy="remove line 7"), "denylist"
    exchange.request_id, exchange.bytes_in = "from-proxy-1", 17
    exchange.signals = [
        Signal("denylist.hit", 30, 0.9, "T1595", "API4:2023", (Actor("address", "192.0.2.7"),), {"line": 7})
    ]
    return exchange


def test_an_exchange_is_one_line() -> None:
    text = line(exchange_record(an_exchange()))
    assert text == (
        "2025-11-24 16:00:00.000  192.0.2.7        200       5.2 ms  "
        "GET https://api.example.org:8443/orders/42?page=2  [orders]"
    )


def test_who_decided_is_at_the_end_of_the_line() -> None:
    assert line(exchange_record(denied())).endswith("[orders]  denylist: deny")


def test_an_exchange_without_route_or_answer_is_one_line_too() -> None:
    exchange = an_exchange(query=None, client=Client("", 0, 0, 0))
    exchange.route = exchange.response = None
    exchange.error = "client_gone"
    text = line(exchange_record(exchange))
    assert "unix             -    " in text
    assert text.endswith("/orders/42  [-]  client_gone")


def test_a_signal_is_one_line() -> None:
    text = line(signal_records(denied())[0])
    assert text.endswith("signal           denylist.hit, severity 30 of 100, about address 192.0.2.7")


def test_no_client_writes_to_the_terminal() -> None:
    exchange = an_exchange(path="/\x1b[2J", headers=((b"user-agent", b"a\x9b31m\r\n\xe2\x80\xae"),))
    exchange.error, exchange.error_detail = "malformed", "\x07"
    record = exchange_record(exchange)
    for text in (line(record), *story([record]).splitlines()):
        assert text.isprintable()
    assert "/\\x1b[2J" in line(record)


def test_a_story_says_which_guard_why_and_what_to_change() -> None:
    exchange = denied()
    text = story([exchange_record(exchange), *signal_records(exchange)])
    facts = [tuple(row.split(None, 1)) for row in text.replace("to change it", "remedy").splitlines() if row]
    assert ("exchange", exchange.id) in facts
    assert ("request", "id       from-proxy-1") in facts
    assert ("request", "GET https://api.example.org:8443/orders/42?page=2 HTTP/1.1") in facts
    assert ("client", "192.0.2.7") in facts
    assert ("through", "proxy    10.0.0.1") in facts
    assert ("answer", "403, 1024 bytes, after 5.2 ms") in facts
    assert ("upstream", "orders, node 10.0.0.7:8080, 4.2 ms to its response head") in facts
    assert ("guard", "ratelimit  0.005 ms") in facts
    assert ("decided", "by       guard denylist: deny") in facts
    assert ("because", "listed in bad.txt:7") in facts
    assert ("remedy", "remove line 7") in facts
    assert ("JA4", "t13d1516h2_8daa_e562") in facts
    assert text.count("unreadable, SHA-256") == 1
    assert ("signal", "denylist.hit") in facts
    assert ("severity", "30 of 100, 90 % sure") in facts
    assert ("ATT&CK", "T1595 (Reconnaissance)") in facts
    assert ("OWASP", "API4:2023") in facts
    assert ("evidence", "line 7") in facts


def test_a_story_of_an_error_says_what_could_be_changed() -> None:
    exchange = an_exchange()
    exchange.response = Response(504, Headers())
    exchange.error, exchange.error_detail = "upstream_timeout", "the node did not answer in time"
    text = story([exchange_record(exchange)])
    assert "ended with       upstream_timeout" in text
    assert "because          the node did not answer in time" in text
    assert "upstreams[].timeouts" in text


def test_a_signal_without_an_exchange_is_told_too() -> None:
    gap = signal_record(Signal("journal.gap", 80, evidence={"records": 5}), uid="x", time=BEGAN)
    assert "evidence         records 5" in story([gap])
    assert line(gap).endswith("journal.gap, severity 80 of 100, about nobody")


def test_a_finding_tells_its_detector_stage_and_technique_by_name() -> None:
    signal = Signal("decoy.touched", 60, technique="T1595.003", detector="decoys", stage="reconnaissance")
    record = signal_record(signal, uid="x", time=BEGAN)
    text = story([record], {"T1595.003": "Wordlist Scanning"}.get)
    assert re.search(r"^detector +decoys$", text, re.MULTILINE)
    assert re.search(r"^stage +reconnaissance$", text, re.MULTILINE)
    assert re.search(r"^ATT&CK +T1595\.003 Wordlist Scanning \(Reconnaissance\)$", text, re.MULTILINE)
    assert "T1595.003 (Reconnaissance)" in story([record])
