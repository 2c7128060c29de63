"""``decoy har``: a transcript for browsers and other tools."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click

from bartizan.cli.decoy.actor import entries_of
from bartizan.cli.options import config_option
from bartizan.decoy.har import har_json

__all__ = ["har"]


@click.command()
@click.argument("actor")
@click.option("-o", "--output", type=click.File("wb"), default="-", help="The file to write.", show_default=True)
@config_option()
def har(actor: str, output: BinaryIO, config_file: Path) -> None:
    """Write what ACTOR asked the decoy upstream, and got, as HTTP Archive 1.2.

    ACTOR is a kind and a value (session:…, address:192.0.2.7), or an address alone.
    """
    entries = entries_of(config_file, actor)
    output.writelines(har_json(entries))
