"""``decoy study``: what a transcript tells."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from bartizan.cli.decoy.actor import entries_of, printable
from bartizan.cli.options import config_option
from bartizan.decoy import study as studying
from bartizan.decoy.study import Bout, Finding, Study

__all__ = ["study"]

SHOWN = 15  # lines of a kind


@click.command()
@click.argument("actor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option()
def study(actor: str, config_file: Path, *, as_json: bool) -> None:
    """Tell what ACTOR did in the decoy upstream: tools, goals, payloads, and when.

    ACTOR is a kind and a value (session:…, address:192.0.2.7), or an address alone.
    """
    told = studying.study(entries_of(config_file, actor))
    if told is None:  # pragma: no cover - the command has ended then
        return
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(told), indent=2))
        return
    for line in _lines(told):
        click.echo(printable(line))


def _lines(told: Study) -> Iterator[str]:
    yield f"{told.actor}: {told.requests} requests, {_time(told.first)} to {_time(told.last)}"
    yield f"from      {', '.join(told.addresses[:SHOWN]) or 'no address'}"
    for title, findings in (("tools", told.tools), ("payloads", told.payloads)):
        yield ""
        yield title
        yield from _most(findings)
    yield ""
    yield "goals"
    for kind in dict.fromkeys(goal.kind for goal in told.goals):
        yield f"  {kind}"
        yield from (f"  {line}" for line in _most([goal for goal in told.goals if goal.kind == kind]))
    yield ""
    yield "timeline"
    yield from map(_bout, told.timeline)


def _most(findings: list[Finding]) -> Iterator[str]:
    for finding in findings[:SHOWN]:
        yield f"  {finding.count:>6}  {finding.what}{f'  ({finding.example})' if finding.example else ''}"
    if not findings:
        yield "          none"
    elif len(findings) > SHOWN:
        yield f"          and {len(findings) - SHOWN} more"


def _bout(bout: Bout) -> str:
    doing = ", ".join(f"{what} {count}" for what, count in sorted(bout.doing.items(), key=lambda item: -item[1]))
    statuses = ", ".join(f"{status} x {count}" for status, count in sorted(bout.statuses.items()))
    requests = f"{bout.requests} requests" + (f" with {', '.join(bout.tools)}" if bout.tools else "")
    return f"  {_time(bout.start)}  {bout.end - bout.start:6.1f} s  {requests}: {doing} ({statuses})"


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
