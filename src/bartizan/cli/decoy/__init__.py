"""``decoy``: commands for what no honest client touches: credentials that nobody was given, and the decoy upstream."""

from __future__ import annotations

import click

from bartizan.cli.lazy import LazyGroup

__all__ = ["decoy"]

COMMANDS = {
    "token": "bartizan.cli.decoy.tokens:token",
    "tokens": "bartizan.cli.decoy.tokens:tokens",
    "forget": "bartizan.cli.decoy.tokens:forget",
    "serve": "bartizan.cli.decoy.serve:serve",
    "transcripts": "bartizan.cli.decoy.transcripts:transcripts",
    "har": "bartizan.cli.decoy.har:har",
    "study": "bartizan.cli.decoy.study:study",
}
"""Where each command lives."""


@click.command(cls=LazyGroup, places=COMMANDS)
def decoy() -> None:
    """Make credentials that nobody was given, and study who uses what no honest client touches."""
