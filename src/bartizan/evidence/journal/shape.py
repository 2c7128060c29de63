"""From exchanges and signals to records. Pure, and on the path of every exchange.

Whatever came from a client is bounded here: no record grows with what it is sent.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from cryptography import x509

from bartizan import __version__
from bartizan.evidence.journal.records import (
    Actor,
    Analytic,
    Certificate,
    DetectionFinding,
    Endpoint,
    Evidence,
    FindingInfo,
    Fingerprint,
    HttpActivity,
    HttpRequest,
    HttpResponse,
    Ja4,
    KillChainPhase,
    Metadata,
    Observable,
    Product,
    Proxy,
    Session,
    Tls,
    Trace,
    Unmapped,
    Url,
    User,
    VerdictNote,
)
from bartizan.evidence.journal.tactics import attack_of
from bartizan.http.masking import mask_query
from bartizan.pipeline import Client, Exchange, Signal, Stage, TlsInfo
from bartizan.pipeline.verdict import Verdict

__all__ = ["exchange_record", "signal_record", "signal_records"]

OCSF_VERSION = "1.7.0"
MAX_URL_TEXT = 2048  # characters of a path or a query
MAX_TEXT = 512  # characters of anything else
MAX_SIGNALS = 64  # of one exchange
MAX_ITEMS = 32  # actors or pieces of evidence of one signal

_PRODUCT = Product("Bartizan", "Bartizan", __version__)
_PROFILES = ["security_control", "trace", "host"]
_HTTP_ACTIVITY = 4002
_NETWORK_ACTIVITY = 4
_DETECTION_FINDING = 2004
_FINDINGS = 2
_OTHER = 99
_CREATE = 1
_SHA256 = 3
_RULE = 1
_JA4 = 1
_SUCCESS, _FAILURE = 1, 2
_INFORMATIONAL, _LOW, _MEDIUM = 1, 2, 3
_METHODS = {
    "CONNECT": 1,
    "DELETE": 2,
    "GET": 3,
    "HEAD": 4,
    "OPTIONS": 5,
    "POST": 6,
    "PUT": 7,
    "TRACE": 8,
    "PATCH": 9,
}
_ALLOWED, _FAILED, _REJECTED, _UNKNOWN = (1, 1), (1, 27), (2, 25), (0, 99)
"""Pairs of OCSF's action_id (unknown, allowed, denied) and disposition_id (allowed, error, rejected, other)."""
_OUTCOMES = {
    "deny": (2, 2),
    "throttle": _REJECTED,
    "step_up": _REJECTED,
    "challenge": _REJECTED,
    "divert": (4, 7),
    "decoy": (4, 7),
}
"""The same for each action of a verdict: denied and blocked, denied and rejected, modified and custom action."""
_PHASES: dict[Stage, list[KillChainPhase]] = {
    "reconnaissance": [KillChainPhase("reconnaissance", 1)],
    "access": [KillChainPhase("access", 4)],
    "discovery": [KillChainPhase("discovery", 7)],
    "collection": [KillChainPhase("collection", 7)],
    "exfiltration": [KillChainPhase("exfiltration", 7)],
}
"""OCSF's phase_id: reconnaissance, exploitation, actions on objectives."""
_OBSERVABLES = {"address": 2, "network": 12, "credential": 19, "ja4": 30, "principal": 31, "device": 47}


