"""``revoke``, ``quarantine``: sessions, devices and credentials that are good no more."""

from __future__ import annotations

from pathlib import Path

import click

from bartizan.cli.access.desk import Desk, at_desk, shown
from bartizan.cli.options import config_option
from bartizan.errors import RecordNotFound
from bartizan.storage.records.entities import Device

__all__ = ["quarantine", "revoke"]


@click.command()
@click.argument("name")
@click.option("--sessions", is_flag=True, help="End all sessions: NAME has to log in again.")
@click.option("--devices", is_flag=True, help="Revoke all devices for good: NAME needs a reset to get in again.")
@click.option("--device", metavar="ID", help="Revoke one device for good.")
@click.option("--credential", metavar="ID", help="Revoke one credential, and end all sessions.")
@config_option()
def revoke(
    name: str, device: str | None, credential: str | None, config_file: Path, *, sessions: bool, devices: bool
) -> None:
    """Revoke what NAME has, at once on every edge process. Exactly one option says what."""
    if sessions + devices + (device is not None) + (credential is not None) != 1:
        raise click.UsageError("say what: one of --sessions, --devices, --device ID, --credential ID")

    async def work(desk: Desk) -> str:
        overview = await desk.administration.overview((await desk.administration.find(name)).id)
        person = overview.person
        if sessions:
            return f"{await desk.administration.revoke_sessions(desk.actor, person.id)} sessions of {person.name} ended"
        if devices:
            count = await desk.administration.revoke_devices(desk.actor, person.id)
            return f"{count} devices of {person.name} are revoked"
        if device is not None:
            _expect(device, [each.id for each in overview.devices], name)
            revoked = await desk.administration.set_device(desk.actor, device, "revoked")
            return f"the device {revoked.label} of {person.name} is revoked"
        _expect(credential, [each.id for each in overview.credentials], name)
        gone = await desk.administration.revoke_credential(desk.actor, credential or "")
        return f"a credential ({gone.kind}) of {person.name} is revoked, and all sessions ended"

    click.echo(shown(at_desk(config_file, work)))


@click.command()
@click.argument("device", metavar="DEVICE-ID")
@click.option("--lift", is_flag=True, help="Trust the device again.")
@config_option()
def quarantine(device: str, config_file: Path, *, lift: bool) -> None:
    """Trust a device no more until it is lifted, and end its sessions; `bartizan access show` tells ids."""

    async def work(desk: Desk) -> Device:
        return await desk.administration.set_device(desk.actor, device, "trusted" if lift else "quarantined")

    found = at_desk(config_file, work)
    click.echo(shown(f"the device {found.label} is {found.status}"))


def _expect(identifier: str | None, known: list[str], name: str) -> None:
    if identifier not in known:
        raise RecordNotFound(f"{name} has no such one; `bartizan access show {name}` tells what they have")
