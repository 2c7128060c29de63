"""``reload``, ``status``: orders to a running supervisor."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import click

from bartizan.cli.options import config_option, load_config
from bartizan.errors import ConfigError, ControlError
from bartizan.supervisor.control import ask

__all__ = ["reload", "status"]


@click.command()
@config_option()
def reload(config_file: Path) -> None:
    """Have a running Bartizan read its configuration again.

    Exit status: 0 done, 1 the configuration is not valid and the old one stays in force, 2 no Bartizan answers.
    """
    try:
        config = load_config(config_file).config
    except ConfigError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        click.echo("not reloaded: the old configuration stays in force", err=True)
        sys.exit(1)
    answer = _ask(Path(config.storage.directory), "reload")
    for problem in answer["problems"]:
        click.echo(problem, err=True)
    if not answer["done"]:
        click.echo(f"not reloaded: {answer['summary']}", err=True)
        sys.exit(1)
    click.echo(f"reloaded: {answer['summary']}")


@click.command()
@config_option()
def status(config_file: Path) -> None:
    """Show the workers of a running Bartizan."""
    click.echo(json.dumps(_ask(Path(load_config(config_file).config.storage.directory), "status"), indent=2))


def _ask(directory: Path, order: str) -> dict[str, Any]:
    try:
        return asyncio.run(ask(directory, order))
    except ControlError as error:
        click.echo(f"bartizan: {error}", err=True)
        sys.exit(2)