def exchange_record(exchange: Exchange) -> HttpActivity:
    """Return the record of a finished exchange."""
    response, verdict, tls = exchange.response, exchange.verdict, exchange.connection.tls
    code = 0 if response is None else response.status
    activity = _METHODS.get(exchange.request.method, _OTHER)
    action, disposition = _ALLOWED if verdict is None and exchange.error is None else _outcome(exchange)
    duration = exchange.duration
    connection = exchange.connection
    trace, principal = exchange.trace_id, exchange.principal
    return HttpActivity(
        _NETWORK_ACTIVITY,
        activity,
        _HTTP_ACTIVITY * 100 + activity,
        int(exchange.received * 1000),
        int(duration * 1000 + 0.5),
        _INFORMATIONAL if action == 1 and code < 500 else _exchange_severity(verdict),
        _SUCCESS if 0 < code < 400 else _FAILURE,
        action,
        disposition,
        Metadata(exchange.id, OCSF_VERSION, _PRODUCT, _PROFILES),
        _request(exchange),
        _source(exchange.client, connection.peer),
        _destination(connection.local, connection.listener),
        None if code == 0 else HttpResponse(code, exchange.bytes_out),
        _unmapped(exchange, duration),
        exchange.error,
        None if exchange.error_detail is None else _bounded(exchange.error_detail),
        None if tls is None else _tls(tls),
        [] if tls is None or tls.ja4 is None else [Ja4(tls.ja4, _JA4)],
        None if trace is None or trace is exchange.id else Trace(trace),
        None if principal is None else _actor(principal, exchange.session),
    )


def signal_records(exchange: Exchange) -> list[DetectionFinding]:
    """Return a record for each signal of an exchange, its first ``MAX_SIGNALS``."""
    return [
        signal_record(signal, uid=f"{exchange.id}-{number}", time=exchange.received, exchange_id=exchange.id)
        for number, signal in enumerate(exchange.signals[:MAX_SIGNALS])
    ]


def signal_record(signal: Signal, *, uid: str, time: float, exchange_id: str | None = None) -> DetectionFinding:
    """Return the record of a signal; ``time`` is Unix time in seconds, ``exchange_id`` the exchange it is about."""
    technique, detector = signal.technique, signal.detector
    return DetectionFinding(
        category_uid=_FINDINGS,
        activity_id=_CREATE,
        type_uid=_DETECTION_FINDING * 100 + _CREATE,
        time=int(time * 1000),
        severity_id=_signal_severity(signal.severity),
        confidence_score=round(signal.confidence * 100),
        risk_score=signal.severity,
        metadata=Metadata(uid, OCSF_VERSION, _PRODUCT, _PROFILES, exchange_id),
        finding_info=FindingInfo(
            uid,
            _bounded(signal.name),
            [] if signal.owasp is None else [signal.owasp],
            [] if technique is None else [attack_of(technique)],
            _analytic(detector) if detector else None,
            [] if signal.stage is None else _PHASES[signal.stage],
        ),
        observables=[
            Observable(actor.kind, _OBSERVABLES.get(actor.kind, _OTHER), _bounded(actor.value))
            for actor in signal.actors[:MAX_ITEMS]
        ],
        evidences=[Evidence(_evidence(signal))] if signal.evidence else [],
    )


def _request(exchange: Exchange) -> HttpRequest:
    request = exchange.request
    query, agent, path = request.query, request.headers.get(b"user-agent"), request.path
    host, port = request.host, None
    if len(request.authority) != len(host):  # a port was given, or the request was refused before its Host was read
        sent, port = _split_host(request.authority or host)
        host = host if request.authority else sent
    method, version = request.method, request.version
    return HttpRequest(
        method if len(method) <= MAX_TEXT else _bounded(method),
        Url(
            path if len(path) <= MAX_URL_TEXT else path[:MAX_URL_TEXT] + "…",
            _bounded(host) or None,
            None if query is None else _query(query),
            exchange.connection.scheme,
            port,
        ),
        version if len(version) <= MAX_TEXT else _bounded(version),
        None if agent is None else _text(agent, MAX_TEXT),
        exchange.bytes_in,
        None if exchange.request_id is exchange.id else exchange.request_id,
    )


