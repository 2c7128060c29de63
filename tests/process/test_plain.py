from __future__ import annotations

from typing import Any

from bartizan.config.model import Config
from bartizan.process.plain import decode_config, encode_config


def test_a_configuration_arrives_as_it_was_with_its_secrets() -> None:
    given: dict[str, Any] = {
        "listeners": [{"name": "main", "address": "127.0.0.1:8080"}],
        "storage": {"state": {"engine": "valkey", "url": "valkey://user:hunter2@host"}},
        "access": {"enabled": True, "origin": "https://api.example.org"},
    }
    config = Config.model_validate(given)
    arrived = decode_config(encode_config(config))
    assert arrived == config
    assert arrived.storage.state.url is not None
    assert arrived.storage.state.url.get_secret_value() == "valkey://user:hunter2@host"
