"""What of a configuration the decoy process is told: nothing that a secret could be in."""

from __future__ import annotations

from bartizan.config.model import Config

__all__ = ["decoy_config"]

_NOWHERE = {"name": "decoy", "address": "127.0.0.1:0"}
"""A configuration has a listener; this one is never bound."""


def decoy_config(config: Config) -> Config:
    """Return a configuration with the decoy's own settings, and the defaults for everything else."""
    divert = config.deception.divert
    return Config.model_validate(
        {
            "grace_period": config.grace_period,
            "listeners": [_NOWHERE],
            "deception": {"enabled": config.deception.enabled, "divert": divert.model_dump(mode="python")},
            "storage": {"directory": config.storage.directory},
            "logging": config.logging.model_dump(mode="python"),
        }
    )
