"""Options that several commands share."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from bartizan.access.check import policy_findings
from bartizan.config.load import LoadedConfig, load
from bartizan.detection.check import deception_findings

__all__ = ["config_option", "load_config", "user_name"]

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def config_option() -> Decorator:
    """Return the option ``-c FILE``."""
    return click.option(
        "-c",
        "--config",
        "config_file",
        type=click.Path(path_type=Path),
        default="bartizan.yaml",
        envvar="BARTIZAN_CONFIG",
        show_default=True,
        help="The configuration file.",
    )


def load_config(file: Path) -> LoadedConfig:
    """Load a configuration with this process' environment, all checks done; raises ``ConfigError``."""
    return load(file, os.environ, (policy_findings, deception_findings))


def user_name() -> str:
    """Return the name of the user who runs this, for what is remembered of who did it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
