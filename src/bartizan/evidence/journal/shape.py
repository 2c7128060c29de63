"""From an exchange to its records. Pure, and on the path of every exchange."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

from bartizan import __version__
from bartizan.evidence.journal.records import (
    Attack,
    DetectionFinding,
    Endpoint,
    FindingInfo,
    Fingerprint,
    HttpActivity,
    HttpRequest,
    HttpResponse,
    Metadata,
    Observable,
    Product,
    Technique,
    Tls,
    Unmapped,
    Url,
    VerdictNote,
)
from bartizan.pipeline import Exchange, Signal, TlsInfo

__all__ = ["exchange_record", "mask_query", "signal_records"]

OCSF_VERSION = "1.3.0"
MAX_TEXT = 2048  # characters of a path or query that are kept
MAX_USER_AGENT = 512
_PRODUCT = Product("Bartizan", "Bartizan", __version__)
_ACTIVITIES = {
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
_SECRET = re.compile(
    r"([^&=]*(?:token|passw|secret|api_?key|signature|credential|session|auth|jwt|otp)[^&=]*|code|sig|key|pwd)=[^&]+",
    re.IGNORECASE,
)


def exchange_record(exchange: Exchange) -> HttpActivity:
    """Return the record of a finished exchange."""
    request, response, client = exchange.request, exchange.response, exchange.client
    activity = _ACTIVITIES.get(request.method, 99)
    code = 0 if response is None else response.status
    agent = request.headers.get(b"user-agent")
    connection = exchange.connection
    return HttpActivity(
        int(exchange.received * 1000),
        Metadata(exchange.id, OCSF_VERSION, _PRODUCT),
        HttpRequest(
            request.method,
            Url(
                request.path[:MAX_TEXT],
                request.host,
                None if request.query is None else mask_query(request.query[:MAX_TEXT].decode("latin-1")),
                connection.scheme,
            ),
            request.version,
            None if agent is None else agent[:MAX_USER_AGENT].decode("latin-1"),
            exchange.bytes_in,
            None if exchange.request_id is exchange.id else exchange.request_id,
        ),
        HttpResponse(code, exchange.bytes_out),
        Endpoint(client.address, client.port),
        activity,
        400200 + activity,
        1 if exchange.verdict is None and code < 500 else 3,
        1 if 0 < code < 400 else 2,
        exchange.duration * 1000,
        None if connection.tls is None else _tls(connection.tls),
        _unmapped(exchange),
    )


def _unmapped(exchange: Exchange) -> Unmapped:
    verdict = exchange.verdict
    upstream_time = exchange.upstream_time
    peer = exchange.connection.peer
    return Unmapped(
        None if exchange.route is None else exchange.route.name,
        exchange.upstream,
        exchange.node,
        None if upstream_time is None else upstream_time * 1000,
        exchange.error,
        exchange.error_detail,
        None
        if verdict is None
        else VerdictNote(verdict.action, exchange.decided_by or "", verdict.because, verdict.remedy),
        {name: seconds * 1000 for name, seconds in exchange.timings} if exchange.timings else {},
        None if exchange.trace_id is exchange.id else exchange.trace_id,
        exchange.principal,
        exchange.connection.listener,
        None if peer is exchange.client else peer.address,
    )


def signal_records(exchange: Exchange) -> list[DetectionFinding]:
    """Return a record for each signal of an exchange."""
    return [_finding(exchange, number, signal) for number, signal in enumerate(exchange.signals)]


def _finding(exchange: Exchange, number: int, signal: Signal) -> DetectionFinding:
    uid = f"{exchange.id}-{number}"
    return DetectionFinding(
        time=int(exchange.received * 1000),
        metadata=Metadata(uid, OCSF_VERSION, _PRODUCT, exchange.id),
        finding_info=FindingInfo(uid, signal.name, [] if signal.owasp is None else [signal.owasp]),
        activity_id=1,
        type_uid=200401,
        severity_id=_severity(signal.severity),
        confidence_score=round(signal.confidence * 100),
        risk_score=signal.severity,
        attacks=[] if signal.technique is None else [Attack(Technique(signal.technique))],
        observables=[Observable(actor.kind, actor.value) for actor in signal.actors],
        evidences=[dict(signal.evidence)] if signal.evidence else [],
    )


def mask_query(query: str) -> str:
    """Return a query with the values of parameters masked that are known to hold secrets."""
    return _SECRET.sub(r"\1=***", query) if "=" in query else query


def _severity(severity: int) -> int:
    """Map 0 to 100 to OCSF's Informational (1) to Critical (5)."""
    return 1 + min(4, severity // 20)


@lru_cache(maxsize=1024)
def _tls(tls: TlsInfo) -> Tls:
    certificate = tls.peer_certificate
    return Tls(
        tls.version,
        tls.cipher,
        tls.server_name,
        [] if tls.ja4 is None else [Fingerprint(tls.ja4)],
        None if certificate is None else hashlib.sha256(certificate).hexdigest(),
    )
