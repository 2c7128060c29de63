"""``init``, ``check``, ``schema``: what needs no running gateway."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from bartizan.access.check import notices
from bartizan.cli.options import config_option, load_config
from bartizan.config.model import Config
from bartizan.config.resolve import effective_guards
from bartizan.config.schema import json_schema
from bartizan.config.starter import STARTER
from bartizan.errors import ConfigError

__all__ = ["check", "init", "schema"]


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default="bartizan.yaml")
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
def init(file: Path, *, force: bool) -> None:
    """Write a commented configuration to start from."""
    try:
        with file.open("w" if force else "x", encoding="utf-8") as opened:
            opened.write(STARTER)
    except FileExistsError:
        raise click.ClickException(f"{file} is there already; --force overwrites it") from None
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from None
    click.echo(f"{file} written. Next: `bartizan check`, then `bartizan up`.")


@click.command()
@config_option()
@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON.")
def check(config_file: Path, *, as_json: bool) -> None:
    """Tell whether the configuration can be served; exit status 0 or 1."""
    try:
        config = load_config(config_file).config
        _check_rules(config)
    except ConfigError as error:
        if as_json:
            click.echo(json.dumps([asdict(problem) for problem in error.problems], indent=2))
        else:
            click.echo("\n".join(map(str, error.problems)), err=True)
            count = len(error.problems)
            click.echo(f"{config_file}: {count} problem{'s' if count > 1 else ''}", err=True)
        sys.exit(1)
    told = notices(config)
    summary = f"{len(config.listeners)} listeners, {len(config.upstreams)} upstreams, {len(config.routes)} routes"
    click.echo("[]" if as_json else f"{config_file}: valid: {summary}")
    for notice in told:
        click.echo(f"notice: {notice}", err=True)


def _check_rules(config: Config) -> None:
    """Read the rules of WAFs, if any is turned on. Raises ``SecLangError``."""
    guards = (config.guards, *(effective_guards(config, route) for route in config.routes))
    if any(each.waf.enabled for each in guards):
        from bartizan.perimeter.waf.store import check_rules  # noqa: PLC0415 - large, and not always wanted

        check_rules(config)


@click.command()
def schema() -> None:
    """Print the JSON Schema of the configuration, for editors."""
    click.echo(json.dumps(json_schema(), indent=2))
