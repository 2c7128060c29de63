"""``pardon``: what raised an actor's risk was no attack."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import click

from bartizan.cli.decoy.actor import printable
from bartizan.cli.options import config_option, load_config, user_name
from bartizan.config.model import Config
from bartizan.detection.pardons import Pardon
from bartizan.detection.pardons import pardon as ask_for
from bartizan.errors import SentryError
from bartizan.sentry.undoing import MadePardon
from bartizan.sentry.view import View, is_running
from bartizan.storage.state import open_state

__all__ = ["pardon"]

POLL = 0.1  # seconds


@click.command()
@click.argument("actor")
@click.option("--because", required=True, help="Why: it is kept with the pardon, and with what is undone.")
@click.option("--wait", default=15.0, show_default=True, type=click.FloatRange(0, 600), help="Seconds, at the most.")
@config_option()
def pardon(actor: str, because: str, wait: float, config_file: Path) -> None:
    """Take ACTOR's risk back, and undo what followed from it.

    What spread from it to others goes, too; sessions that were revoked and devices that were quarantined for it are as
    they were. ACTOR is KIND:VALUE, or an address alone. Exit status: 0 done, 1 asked for and not carried out yet.
    """
    config = load_config(config_file).config
    try:
        given = asyncio.run(_ask_for(config, actor, because))
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    made = _carried_out(Path(config.storage.directory), given, time.monotonic() + wait)
    if made is None:
        running = is_running(Path(config.storage.directory))
        why = "is still busy with it" if running else "does not run; it will do so once it is started"
        click.echo(f"{printable(given.actor)}: pardon {given.id} is asked for, but the sentry {why}", err=True)
        sys.exit(1)
    for line in _told(made):
        click.echo(printable(line))


async def _ask_for(config: Config, actor: str, because: str) -> Pardon:
    state = open_state(config.storage.state, Path(config.storage.directory))
    try:
        return await ask_for(state, actor, because=because, by=user_name(), now=time.time())
    finally:
        await state.close()


def _carried_out(directory: Path, given: Pardon, until: float) -> MadePardon | None:
    """Wait until the sentry of this machine has carried a pardon out."""
    while True:
        made = _look(directory, given)
        if made is not None or time.monotonic() >= until or not is_running(directory):
            return made
        time.sleep(POLL)


def _look(directory: Path, given: Pardon) -> MadePardon | None:
    try:
        with View(directory) as view:
            return view.pardon(given.id)
    except SentryError:
        return None  # nothing was ever kept


def _told(made: MadePardon) -> list[str]:
    others = [actor for actor in made.touched if actor != made.pardon.actor]
    lines = [f"{made.pardon.actor} is pardoned (pardon {made.pardon.id})"]
    if others:
        lines.append(f"whose risk fell by it: {', '.join(others)}")
    if made.undone:
        lines.append(f"undone: {', '.join(f'decision {number}' for number in made.undone)}")
    if made.cases:
        lines.append(f"noted in: {', '.join(f'case {number}' for number in made.cases)}")
    return lines
