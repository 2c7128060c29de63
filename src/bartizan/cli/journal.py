"""``journal tail|cat|find``: reading what happened, also while it happens and when nothing runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path

import click
import msgspec

from bartizan.cli.options import Decorator, config_option, load_config
from bartizan.config.model.base import parse_duration
from bartizan.detection.attack import name_of
from bartizan.evidence.journal import Follower, JournalReader, Record
from bartizan.evidence.journal.text import line, story

__all__ = ["journal"]

FOLLOW_INTERVAL = 0.2  # seconds
MAX_TAIL = 100_000  # records


@click.group()
def journal() -> None:
    """Read the journal of exchanges and signals."""


def _json_option() -> Decorator:
    return click.option("--json", "as_json", is_flag=True, help="Print OCSF events, one JSON line each.")


def _directory_option() -> Decorator:
    return click.option(
        "--directory",
        type=click.Path(path_type=Path, file_okay=False),
        help="Where the segments are, instead of where the configuration says.",
    )


def _seconds(_: click.Context, __: click.Parameter, value: str | None) -> float | None:
    try:
        return None if value is None else parse_duration(value)
    except ValueError as error:
        raise click.ClickException(f"--since: {value!r} {error}") from None


@journal.command()
@click.option(
    "-n",
    "count",
    type=click.IntRange(0, MAX_TAIL),
    default=20,
    show_default=True,
    help="How many records to begin with.",
)
@click.option("-f", "--follow", is_flag=True, help="Go on as records are written.")
@_json_option()
@_directory_option()
@config_option()
def tail(count: int, config_file: Path, directory: Path | None, *, follow: bool, as_json: bool) -> None:
    """Print the last records."""
    place = _place(config_file, directory)
    if follow and not place.is_dir():
        checkpoint: dict[str, int] = {}
    else:
        reader = JournalReader(place)
        entries, checkpoint = reader.last(count)
        _print((entry.record for entry in entries), as_json=as_json)
        _tell_of_damage(reader)
    if follow:
        _follow(Follower(place, checkpoint), as_json=as_json)


@journal.command()
@click.option("--since", callback=_seconds, help="Only exchanges that ended in the last 10m, 1h, 7d.")
@click.option("--worker", help="Only the records of one worker, edge-1.")
@_json_option()
@_directory_option()
@config_option()
def cat(since: float | None, worker: str | None, config_file: Path, directory: Path | None, *, as_json: bool) -> None:
    """Print all records, of all workers, in the order in which exchanges ended."""
    reader = JournalReader(_place(config_file, directory), worker)
    entries = reader.entries(0.0 if since is None else time.time() - since)
    _print((entry.record for entry in entries), as_json=as_json)
    _tell_of_damage(reader)


@journal.command()
@click.argument("id")
@_json_option()
@_directory_option()
@config_option()
def find(id: str, config_file: Path, directory: Path | None, *, as_json: bool) -> None:  # noqa: A002 - what users see in error answers is an id
    """Explain the exchange that an error answer, a log line or X-Request-Id names."""
    reader = JournalReader(_place(config_file, directory))
    records = reader.find(id)
    _tell_of_damage(reader)
    if not records:
        click.echo(f"no exchange {id} in the journal", err=True)
        sys.exit(1)
    if as_json:
        _print(records, as_json=True)
    else:
        click.echo(story(records, name_of))


def _place(config_file: Path, directory: Path | None) -> Path:
    if directory is not None:
        return directory
    return Path(load_config(config_file).config.storage.directory) / "journal"


def _print(records: Iterable[Record], *, as_json: bool) -> None:
    out = sys.stdout.buffer
    for record in records:
        out.write(msgspec.json.encode(record) if as_json else line(record).encode())
        out.write(b"\n")
    out.flush()


def _follow(follower: Follower, *, as_json: bool) -> None:
    try:
        while True:
            _print((entry.record for entry in follower.poll()), as_json=as_json)
            time.sleep(FOLLOW_INTERVAL)
    except KeyboardInterrupt:
        sys.exit(130)


def _tell_of_damage(reader: JournalReader) -> None:
    if reader.damaged:
        click.echo(f"{reader.damaged} damaged places were passed over", err=True)
    for reason in reader.unreadable:
        click.echo(f"passed over: {reason}", err=True)
