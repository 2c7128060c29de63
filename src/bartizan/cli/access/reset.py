"""``reset``: a new link for somebody who cannot log in any more, under dual control."""

from __future__ import annotations

from pathlib import Path

import click

from bartizan.access.administration import Invited
from bartizan.access.approvals import Asked
from bartizan.cli.access.desk import Desk, at_desk, moment, shown
from bartizan.cli.access.people import print_link
from bartizan.cli.options import config_option

__all__ = ["reset"]


@click.command()
@click.argument("name")
@click.option("--because", help="Why; whoever has to agree is shown it.")
@click.option("--finish", metavar="APPROVAL-ID", help="Print the link, after an administrator has agreed.")
@config_option()
def reset(name: str, because: str | None, finish: str | None, config_file: Path) -> None:
    """Ask for a link by which NAME replaces all they have: password, factors, devices.

    Somebody in the group of administrators has to agree, in their approvals inbox, within a day. Then --finish prints
    the link, once, to whoever asked.
    """
    if (because is None) == (finish is None):
        raise click.UsageError("say --because TEXT to ask, or --finish APPROVAL-ID after an administrator has agreed")

    async def work(desk: Desk) -> Asked | Invited:
        person = await desk.administration.find(name)
        if finish is not None:
            return await desk.administration.finish_reset(desk.actor, finish, person.id)
        return await desk.administration.ask_reset(desk.actor, person.id, because or "")

    made = at_desk(config_file, work)
    if isinstance(made, Invited):
        print_link(made)
        return
    click.echo(f"an administrator has to agree until {moment(made.expires)}; then, as the same user:")
    click.echo(shown(f"bartizan access reset {name} --finish {made.id}"))
