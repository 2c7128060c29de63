"""``decoy serve``: the decoy upstream on its own."""

from __future__ import annotations

from pathlib import Path

import click

from bartizan.cli.options import config_option, load_config
from bartizan.decoy.settings import decoy_config

__all__ = ["serve"]


@click.command()
@config_option()
def serve(config_file: Path) -> None:
    """Serve the decoy upstream until SIGTERM or Ctrl-C, on its socket in storage.directory.

    `bartizan up` does this by itself where deception.divert.enabled is true. This is for a decoy under other limits (a
    container, a user of its own), or under your own eyes.
    """
    from bartizan.decoy.listen import listen  # noqa: PLC0415
    from bartizan.decoy.process import serve_alone  # noqa: PLC0415 - a server, which other commands do not want

    config = load_config(config_file).config
    serve_alone(decoy_config(config), listen(Path(config.storage.directory)))
