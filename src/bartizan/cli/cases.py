"""``cases``: who touched what no honest client touches, one case for each actor, decoy and place."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from bartizan.cli.decoy.actor import printable
from bartizan.cli.options import config_option, load_config
from bartizan.cli.risk import times, when
from bartizan.sentry.cases import Case
from bartizan.sentry.view import View

__all__ = ["cases"]


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option()
@click.pass_context
def cases(context: click.Context, config_file: Path, *, as_json: bool) -> None:
    """List cases of decoys, honeytokens and canaries that were touched, the last one first."""
    if context.invoked_subcommand is not None:
        return
    found = _read(config_file)
    if as_json:
        click.echo(_json(found))
    elif not found:
        click.echo("there are no cases")
    for case in () if as_json else found:
        pardoned = "  pardoned" if case.pardoned else ""
        what = " ".join(filter(None, (case.signal, case.decoy, case.place and f"({case.place})")))
        click.echo(printable(f"{case.id}  {when(case.last)}  {case.actor:<32}  {what}, {times(case.count)}{pardoned}"))


@cases.command()
@click.argument("case_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option()
def show(case_id: str, config_file: Path, *, as_json: bool) -> None:
    """Show a case: who, what, where it was planted, and where the journal has it."""
    case = next((each for each in _read(config_file) if each.id == case_id), None)
    if case is None:
        raise click.ClickException(f"there is no case {case_id!r}; `bartizan cases` lists them")
    if as_json:
        click.echo(_json(case))
        return
    lines = [
        ("case", case.id),
        ("actor", case.actor),
        ("signal", case.signal),
        ("decoy", case.decoy),
        ("planted", case.place),
        ("opened", when(case.opened)),
        ("last", when(case.last)),
        ("times", str(case.count)),
        ("severity", str(case.severity)),
        ("actors", ", ".join(case.actors)),
        ("pardoned", case.pardoned),
    ]
    for name, value in lines:
        if value:
            click.echo(printable(f"{name:<10}{value}"))
    for uid in case.signals:
        click.echo(printable(f"{'seen in':<10}bartizan journal find {uid.partition('-')[0]}"))


def _read(config_file: Path) -> list[Case]:
    with View(Path(load_config(config_file).config.storage.directory)) as view:
        return view.cases()


def _json(what: object) -> str:
    return msgspec.json.format(msgspec.json.encode(what), indent=2).decode()
