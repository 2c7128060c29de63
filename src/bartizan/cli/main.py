"""The ``bartizan`` command."""

from __future__ import annotations

import sys

import click

from bartizan import __version__
from bartizan.cli.lazy import LazyGroup
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
    "risk": "bartizan.cli.risk:risk",
    "pardon": "bartizan.cli.pardon:pardon",
    "cases": "bartizan.cli.cases:cases",
    "waf": "bartizan.cli.waf:waf",
    "access": "bartizan.cli.access:access",
    "decoy": "bartizan.cli.decoy:decoy",
}
"""Where each command lives."""


@click.command(cls=LazyGroup, places=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
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
