"""``waf``: commands for people who write, test and tune WAF rules."""

from __future__ import annotations

from importlib import import_module

import click

__all__ = ["waf"]

COMMANDS = {
    "test": "bartizan.cli.waf.test:test",
    "inspect": "bartizan.cli.waf.inspect:inspect",
    "explain": "bartizan.cli.waf.explain:explain",
    "rules": "bartizan.cli.waf.rules:rules",
    "install-crs": "bartizan.cli.waf.install_crs:install_crs",
    "tune": "bartizan.cli.waf.tune:tune",
}
"""Where each command lives; it is imported only when it is used."""


class _Commands(click.Group):
    """Looks commands up in the table."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the signature is click's
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the signature is click's
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command = getattr(import_module(module), name)
        return command if isinstance(command, click.Command) else None


@click.command(cls=_Commands)
def waf() -> None:
    """Install, test, explain and tune WAF rules."""
