from __future__ import annotations

import re
from pathlib import Path

from tests.config.conftest import ENVIRON

from bartizan.config.load import load
from bartizan.config.starter import STARTER


def test_the_starter_is_valid_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "bartizan.yaml"
    file.write_text(STARTER)
    config = load(file, {}).config
    assert [listener.address for listener in config.listeners] == ["127.0.0.1:8080"]
    assert config.upstreams[0].nodes[0].address == "127.0.0.1:9000"
    assert config.guards.rate_limit.windows


def test_the_starter_is_valid_with_every_example_switched_on(sandbox: Path) -> None:
    for name in ("server.pem", "server.key", "clients-ca.pem"):
        assert f"tls/{name}" in STARTER
    text = re.sub(r"^( +)# ", r"\1", STARTER, flags=re.MULTILINE)
    assert text != STARTER
    file = sandbox / "bartizan.yaml"
    file.write_text(text)
    config = load(file, ENVIRON).config
    assert [listener.name for listener in config.listeners] == ["http", "https"]
    assert [route.name for route in config.routes] == ["api", "login", "live"]
    assert config.storage.state.engine == "valkey"


def test_every_example_is_valid_on_its_own(sandbox: Path) -> None:
    file = sandbox / "bartizan.yaml"
    blocks = re.findall(r"(?:^ +# .*\n)+", STARTER, re.MULTILINE)
    assert len(blocks) >= 6
    for block in blocks:
        file.write_text(STARTER.replace(block, re.sub(r"^( +)# ", r"\1", block, flags=re.MULTILINE)))
        load(file, ENVIRON)
