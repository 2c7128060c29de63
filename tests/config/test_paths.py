from __future__ import annotations

from pathlib import Path

from bartizan.config.model import Config
from bartizan.config.paths import absolute_paths, referenced_files


def test_only_what_changes_is_copied() -> None:
    config = Config.model_validate(
        {
            "listeners": [{"address": "a:1"}],
            "routes": [{"name": "a"}, {"name": "b", "guards": {"denylist": {"deny_files": ["x", "/y"]}}}],
        }
    )
    absolute = absolute_paths(config, Path("/etc/bartizan"))
    assert absolute.routes[0] is config.routes[0]
    assert absolute.listeners is config.listeners
    assert absolute.routes[1].guards.denylist.deny_files == ["/etc/bartizan/x", "/y"]
    assert absolute.storage.directory == "/etc/bartizan/bartizan-data"
    assert referenced_files(absolute) == {Path("/etc/bartizan/x"), Path("/y")}


def test_absolute_paths_stay() -> None:
    config = Config.model_validate({"listeners": [{"address": "a:1"}], "storage": {"directory": "/var/lib/b"}})
    assert absolute_paths(config, Path("/etc")) is config
