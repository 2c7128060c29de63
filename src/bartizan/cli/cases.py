"""``cases``: who touched what no honest client touches, one case for each actor, decoy and place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from bartizan.cli.decoy.actor import printable
from bartizan.cli.options import config_option, load_config
from bartizan.cli.risk import times, when
from bartizan.config.model import Config
from bartizan.errors import JournalError
from bartizan.evidence.journal import HttpActivity, JournalReader, Record
from bartizan.evidence.journal.text import line as line_of
from bartizan.sentry.cases import Case
from bartizan.sentry.view import View

__all__ = ["cases"]


@click.group(invoke_without_command=True)
@click.option(
    "-n", "--limit", default=50, show_default=True, type=click.IntRange(1, 100_000), help="How many at the most."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option()
@click.pass_context
def cases(context: click.Context, limit: int, config_file: Path, *, as_json: bool) -> None:
    """List cases of decoys, honeytokens and canaries that were touched, the last one first."""
    if context.invoked_subcommand is not None:
        return
    found = _read(load_config(config_file).config)
    if as_json:
        click.echo(_json(found[:limit]))
        return
    if not found:
        click.echo("there are no cases")
    for case in found[:limit]:
        pardoned = "  pardoned" if case.pardoned else ""
        what = " ".join(filter(None, (case.signal, case.decoy, case.place and f"({case.place})")))
        click.echo(printable(f"{case.id}  {when(case.last)}  {case.actor:<32}  {what}, {times(case.count)}{pardoned}"))
    if len(found) > limit:
        click.echo(f"and {len(found) - limit} more; -n shows them")


@cases.command()
@click.argument("case_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option()
def show(case_id: str, config_file: Path, *, as_json: bool) -> None:
    """Show a case: who, what, where it was planted, and its first findings, as the journal has them."""
    config = load_config(config_file).config
    case = next((each for each in _read(config) if each.id == case_id), None)
    if case is None:
        raise click.ClickException(f"there is no case {case_id!r}; `bartizan cases` lists them")
    records = _records(Path(config.storage.directory) / "journal", case)
    if as_json:
        click.echo(_json({**msgspec.to_builtins(case), "findings": records}))
        return
    for line in _lines(case, records):
        click.echo(printable(line))


def _lines(case: Case, records: list[Record]) -> Iterator[str]:
    facts = [
        ("case", case.id),
        ("actor", case.actor),
        ("signal", case.signal),
        ("decoy", case.decoy),
        ("planted", case.place),
        ("opened", when(case.opened)),
        ("last", when(case.last)),
        ("times", str(case.count)),
        ("severity", f"{case.severity} of 100"),
        ("actors", ", ".join(case.actors)),
        ("pardoned", case.pardoned),
    ]
    yield from (f"{name:<10}{value}" for name, value in facts if value)
    yield ""
    yield "its first findings" if records else "the journal has none of its findings any more"
    for record in records:
        yield f"  {line_of(record)}"
        if isinstance(record, HttpActivity):
            yield f"  bartizan journal find {record.metadata.uid}"
    yield ""
    yield f"bartizan risk show {case.actor}"
    if not case.pardoned:
        yield f"bartizan pardon {case.actor} --because …    if that was no attack"


def _records(directory: Path, case: Case) -> list[Record]:
    """Return the findings that a case has noted, each behind its exchange, as far as the journal still has them."""
    reader, noted, found = JournalReader(directory), frozenset(case.signals), []
    try:
        for exchange in dict.fromkeys(uid.partition("-")[0] for uid in case.signals):
            records = reader.find(exchange)
            found += [each for each in records if isinstance(each, HttpActivity) or each.metadata.uid in noted]
    except JournalError as error:
        click.echo(str(error), err=True)
    return found


def _read(config: Config) -> list[Case]:
    with View.of(config) as view:
        return view.cases()


def _json(what: object) -> str:
    return msgspec.json.format(msgspec.json.encode(what), indent=2).decode()
