"""The ``bartizan`` command."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from bartizan import __version__
from bartizan.errors import BartizanError, ConfigError

__all__ = ["cli", "main"]

COMMANDS = {
    "init": "bartizan.cli.config:init",
    "check": "bartizan.cli.config:check",
    "schema": "bartizan.cli.config:schema",
    "explain": "bartizan.cli.explain:explain",
    "up": "bartizan.cli.up:up",
    "reload": "bartizan.cli.orders:reload",
    "status": "bartizan.cli.orders:status",
    "ban": "bartizan.cli.bans:ban",
    "unban": "bartizan.cli.bans:unban",
    "bans": "bartizan.cli.bans:bans",
    "journal": "bartizan.cli.journal:journal",
    "waf": "bartizan.cli.waf:waf",
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


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="bartizan")
def cli() -> None:
    """Bartizan puts defense in depth and zero trust in front of your APIs."""


def main() -> None:
    """Run the command; what Bartizan itself refuses is told in plain words, with exit status 1."""
    try:
        cli()
    except ConfigError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except BartizanError as error:
        click.echo(f"bartizan: {error}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
