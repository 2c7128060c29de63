"""``audit``: who did what to whom."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from bartizan.access.names import normalised_name
from bartizan.cli.access.desk import Desk, at_desk, moment, shown
from bartizan.cli.options import config_option
from bartizan.storage.records.entities import AuditEvent
from bartizan.storage.records.store import Transaction

__all__ = ["audit"]

MAX_EVENTS = 100_000


@click.command()
@click.option(
    "-n", "count", type=click.IntRange(1, MAX_EVENTS), default=50, show_default=True, help="How many at most."
)
@click.option("--after", type=click.IntRange(0), help="Those with numbers above this, instead of the last ones.")
@click.option("--actor", help="Only what somebody did: cli:USER, or a person's name or id.")
@click.option("--target", help="Only what was done to a person (name or id), or to a device, session or group.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@config_option()
def audit(
    count: int, after: int | None, actor: str | None, target: str | None, config_file: Path, *, as_json: bool
) -> None:
    """Show the audit trail of people and administrators, the newest last."""

    async def work(desk: Desk) -> Sequence[AuditEvent]:
        with desk.records.transaction(read_only=True) as tx:
            by, about = _identifier(tx, actor), _identifier(tx, target)
            if after is None:
                return tx.audit.latest(count, by, about)
            return tx.audit.list(after, count, by, about)

    for event in at_desk(config_file, work):
        click.echo(msgspec.json.encode(event).decode() if as_json else shown(_line(event)))


def _identifier(tx: Transaction, name: str | None) -> str | None:
    """Return the id of the person with a name, or the text as it is."""
    person = None if name is None else tx.people.find(normalised_name(name))
    return name if person is None else person.id


def _line(event: AuditEvent) -> str:
    details = " ".join(f"{name}={text}" for name, text in event.details.items())
    parts = (event.actor, event.action, event.target, event.address, details)
    failed = "" if event.outcome == "success" else "FAILED "
    return f"{event.number:>6} {moment(event.time)} {failed}{' '.join(part for part in parts if part)}"
