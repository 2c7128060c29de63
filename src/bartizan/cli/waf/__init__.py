"""``waf``: commands for people who write, test and tune WAF rules."""

from __future__ import annotations

import click

from bartizan.cli.lazy import LazyGroup

__all__ = ["waf"]

COMMANDS = {
    "test": "bartizan.cli.waf.test:test",
    "inspect": "bartizan.cli.waf.inspect:inspect",
    "explain": "bartizan.cli.waf.explain:explain",
    "rules": "bartizan.cli.waf.rules:rules",
    "install-crs": "bartizan.cli.waf.install_crs:install_crs",
    "tune": "bartizan.cli.waf.tune:tune",
}
"""Where each command lives."""


@click.command(cls=LazyGroup, places=COMMANDS)
def waf() -> None:
    """Install, test, explain and tune WAF rules."""
