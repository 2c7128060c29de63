"""``access``: commands for administrators, who work directly on records and shared state."""

from __future__ import annotations

import click

from bartizan.cli.lazy import LazyGroup

__all__ = ["access"]

COMMANDS = {
    "invite": "bartizan.cli.access.people:invite",
    "list": "bartizan.cli.access.people:list_people",
    "show": "bartizan.cli.access.show:show",
    "disable": "bartizan.cli.access.people:disable",
    "enable": "bartizan.cli.access.people:enable",
    "groups": "bartizan.cli.access.people:groups",
    "revoke": "bartizan.cli.access.revoke:revoke",
    "quarantine": "bartizan.cli.access.revoke:quarantine",
    "reset": "bartizan.cli.access.reset:reset",
    "rotate-keys": "bartizan.cli.access.keys:rotate_keys",
    "export": "bartizan.cli.access.transfer:export",
    "import": "bartizan.cli.access.transfer:import_",
    "audit": "bartizan.cli.access.audit:audit",
}
"""Where each command lives."""


@click.command(cls=LazyGroup, places=COMMANDS)
def access() -> None:
    """Invite people, end their access, look at what was done.

    Works on records and shared state, so run it as the user that Bartizan runs as. Everything that changes something
    is in the audit trail, with your user's name.
    """
