"""``pardon``: what raised an actor's risk was no attack."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click

from bartizan.cli.decoy.actor import printable
from bartizan.cli.options import config_option, load_config, user_name
from bartizan.config.model import Config
from bartizan.detection.decisions import Decision
from bartizan.detection.pardons import Pardon
from bartizan.detection.pardons import pardon as ask_for
from bartizan.errors import SentryError
from bartizan.sentry.undoing import MadePardon
from bartizan.sentry.view import View, is_kept, is_running
from bartizan.storage.state import open_state

__all__ = ["pardon"]

POLL = 0.1  # seconds
ASKED_FOR = 3
"""The exit status where a pardon was not carried out yet."""


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
    lines = _carried_out(config, given, time.monotonic() + wait)
    for line in lines:
        click.echo(printable(line))
    if not lines:
        running = is_running(Path(config.storage.directory))
        why = "is still busy with it" if running else "does not run here: it will be carried out when it starts"
        click.echo(f"{printable(given.actor)}: pardon {given.id} is asked for, but the sentry {why}", err=True)
        sys.exit(ASKED_FOR)


async def _ask_for(config: Config, actor: str, because: str) -> Pardon:
    state = open_state(config.storage.state, Path(config.storage.directory))
    try:
        return await ask_for(state, actor, because=because, by=user_name(), now=time.time())
    finally:
        await state.close()


def _carried_out(config: Config, given: Pardon, until: float) -> list[str]:
    """Wait until the sentry of this machine has carried a pardon out; returns what that was, nothing if it has not."""
    directory = Path(config.storage.directory)
    while True:
        lines = _look(config, given) if is_kept(directory) else []
        if lines or time.monotonic() >= until or not is_running(directory):
            return lines
        time.sleep(POLL)


def _look(config: Config, given: Pardon) -> list[str]:
    try:
        with View.of(config) as view:
            made = view.pardon(given.id)
            found = [] if made is None else [view.decision(number) for number in made.undone]
    except SentryError:
        return []  # it is only being made
    if made is None:
        return []
    return list(_told(made, [each.decision for each in found if each is not None]))


def _told(made: MadePardon, undone: list[Decision]) -> Iterator[str]:
    yield f"{made.pardon.actor} is pardoned (pardon {made.pardon.id})"
    if others := [actor for actor in made.touched if actor != made.pardon.actor]:
        yield f"whose risk fell by it: {', '.join(others)}"
    for each in undone:
        if each.what == "quarantine_device":
            yield f"device {each.device} is trusted again, and its sessions come back (decision {each.id})"
        else:
            yield f"session {each.session} comes back (decision {each.id})"
    if unknown := set(made.undone).difference(each.id for each in undone):
        yield f"undone, too: {', '.join(f'decision {number}' for number in sorted(unknown))}"
    if undone:
        yield "control does that within a second, except for what was ended since then by a person"
    if made.cases:
        yield f"noted in: {', '.join(f'case {number}' for number in made.cases)}"
