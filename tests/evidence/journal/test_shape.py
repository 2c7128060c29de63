from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any, get_args

import jsonschema
import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.evidence.journal.samples import BEGAN, an_exchange

from bartizan.evidence.journal import Record, exchange_record, signal_record, signal_records
from bartizan.evidence.journal.records import DetectionFinding
from bartizan.http.headers import Headers
from bartizan.http.message import Response
from bartizan.pipeline import Actor, Client, Deny, Divert, Exchange, Signal, Stage, Throttle, TlsInfo

SCHEMAS = {
    uid: json.loads((Path(__file__).parent / "ocsf" / f"{name}.json").read_text())
    for uid, name in ((4002, "http_activity"), (2004, "detection_finding"))
}
"""OCSF's own, less the attributes that are not written here; see their ``$comment``."""


def event(record: Record) -> dict[str, Any]:
    """Return a record as JSON has it, after checking it against the schema of its class."""
    data: dict[str, Any] = json.loads(msgspec.json.encode(record))
    jsonschema.validate(data, SCHEMAS[data["class_uid"]])
    return data


def certificate() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "device-7")])
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    built = x509.CertificateBuilder(name, name, key.public_key(), 0xABC, now, now + dt.timedelta(days=1))
    return built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def test_an_exchange_is_an_http_activity() -> None:
    data = event(exchange_record(an_exchange()))
    assert data == {
        "class_uid": 4002,
        "category_uid": 4,
        "activity_id": 3,
        "type_uid": 400203,
        "time": int(BEGAN * 1000),
        "duration": 5,
        "severity_id": 1,
        "status_id": 1,
        "action_id": 1,
        "disposition_id": 1,
        "metadata": data["metadata"],
        "http_request": {
            "http_method": "GET",
            "url": {
                "path": "/orders/42",
                "hostname": "api.example.org",
                "query_string": "page=2",
                "scheme": "https",
                "port": 8443,
            },
            "version": "1.1",
            "user_agent": "curl/8.5",
        },
        "http_response": {"code": 200, "body_length": 1024},
        "src_endpoint": {"ip": "192.0.2.7", "port": 41234},
        "dst_endpoint": {"ip": "127.0.0.1", "port": 8443, "svc_name": "main"},
        "unmapped": {
            "duration_seconds": 0.00525,
            "route": "orders",
            "upstream": "orders",
            "node": "10.0.0.7:8080",
            "upstream_seconds": 0.0042,
            "guard_seconds": {"denylist": 2e-06, "ratelimit": 5e-06},
        },
    }
    assert data["metadata"]["uid"] == an_exchange().id
    assert data["metadata"]["version"] == "1.7.0"
    assert data["metadata"]["product"]["name"] == "Bartizan"


def test_everything_that_can_be_known_is_valid_too() -> None:
    tls = TlsInfo(
        "TLSv1.3", "TLS_AES_256_GCM_SHA384", "api.example.org", "http/1.1", "t13d1516h2_8daa_e562", certificate()
    )
    exchange = an_exchange(tls=tls, peer=Client("10.0.0.1", 5000, 4, 167772161), method="PATCH")
    exchange.request_id, exchange.trace_id, exchange.principal = (
        "from-proxy-1",
        "0af7651916cd43dd8448eb211c80319c",
        "ann",
    )
    exchange.session, exchange.device, exchange.credential = "s-1", "d-1", "key-1"
    exchange.bytes_in = 17
    data = event(exchange_record(exchange))
    assert (data["activity_id"], data["type_uid"]) == (9, 400209)
    assert data["http_request"]["uid"] == "from-proxy-1"
    assert data["http_request"]["body_length"] == 17
    assert data["trace"] == {"uid": "0af7651916cd43dd8448eb211c80319c"}
    assert data["actor"] == {"user": {"uid": "ann"}, "session": {"uid": "s-1"}}
    assert (data["unmapped"]["device"], data["unmapped"]["credential"]) == ("d-1", "key-1")
    assert data["src_endpoint"]["proxy_endpoint"] == {"ip": "10.0.0.1"}
    assert data["ja4_fingerprint_list"] == [{"value": "t13d1516h2_8daa_e562", "type_id": 1}]
    assert data["tls"]["version"] == "TLSv1.3"
    client = data["tls"]["certificate"]
    assert (client["serial_number"], client["subject"]) == ("abc", "CN=device-7")
    assert (client["fingerprints"][0]["algorithm_id"], len(client["fingerprints"][0]["value"])) == (3, 64)


def denied(exchange: Exchange) -> None:
    exchange.verdict, exchange.decided_by = Deny(403, because="listed", remedy="unlist it"), "denylist"
    exchange.response = Response(403, Headers())


