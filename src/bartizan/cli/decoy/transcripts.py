"""``decoy transcripts``: who was diverted."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from bartizan.cli.decoy.actor import printable, transcripts_of
from bartizan.cli.options import config_option
from bartizan.decoy import transcript

__all__ = ["transcripts"]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option()
def transcripts(config_file: Path, *, as_json: bool) -> None:
    """List who was diverted to the decoy upstream, the last one first."""
    found = transcript.transcripts(transcripts_of(config_file))
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2))
    elif not found:
        click.echo("nobody was diverted")
    for each in () if as_json else found:
        click.echo(
            f"{printable(each.actor):<40} {each.entries:>7} requests {each.size:>10} bytes  "
            f"{_time(each.first)} to {_time(each.last)}"
        )


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
