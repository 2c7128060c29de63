"""``rotate-keys``: a new key signs what upstreams are told."""

from __future__ import annotations

import time
from pathlib import Path

import click

from bartizan.cli.access.desk import Desk, at_desk
from bartizan.cli.options import config_option, load_config
from bartizan.keys.ring import KeyRing
from bartizan.storage.records.entities import AuditEvent

__all__ = ["rotate_keys"]


@click.command()
@config_option()
def rotate_keys(config_file: Path) -> None:
    """Have a new key sign assertions, in every process of this machine within a second.

    The one before is shown in the JWKS for an hour more, so upstreams that fetch it have nothing to do.
    """
    config = load_config(config_file).config
    ring = KeyRing.open(Path(config.storage.directory) / "keys", config.access.assertion.algorithm, time.time)

    async def work(desk: Desk) -> str:
        kid = ring.rotate()
        event = AuditEvent(time=time.time(), actor=desk.actor.id, action="keys.rotated", target=kid)
        with desk.records.transaction() as tx:
            tx.audit.add(event)
        return kid

    click.echo(f"{at_desk(config_file, work)} signs from now on")
