"""Whose transcript is meant."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from bartizan.cli.options import load_config
from bartizan.decoy.contract import transcripts_directory
from bartizan.decoy.entry import Entry
from bartizan.decoy.transcript import read_transcript
from bartizan.detection.actors import parse_actor

__all__ = ["entries_of", "printable", "transcripts_of"]


def transcripts_of(config_file: Path) -> Path:
    """Return the directory of transcripts of a configuration."""
    return transcripts_directory(Path(load_config(config_file).config.storage.directory))


def entries_of(config_file: Path, actor: str) -> Iterator[Entry]:
    """Return the entries of an actor, named by kind and value or by an address alone; ends the command if none are."""
    try:
        key = parse_actor(actor)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    entries = read_transcript(transcripts_of(config_file), key)
    first = next(entries, None)
    if first is None:
        raise click.ClickException(f"there is no transcript of {key}; `bartizan decoy transcripts` lists what there is")
    yield first
    yield from entries


def printable(text: str) -> str:
    """Return text that a terminal may be given, whatever a client has put into it."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
