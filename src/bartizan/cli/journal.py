"""``journal tail|cat|find``: reading what happened, also while it happens and when nothing runs."""

from __future__ import annotations

import sys
import time
from collections import deque
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from bartizan.cli.options import config_option, load_config
from bartizan.config.model.base import parse_duration
from bartizan.evidence.journal import DetectionFinding, HttpActivity, JournalReader, Record

__all__ = ["journal"]

FOLLOW_INTERVAL = 0.2  # seconds


@click.group()
def journal() -> None:
    """Read the journal of exchanges and signals."""


@journal.command()
@click.option(
    "-n", "count", type=click.IntRange(0), default=20, show_default=True, help="How many records to begin with."
)
@click.option("-f", "--follow", is_flag=True, help="Go on as records are written.")
@click.option("--json", "as_json", is_flag=True, help="Print OCSF events, one JSON line each.")
@config_option()
def tail(count: int, config_file: Path, *, follow: bool, as_json: bool) -> None:
    """Print the last records."""
    reader = _reader(config_file)
    for entry in deque(reader.entries(), maxlen=count):
        _print(entry.record, as_json=as_json)
    if follow:
        reader.skip_to_end()
    while follow:
        time.sleep(FOLLOW_INTERVAL)
        for entry in reader.new():
            _print(entry.record, as_json=as_json)


@journal.command()
@click.option("--since", help="Only the last 10m, 1h, 7d.")
@click.option("--json", "as_json", is_flag=True, help="Print OCSF events, one JSON line each.")
@config_option()
def cat(since: str | None, config_file: Path, *, as_json: bool) -> None:
    """Print all records, of all workers, in order of time."""
    try:
        begin = 0.0 if since is None else time.time() - parse_duration(since)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--since") from None
    reader = _reader(config_file)
    for entry in reader.entries(begin):
        _print(entry.record, as_json=as_json)
    if reader.set_aside:
        click.echo(f"{reader.set_aside} damaged records were set aside", err=True)


@journal.command()
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="Print OCSF events, one JSON line each.")
@config_option()
def find(id: str, config_file: Path, *, as_json: bool) -> None:  # noqa: A002 - what users see in error answers is an id
    """Explain the exchange that an error answer, a log line or X-Request-Id names."""
    records = _reader(config_file).find(id)
    if not records:
        click.echo(f"no exchange {id} in the journal", err=True)
        sys.exit(1)
    for record in records:
        if as_json:
            _print(record, as_json=True)
        elif isinstance(record, HttpActivity):
            click.echo(_story(record))
        else:
            click.echo(_line(record))


def _reader(config_file: Path) -> JournalReader:
    return JournalReader(Path(load_config(config_file).config.storage.directory) / "journal")


def _print(record: Record, *, as_json: bool) -> None:
    click.echo(msgspec.json.encode(record).decode() if as_json else _line(record))


def _line(record: Record) -> str:
    at = datetime.fromtimestamp(record.time / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    if isinstance(record, DetectionFinding):
        about = ", ".join(f"{each.name} {each.value}" for each in record.observables)
        return f"{at}  signal    {record.finding_info.title} severity {record.risk_score}/100 about {about or 'nobody'}"
    url, note = record.http_request.url, record.unmapped
    query = f"?{url.query_string}" if url.query_string is not None else ""
    verdict = "" if note is None or note.verdict is None else f"  {note.verdict.guard}: {note.verdict.action}"
    error = "" if note is None or note.error is None else f"  {note.error}"
    route = "-" if note is None or note.route is None else note.route
    return (
        f"{at}  {record.src_endpoint.ip:<15} {record.http_response.code:3} {record.duration:8.1f} ms  "
        f"{record.http_request.http_method} {url.path}{query}  [{route}]{verdict}{error}"
    )


def _story(record: HttpActivity) -> str:
    """Tell one exchange to a person: what was asked, what became of it, who decided and what could be changed."""
    request, note = record.http_request, record.unmapped
    query = f"?{request.url.query_string}" if request.url.query_string is not None else ""
    lines = [
        ("exchange", record.metadata.uid),
        ("time", datetime.fromtimestamp(record.time / 1000, UTC).isoformat(timespec="milliseconds")),
        ("request", f"{request.http_method} {request.url.scheme}://{request.url.hostname}{request.url.path}{query}"),
        ("client", f"{record.src_endpoint.ip} {request.user_agent or ''}".strip()),
        ("request id", request.uid or record.metadata.uid),
        (
            "answer",
            f"{record.http_response.code or 'none'}, {record.http_response.length} bytes, {record.duration:.1f} ms",
        ),
    ]
    if record.tls is not None:
        fingerprint = record.tls.ja4_fingerprint_list[0].value if record.tls.ja4_fingerprint_list else "-"
        lines.append(("tls", f"{record.tls.version} {record.tls.cipher}, JA4 {fingerprint}"))
    if note is not None:
        lines.append(("route", note.route or "none"))
        if note.upstream is not None:
            took = "" if note.upstream_ms is None else f", {note.upstream_ms:.1f} ms to its response head"
            lines.append(("upstream", f"{note.upstream}, node {note.node}{took}"))
        lines += [(f"guard {name}", f"{spent:.3f} ms") for name, spent in note.guards_ms.items()]
        if note.verdict is not None:
            lines += [
                ("decided by", f"guard {note.verdict.guard}: {note.verdict.action}"),
                ("because", note.verdict.because),
            ]
            lines.append(("to change it", note.verdict.remedy))
        if note.error is not None:
            lines += [
                ("ended with", f"{note.error}: {note.error_detail}" if note.error_detail else note.error),
                ("to change it", _ADVICE.get(note.error, _MALFORMED if record.http_response.code < 500 else _LOG)),
            ]
    return "\n".join(f"{name:<16} {value}" for name, value in lines if value)


_LOG = "see the log of the same time"
_MALFORMED = "nothing here, if the client is at fault; limits are in the listener's `limits` (docs/configuration.md)"
_ADVICE = {
    "no_route": "no route fits; `bartizan explain` with this method and URL says what was compared",
    "method_not_allowed": "add the method to the route's methods",
    "upstream_unavailable": "no node may be used: see upstream node health in /metrics and the log",
    "upstream_unreachable": "the node refused or dropped the connection: is it running?",
    "upstream_timeout": "raise upstreams[].timeouts or the route's timeout, or find out why the node is slow",
    "upstream_protocol_error": "the node broke HTTP; the log of the same time says how",
    "client_gone": "the client closed the connection before its answer was complete",
    "body_too_large": "raise limits.body_bytes of the listener or body_bytes of the route",
    "body_timeout": "raise limits.timeouts.body of the listener",
    "body_too_slow": "lower limits.min_rate of the listener",
}
