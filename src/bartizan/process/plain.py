"""A configuration as bytes for another process: resolved, secrets included, so only ever for the control channel."""

from __future__ import annotations

from typing import Any

import msgspec
from pydantic import SecretStr

from bartizan.config.model import Config

__all__ = ["decode_config", "encode_config"]


def encode_config(config: Config) -> bytes:
    """Return the configuration as msgpack."""
    return msgspec.msgpack.encode(_plain(config.model_dump(mode="python")))


def decode_config(data: bytes) -> Config:
    """Read a configuration that the supervisor has resolved and checked."""
    return Config.model_validate(msgspec.msgpack.decode(data))


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
