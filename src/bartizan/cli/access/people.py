"""``invite``, ``list``, ``disable``, ``enable``, ``groups``: who may come in, and as what."""

from __future__ import annotations

import json
from pathlib import Path

import click

from bartizan.access.administration import Invited
from bartizan.access.told import told_person
from bartizan.cli.access.desk import Desk, at_desk, moment, shown
from bartizan.cli.options import config_option
from bartizan.storage.records.entities import Principal
from bartizan.storage.records.people import PeopleFilter

__all__ = ["disable", "enable", "groups", "invite", "list_people"]

PAGE = 1000


@click.command()
@click.argument("name")
@click.option("--display-name", help="What people see; the name, if you leave it out.")
@click.option("--email", help="Kept with the person; nothing is sent there.")
@click.option("--group", "names", multiple=True, help="A group they are in. May be given several times.")
@click.option("--create", is_flag=True, help="Make groups that do not exist, and that no configuration names.")
@config_option()
def invite(
    name: str, display_name: str | None, email: str | None, names: tuple[str, ...], config_file: Path, *, create: bool
) -> None:
    """Print a link by which NAME enrols, once. There is one at a time: earlier ones end.

    Hand it over where nobody else reads it: whoever opens it first becomes NAME.
    """

    async def work(desk: Desk) -> Invited:
        return await desk.administration.invite(
            desk.actor, name, display_name=display_name, email=email, groups=names, make_groups=create
        )

    print_link(at_desk(config_file, work))


@click.command("list")
@click.option("--group", help="Only the members of a group.")
@click.option("--matching", help="Only those with this in their name or display name.")
@click.option("--disabled", is_flag=True, help="Only those who are disabled.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option()
def list_people(group: str | None, matching: str | None, config_file: Path, *, disabled: bool, as_json: bool) -> None:
    """List people."""
    wanted = PeopleFilter(group=group, text=matching, active=False if disabled else None)

    async def work(desk: Desk) -> list[Principal]:
        with desk.records.transaction(read_only=True) as tx:
            found: list[Principal] = []
            while page := tx.people.list(wanted, len(found), PAGE)[0]:
                found += page
            return found

    found = at_desk(config_file, work)
    if as_json:
        click.echo(json.dumps([told_person(person) for person in found], indent=2))
    elif not found:
        click.echo("nobody")
    else:
        for person in found:
            state = "" if person.active else "  (disabled)"
            click.echo(shown(f"{person.name:<24} {person.display_name:<28} {', '.join(person.groups)}{state}"))


@click.command()
@click.argument("name")
@config_option()
def disable(name: str, config_file: Path) -> None:
    """Let NAME in no more, and end their sessions and invitations."""

    async def work(desk: Desk) -> tuple[Principal, int]:
        person = await desk.administration.find(name)
        return person, await desk.administration.disable(desk.actor, person.id)

    person, ended = at_desk(config_file, work)
    click.echo(f"{shown(person.name)} is disabled; {ended} sessions ended")


@click.command()
@click.argument("name")
@config_option()
def enable(name: str, config_file: Path) -> None:
    """Let NAME in again, with what they had."""

    async def work(desk: Desk) -> Principal:
        person = await desk.administration.find(name)
        return await desk.administration.enable(desk.actor, person.id)

    click.echo(f"{shown(at_desk(config_file, work).name)} is enabled")


@click.command()
@click.argument("name")
@click.option("--add", "added", multiple=True, help="A group to put them into. May be given several times.")
@click.option("--remove", "removed", multiple=True, help="A group to take them out of. May be given several times.")
@click.option("--create", is_flag=True, help="Make groups that do not exist, and that no configuration names.")
@config_option()
def groups(name: str, added: tuple[str, ...], removed: tuple[str, ...], config_file: Path, *, create: bool) -> None:
    """Show or change the groups of NAME. Their sessions end if anything changes."""

    async def work(desk: Desk) -> Principal:
        person = await desk.administration.find(name)
        if not added and not removed:
            return person
        return await desk.administration.change_groups(
            desk.actor, person.id, add=added, remove=removed, make_groups=create
        )

    person = at_desk(config_file, work)
    click.echo(shown(f"{person.name}: {', '.join(person.groups) or 'no groups'}"))


def print_link(invited: Invited) -> None:
    """Print a link, alone on standard output, so that a script can take it."""
    until = moment(invited.expires)
    click.echo(shown(f"for {invited.person.name}, once, until {until}; it is shown only now:"), err=True)
    click.echo(invited.link)