def _unmapped(exchange: Exchange, duration: float) -> Unmapped:
    route, verdict, timings = exchange.route, exchange.verdict, exchange.timings
    return Unmapped(
        duration,
        None if route is None else route.name,
        exchange.upstream,
        exchange.node,
        exchange.upstream_time,
        None
        if verdict is None
        else VerdictNote(
            verdict.action, exchange.decided_by or "", _bounded(verdict.because), _bounded(verdict.remedy)
        ),
        _summed(timings) if timings else {},
        exchange.device,
        None if exchange.credential is None else _bounded(exchange.credential),
    )


def _actor(principal: str, session: str | None) -> Actor:
    return Actor(User(_bounded(principal)), None if session is None else Session(session))


@lru_cache(maxsize=256)
def _analytic(detector: str) -> Analytic:
    return Analytic(_bounded(detector), _RULE)


def _summed(timings: list[tuple[str, float]]) -> dict[str, float]:
    seconds = dict(timings)
    if len(seconds) != len(timings):  # a guard that also looked at the response
        seconds = dict.fromkeys(seconds, 0.0)
        for name, spent in timings:
            seconds[name] += spent
    return seconds


def _evidence(signal: Signal) -> dict[str, str | int | float | bool]:
    return {
        _bounded(name): _bounded(value) if isinstance(value, str) else value
        for name, value in list(signal.evidence.items())[:MAX_ITEMS]
    }


def _source(client: Client, peer: Client) -> Endpoint:
    proxy = None if client is peer or not peer.address else Proxy(peer.address)
    if not client.address:
        return Endpoint(name="unix", proxy_endpoint=proxy)
    return Endpoint(client.address, client.port or None, None, None, proxy)


@lru_cache(maxsize=1024)
def _destination(local: str, listener: str) -> Endpoint:
    address, _, port = local.rpartition(":")
    if local.startswith(("/", "@")) or not port.isdecimal():
        return Endpoint(name=local or "unix", svc_name=listener)
    return Endpoint(address.strip("[]"), int(port), svc_name=listener)


@lru_cache(maxsize=1024)
def _tls(tls: TlsInfo) -> Tls:
    certificate = None if tls.peer_certificate is None else _certificate(tls.peer_certificate)
    return Tls(tls.version, tls.cipher or None, tls.server_name, certificate)


def _certificate(der: bytes) -> Certificate:
    digest = Fingerprint(hashlib.sha256(der).hexdigest(), _SHA256)
    try:
        parsed = x509.load_der_x509_certificate(der)
        issuer, subject = parsed.issuer.rfc4514_string(), parsed.subject.rfc4514_string()
        return Certificate(f"{parsed.serial_number:x}", _bounded(issuer), _bounded(subject), [digest])
    except ValueError:  # OpenSSL takes some that cryptography does not
        return Certificate("", "", "", [digest])


def _query(query: bytes) -> str:
    return mask_query(_text(query, MAX_URL_TEXT))


def _text(value: bytes, limit: int) -> str:
    if len(value) > limit:
        return value[:limit].decode("utf-8", "backslashreplace") + "…"
    return value.decode("utf-8", "backslashreplace")


def _bounded(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "…"


def _split_host(authority: str) -> tuple[str, int | None]:
    host, colon, port = authority.rpartition(":")
    if colon and port.isdecimal() and len(port) <= 5 and int(port) <= 65535 and (":" not in host or host[-1] == "]"):
        return host.lower().strip("[]"), int(port)
    return authority.lower().strip("[]"), None


def _outcome(exchange: Exchange) -> tuple[int, int]:
    if exchange.verdict is not None:
        return _OUTCOMES.get(exchange.verdict.action, _UNKNOWN)
    return _REJECTED if exchange.upstream is None and exchange.response is not None else _FAILED


def _exchange_severity(verdict: Verdict | None) -> int:
    return _MEDIUM if verdict is not None and verdict.action == "deny" else _LOW


def _signal_severity(severity: int) -> int:
    """Map 0 to 100 to OCSF's Informational (1), Low, Medium, High and Critical (5), twenty to each."""
    return 1 + max(0, min(4, severity // 20))