def throttled(exchange: Exchange) -> None:
    exchange.verdict, exchange.decided_by = Throttle(1.0, because="too many"), "ratelimit"
    exchange.response = Response(429, Headers())


def diverted(exchange: Exchange) -> None:
    exchange.verdict, exchange.decided_by = Divert("decoy", because="scanner"), "decoys"


def refused(exchange: Exchange) -> None:
    exchange.route = exchange.upstream = exchange.node = exchange.upstream_time = None
    exchange.error, exchange.error_detail = "malformed", "the request is malformed: no"
    exchange.response = Response(400, Headers())


def timed_out(exchange: Exchange) -> None:
    exchange.error, exchange.error_detail = "upstream_timeout", "the node did not answer in time"
    exchange.response = Response(504, Headers())


def abandoned(exchange: Exchange) -> None:
    exchange.error, exchange.response, exchange.upstream = "client_gone", None, None


def failed_upstream(exchange: Exchange) -> None:
    exchange.response = Response(500, Headers())


def not_found(exchange: Exchange) -> None:
    exchange.response = Response(404, Headers())


@pytest.mark.parametrize(
    ("happen", "severity", "status", "action", "disposition"),
    [
        (denied, 3, 2, 2, 2),
        (throttled, 2, 2, 2, 25),
        (diverted, 2, 1, 4, 7),
        (refused, 2, 2, 2, 25),
        (timed_out, 2, 2, 1, 27),
        (abandoned, 1, 2, 1, 27),
        (failed_upstream, 2, 2, 1, 1),
        (not_found, 1, 2, 1, 1),
    ],
)
def test_what_became_of_an_exchange_is_said_in_ocsf_s_terms(
    happen: Any, severity: int, status: int, action: int, disposition: int
) -> None:
    exchange = an_exchange()
    happen(exchange)
    data = event(exchange_record(exchange))
    found = data["severity_id"], data["status_id"], data["action_id"], data["disposition_id"]
    assert found == (severity, status, action, disposition)


def test_a_verdict_is_kept_with_its_guard_its_reason_and_its_remedy() -> None:
    exchange = an_exchange()
    denied(exchange)
    note = event(exchange_record(exchange))["unmapped"]["verdict"]
    assert note == {"action": "deny", "guard": "denylist", "because": "listed", "remedy": "unlist it"}


def test_an_error_is_kept_as_a_word_and_a_sentence() -> None:
    exchange = an_exchange()
    timed_out(exchange)
    data = event(exchange_record(exchange))
    assert (data["status_code"], data["status_detail"]) == ("upstream_timeout", "the node did not answer in time")


def test_a_guard_that_ran_twice_is_timed_once() -> None:
    exchange = an_exchange()
    exchange.timings = [("waf", 0.25), ("schema", 0.5), ("waf", 0.125)]
    assert event(exchange_record(exchange))["unmapped"]["guard_seconds"] == {"waf": 0.375, "schema": 0.5}


@pytest.mark.parametrize(
    ("local", "endpoint"),
    [
        ("[2001:db8::1]:443", {"ip": "2001:db8::1", "port": 443, "svc_name": "main"}),
        ("2001:db8::1:443", {"ip": "2001:db8::1", "port": 443, "svc_name": "main"}),
        ("/run/bartizan.sock", {"name": "/run/bartizan.sock", "svc_name": "main"}),
        ("", {"name": "unix", "svc_name": "main"}),
    ],
)
def test_where_the_client_connected_to(local: str, endpoint: dict[str, Any]) -> None:
    assert event(exchange_record(an_exchange(local=local)))["dst_endpoint"] == endpoint


@pytest.mark.parametrize(
    ("authority", "host", "shown"),
    [
        ("api.example.org", "api.example.org", ("api.example.org", None)),
        ("API.example.org:444", "api.example.org", ("api.example.org", 444)),
        ("api.example.org.", "api.example.org", ("api.example.org", None)),
        ("[2001:db8::1]", "2001:db8::1", ("2001:db8::1", None)),
        ("[2001:db8::1]:444", "2001:db8::1", ("2001:db8::1", 444)),
        ("", "a.example:81", ("a.example", 81)),  # as it came, of a request that was refused
        ("", "a.example:99999", ("a.example:99999", None)),
        ("", "2001:db8::1", ("2001:db8::1", None)),
        ("", ":", (":", None)),
        ("", "", (None, None)),
    ],
)
def test_where_the_client_wanted_to_go(authority: str, host: str, shown: tuple[str | None, int | None]) -> None:
    exchange = an_exchange()
    exchange.request.authority, exchange.request.host = authority, host
    url = event(exchange_record(exchange))["http_request"]["url"]
    assert (url.get("hostname"), url.get("port")) == shown


