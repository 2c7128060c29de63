from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from bartizan.config.model import Config
from bartizan.errors import SecLangError
from bartizan.supervisor.rules import compile_rules

RULE = 'SecRule ARGS "@rx (?:union|select) .{1,20}from" "id:1,phase:2,deny"\n'


class Terminal(io.StringIO):
    """Keeps what is written, as a terminal would show it."""

    def isatty(self) -> bool:
        return True


def config(directory: Path, **waf: Any) -> Config:
    return Config.model_validate(
        {"listeners": [{"address": "a:1"}], "storage": {"directory": str(directory)}, "guards": {"waf": waf}}
    )


async def test_rules_are_compiled_and_the_time_it_took_is_logged(tmp_path: Path) -> None:
    terminal = Terminal()
    with capture_logs() as logs:
        await compile_rules(config(tmp_path, enabled=True, directives=RULE), structlog.get_logger(), terminal)
    assert [entry["event"] for entry in logs] == ["WAF rules compiled"]
    assert terminal.getvalue() == "" or terminal.getvalue().endswith("\n")


async def test_without_a_waf_nothing_is_done(tmp_path: Path) -> None:
    with capture_logs() as logs:
        await compile_rules(config(tmp_path, directives="nonsense"), structlog.get_logger())
    assert logs == []


async def test_rules_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    with pytest.raises(SecLangError, match="SecNope"):
        await compile_rules(config(tmp_path, enabled=True, directives="SecNope On"), structlog.get_logger())
