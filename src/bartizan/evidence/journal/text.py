"""Records as text for people: one line each, or one exchange told whole.

What a client sent is shown with control characters escaped, so that no request can write to the terminal of whoever
looks at the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from bartizan.evidence.journal.advice import advice
from bartizan.evidence.journal.records import Attack, DetectionFinding, Endpoint, HttpActivity, Record

__all__ = ["line", "story"]


def line(record: Record) -> str:
    """Return one line about a record: when, who, what was asked and answered, how long it took, who decided."""
    if isinstance(record, DetectionFinding):
        what = f"{record.finding_info.title}, severity {record.risk_score} of 100, about {_about(record)}"
        return _safe(f"{_time(record.time)}  signal           {what}")
    note = record.unmapped
    parts = [
        _time(record.time),
        f"{_client(record.src_endpoint):<15}",
        f"{_code(record):<3}",
        f"{_milliseconds(record):8.1f} ms",
        f"{record.http_request.http_method} {_url(record)}",
        f"[{(note and note.route) or '-'}]",
    ]
    if note is not None and note.verdict is not None:
        parts.append(f"{note.verdict.guard}: {note.verdict.action}")
    if record.status_code is not None:
        parts.append(record.status_code)
    return _safe("  ".join(parts))


def story(records: Iterable[Record], technique_name: Callable[[str], str | None] = lambda _: None) -> str:
    """Tell exchanges with their signals: what was asked, what became of it, who decided why, what could be changed.

    ``technique_name`` knows the names of ATT&CK techniques by their ids.
    """
    return "\n\n".join(
        _exchange(each) if isinstance(each, HttpActivity) else _finding(each, technique_name) for each in records
    )


def _exchange(record: HttpActivity) -> str:
    request, note = record.http_request, record.unmapped
    proxy, actor, listener = record.src_endpoint.proxy_endpoint, record.actor, record.dst_endpoint
    facts: list[tuple[str, str | None]] = [
        ("exchange", record.metadata.uid),
        ("request id", request.uid),
        ("trace", None if record.trace is None else record.trace.uid),
        ("time", datetime.fromtimestamp(record.time / 1000, UTC).isoformat(timespec="milliseconds")),
        ("request", f"{request.http_method} {_url(record)} HTTP/{request.version}"),
        ("request body", _bytes(request.body_length)),
        ("client", _client(record.src_endpoint)),
        ("through proxy", None if proxy is None else proxy.ip),
        ("user agent", request.user_agent),
        ("principal", None if actor is None else actor.user.uid),
        ("session", None if actor is None or actor.session is None else actor.session.uid),
        ("device", None if note is None else note.device),
        ("credential", None if note is None else note.credential),
        ("listener", None if listener is None else listener.svc_name),
        *_tls(record),
        ("answer", _answer(record)),
        ("route", (note and note.route) or "none"),
    ]
    return _table([*facts, *_decision(record)])


def _decision(record: HttpActivity) -> list[tuple[str, str | None]]:
    note = record.unmapped
    facts: list[tuple[str, str | None]] = []
    if note is not None and note.upstream is not None:
        took = "" if note.upstream_seconds is None else f", {note.upstream_seconds * 1000:.1f} ms to its response head"
        facts.append(("upstream", f"{note.upstream}, node {note.node or 'none'}{took}"))
    if note is not None:
        facts += [(f"guard {name}", f"{spent * 1000:.3f} ms") for name, spent in note.guard_seconds.items()]
    if note is not None and note.verdict is not None:
        facts += [
            ("decided by", f"guard {note.verdict.guard}: {note.verdict.action}"),
            ("because", note.verdict.because),
            ("to change it", note.verdict.remedy),
        ]
    if record.status_code is not None:
        code = 0 if record.http_response is None else record.http_response.code
        facts += [
            ("ended with", record.status_code),
            ("because", record.status_detail),
            ("to change it", advice(record.status_code, code)),
        ]
    return facts


def _finding(record: DetectionFinding, technique_name: Callable[[str], str | None]) -> str:
    info = record.finding_info
    evidence = [f"{name} {value}" for each in record.evidences for name, value in each.data.items()]
    return _table(
        [
            ("signal", info.title),
            ("detector", None if info.analytic is None else info.analytic.name),
            ("severity", f"{record.risk_score} of 100, {record.confidence_score} % sure"),
            ("about", _about(record)),
            ("stage", ", ".join(each.phase for each in info.kill_chain)),
            ("ATT&CK", ", ".join(_attack(each, technique_name) for each in info.attacks)),
            ("OWASP", ", ".join(info.types)),
            ("evidence", ", ".join(evidence)),
        ]
    )


def _attack(attack: Attack, technique_name: Callable[[str], str | None]) -> str:
    uid = attack.technique.uid
    name = technique_name(uid)
    tactic = "" if attack.tactic is None else f" ({attack.tactic.name})"
    return f"{uid} {name}{tactic}" if name else f"{uid}{tactic}"


def _tls(record: HttpActivity) -> list[tuple[str, str | None]]:
    tls = record.tls
    if tls is None:
        return []
    facts: list[tuple[str, str | None]] = [
        ("tls", " ".join(filter(None, (tls.version, tls.cipher, tls.sni)))),
        ("JA4", ", ".join(each.value for each in record.ja4_fingerprint_list)),
    ]
    if tls.certificate is not None:
        subject, digest = tls.certificate.subject or "unreadable", tls.certificate.fingerprints[0].value
        facts.append(("certificate", f"{subject}, SHA-256 {digest}"))
    return facts


def _answer(record: HttpActivity) -> str:
    response = record.http_response
    sent = "none" if response is None else f"{response.code}, {_bytes(response.body_length) or 'no body'}"
    return f"{sent}, after {_milliseconds(record):.1f} ms"


def _milliseconds(record: HttpActivity) -> float:
    return record.duration if record.unmapped is None else record.unmapped.duration_seconds * 1000


def _about(record: DetectionFinding) -> str:
    return ", ".join(f"{each.name} {each.value}" for each in record.observables) or "nobody"


def _client(endpoint: Endpoint) -> str:
    return endpoint.ip or endpoint.name or "-"


def _code(record: HttpActivity) -> str:
    return "-" if record.http_response is None else str(record.http_response.code)


def _url(record: HttpActivity) -> str:
    url = record.http_request.url
    host = f"[{url.hostname}]" if url.hostname and ":" in url.hostname else url.hostname
    start = f"{url.scheme or 'http'}://{host}" if host else ""
    port = f":{url.port}" if host and url.port else ""
    query = "" if url.query_string is None else f"?{url.query_string}"
    return f"{start}{port}{url.path}{query}"


def _bytes(length: int) -> str | None:
    return f"{length} bytes" if length else None


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def _table(facts: Iterable[tuple[str, str | None]]) -> str:
    return "\n".join(f"{_safe(name):<16} {_safe(value)}" for name, value in facts if value)


def _safe(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text)
