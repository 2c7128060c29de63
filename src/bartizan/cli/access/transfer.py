"""``export``, ``import``: people and groups as a SCIM 2.0 ListResponse (RFC 7643, RFC 7644)."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from bartizan.access.scim.directory import Imported
from bartizan.access.scim.plan import Plan, SetAside
from bartizan.access.scim.reading import MAX_DOCUMENT, decode
from bartizan.cli.access.desk import Desk, at_desk, shown
from bartizan.cli.options import config_option
from bartizan.errors import BartizanError, ScimError

__all__ = ["export", "import_"]

SHOWN = 100  # of what is set aside


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@config_option()
def export(file: Path | None, config_file: Path) -> None:
    """Write people and groups into FILE, which must not exist, or to standard output. No credential is among them."""

    async def work(desk: Desk) -> dict[str, Any]:
        return await desk.directory.export()

    text = json.dumps(at_desk(config_file, work), indent=2, ensure_ascii=False)
    if file is None:
        click.echo(text)
        return
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as target:
            target.write(text + "\n")
    except OSError as error:
        raise BartizanError(f"{file}: {error.strerror}: name another") from None


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@config_option()
def import_(file: Path, config_file: Path, *, dry_run: bool) -> None:
    """Make people and groups what FILE says: a SCIM ListResponse, or a list of Users and Groups.

    Users are known by externalId, then by userName; a Group that names members has exactly these afterwards. Whoever
    is not in FILE stays as they are. What cannot be used is set aside and told, and the exit status is 1 then.
    Nobody is invited by it.
    """
    document = _read(file)

    async def work(desk: Desk) -> Plan | Imported:
        plan = await desk.directory.plan_import(document)
        return plan if dry_run else await desk.directory.carry_out(desk.actor, plan)

    made = at_desk(config_file, work)
    if isinstance(made, Plan):
        changed = len(made.changes) - made.added
        click.echo(f"would add {made.added} people and {len(made.groups)} groups, and change {changed} people")
    else:
        click.echo(f"added {made.added} people, changed {made.changed}; {made.sessions} sessions ended")
    _tell(made.set_aside)
    if made.set_aside:
        sys.exit(1)


def _read(file: Path) -> object:
    try:
        with file.open("rb") as source:
            data = source.read(MAX_DOCUMENT + 1)
    except OSError as error:
        raise BartizanError(f"{file}: {error.strerror}") from None
    try:
        return decode(data)
    except ScimError as error:
        raise BartizanError(f"{file}: {error}") from None


def _tell(set_aside: Sequence[SetAside]) -> None:
    for one in set_aside[:SHOWN]:
        click.echo(shown(f"{one.place} ({one.which}): {one.reason}"), err=True)
    if set_aside:
        rest = f", the first {SHOWN} of them above" if len(set_aside) > SHOWN else ""
        click.echo(f"{len(set_aside)} set aside{rest}", err=True)