def test_a_client_on_a_unix_socket_has_no_address() -> None:
    assert event(exchange_record(an_exchange(client=Client("", 0, 0, 0))))["src_endpoint"] == {"name": "unix"}


def test_secrets_in_the_query_are_masked_and_no_header_but_the_user_agent_is_kept() -> None:
    headers = ((b"authorization", b"Bearer HIDE"), (b"cookie", b"HIDE"), (b"referer", b"https://x/?t=HIDE"),
               (b"user-agent", "fünf".encode()))  # fmt: skip
    record = exchange_record(an_exchange(query=b"a=1&access_token=HIDE", headers=headers))
    assert b"HIDE" not in msgspec.json.encode(record)
    assert event(record)["http_request"]["user_agent"] == "fünf"


def test_whatever_a_client_sends_a_record_stays_small() -> None:
    flood = b"\xff" * 100_000
    exchange = an_exchange(path="/" + "a" * 100_000, query=b"q=" + flood, headers=((b"user-agent", flood),))
    exchange.request.host, exchange.principal = "h" * 100_000, "p" * 100_000
    exchange.verdict, exchange.decided_by = Deny(because="b" * 100_000, remedy="r" * 100_000), "waf"
    exchange.error, exchange.error_detail = "malformed", "d" * 100_000
    signal = Signal("s" * 10_000, 50, actors=(Actor("principal", "x" * 100_000),) * 1000,
                    evidence={f"{key}{'k' * 10_000}": "v" * 100_000 for key in range(1000)})  # fmt: skip
    exchange.signals = [signal] * 1000
    assert len(msgspec.json.encode(exchange_record(exchange))) < 32 * 1024
    findings = signal_records(exchange)
    assert len(findings) == 64
    assert max(len(msgspec.json.encode(finding)) for finding in findings) < 64 * 1024
    event(findings[0])


def test_a_signal_is_a_detection_finding_about_its_exchange() -> None:
    exchange = an_exchange()
    actors = (Actor("address", "192.0.2.7"), Actor("network", "192.0.2.0/24"), Actor("session", "s-1"))
    exchange.signals = [
        Signal("denylist.hit", 30, 0.9, "T1595", "API4:2023", actors, {"source": "deny", "line": 7}),
        Signal("guard.failed", 60),
    ]
    first, second = (event(record) for record in signal_records(exchange))
    assert first["metadata"]["correlation_uid"] == second["metadata"]["correlation_uid"] == exchange.id
    assert first["metadata"]["uid"] != second["metadata"]["uid"]
    assert first["finding_info"]["title"] == "denylist.hit"
    assert first["finding_info"]["types"] == ["API4:2023"]
    tactic = {"uid": "TA0043", "name": "Reconnaissance"}
    assert first["finding_info"]["attacks"] == [{"technique": {"uid": "T1595"}, "tactic": tactic}]
    assert "analytic" not in first["finding_info"]
    assert (first["severity_id"], first["risk_score"], first["confidence_score"]) == (2, 30, 90)
    assert [(each["type_id"], each["value"]) for each in first["observables"]] == [
        (2, "192.0.2.7"),
        (12, "192.0.2.0/24"),
        (99, "s-1"),
    ]
    assert first["evidences"] == [{"data": {"source": "deny", "line": 7}}]
    assert "evidences" not in second


def test_detector_and_stage_are_an_analytic_and_a_phase_of_the_kill_chain() -> None:
    for stage, phase in zip(get_args(Stage), (1, 4, 7, 7, 7), strict=True):
        info = event(signal_record(Signal("x", 50, detector="waf", stage=stage), uid="1", time=BEGAN))["finding_info"]
        assert info["analytic"] == {"name": "waf", "type_id": 1}
        assert info["kill_chain"] == [{"phase": stage, "phase_id": phase}]


def test_findings_from_before_there_were_detectors_can_be_read() -> None:
    record = signal_record(Signal("x", 50, technique="T1595"), uid="1", time=BEGAN)
    data = json.loads(msgspec.json.encode(record))
    del data["finding_info"]["attacks"][0]["tactic"]
    old = msgspec.json.decode(json.dumps(data), type=DetectionFinding)
    assert (old.finding_info.analytic, old.finding_info.kill_chain) == (None, [])
    assert old.finding_info.attacks[0].tactic is None


@pytest.mark.parametrize(("severity", "ocsf"), [(0, 1), (19, 1), (20, 2), (40, 3), (60, 4), (80, 5), (100, 5)])
def test_severities_are_those_of_ocsf(severity: int, ocsf: int) -> None:
    assert event(signal_record(Signal("x", severity), uid="1", time=BEGAN))["severity_id"] == ocsf
