"""``show``: a person with all that is theirs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from bartizan.access.administration import Overview
from bartizan.access.told import told_overview
from bartizan.cli.access.desk import Desk, at_desk, moment, shown
from bartizan.cli.options import config_option

__all__ = ["show"]


@click.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option()
def show(name: str, config_file: Path, *, as_json: bool) -> None:
    """Show NAME with credentials, devices, sessions and what waits, by their ids. No secret is among it."""

    async def work(desk: Desk) -> Overview:
        return await desk.administration.overview((await desk.administration.find(name)).id)

    overview = at_desk(config_file, work)
    if as_json:
        click.echo(json.dumps(told_overview(overview), indent=2))
    else:
        for line in _lines(overview):
            click.echo(shown(line))


def _lines(overview: Overview) -> Iterator[str]:
    person = overview.person
    yield f"{person.name}  {person.display_name}" + ("" if person.active else "  (disabled)")
    yield f"id {person.id}, groups: {', '.join(person.groups) or 'none'}"
    if person.password_change:
        yield f"has to change the password: {person.password_change}"
    codes = sum(each.kind == "recovery" for each in overview.credentials)
    yield "credentials:" if overview.credentials else "has not enrolled"
    for credential in overview.credentials:
        if credential.kind != "recovery":
            used = moment(credential.last_used)
            yield f"  {credential.id}  {credential.kind:<8} {credential.label or '-'}, last used {used}"
    if codes:
        yield f"  {codes} recovery codes"
    for title, lines in (
        ("devices:", _device_lines(overview)),
        ("last sessions:", _session_lines(overview)),
        ("waiting:", _waiting_lines(overview)),
    ):
        found = list(lines)
        if found:
            yield title
            yield from found


def _device_lines(overview: Overview) -> Iterator[str]:
    for device in overview.devices:
        client = f"{device.browser} {device.browser_version}, {device.platform}".strip(" ,")
        seen = f"last seen {moment(device.last_seen)} {device.last_address}".rstrip()
        yield f"  {device.id}  {device.status:<11} {device.label} ({client}), {seen}"


def _session_lines(overview: Overview) -> Iterator[str]:
    for session in overview.sessions:
        end = "not ended" if session.ended is None else f"ended {moment(session.ended)} ({session.end_reason})"
        yield f"  {session.id}  AAL{session.aal} from {session.address}, {moment(session.started)}, {end}"


def _waiting_lines(overview: Overview) -> Iterator[str]:
    for invitation in overview.invitations:
        yield f"  {invitation.id}  invitation ({invitation.purpose}) until {moment(invitation.expires)}"
    for approval in overview.approvals:
        yield f"  {approval.id}  approval ({approval.kind}) until {moment(approval.expires)}"
