from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

import pytest

from bartizan.config.model import Config, Waf
from bartizan.errors import SecLangError
from bartizan.perimeter.waf.store import RuleStore, check_rules, rules_in_use


def waf(**settings: Any) -> Waf:
    return Waf.model_validate({"enabled": True, "directives": 'SecAction "id:1,phase:1,pass,nolog"', **settings})


def test_equal_settings_share_their_rules_whatever_else_the_guard_is_told(tmp_path: Path) -> None:
    store = RuleStore(tmp_path)
    first = store.get(waf())
    assert store.get(waf(on_error="allow", timeout=3.0)) is first
    assert store.get(waf(paranoia=2)) is not first


def test_rules_are_read_again_when_a_file_has_changed(tmp_path: Path) -> None:
    file = tmp_path / "own.conf"
    file.write_text('SecAction "id:2,phase:1,pass,nolog"\n')
    os.utime(file, (1, 1))
    store = RuleStore(tmp_path / "cache")
    first = store.get(waf(rules=[str(file)]))
    assert store.get(waf(rules=[str(file)])) is first
    file.write_text('SecAction "id:3,phase:1,pass,nolog"\n')
    assert store.get(waf(rules=[str(file)])) is not first


def test_rules_that_nobody_uses_any_more_are_forgotten(tmp_path: Path) -> None:
    store = RuleStore(tmp_path)
    rules = store.get(waf())
    assert len(store._known) == 1
    del rules
    gc.collect()
    assert len(store._known) == 0


def config(default: dict[str, Any], *overrides: dict[str, Any]) -> Config:
    routes = [{"name": f"r{at}", "guards": {"waf": override}} for at, override in enumerate(overrides)]
    return Config.model_validate({"listeners": [{"address": "a:1"}], "guards": {"waf": default}, "routes": routes})


def test_rules_in_use_are_those_of_wafs_that_are_on_once_each() -> None:
    text = 'SecAction "id:1,phase:1,pass,nolog"'
    on = {"enabled": True, "directives": text}
    assert len([*rules_in_use(config(on, {}, {}, {"paranoia": 2}, {"enabled": False}, {"mode": "off"}))]) == 2
    assert [*rules_in_use(config({"directives": text}, {}))] == []
    assert len([*rules_in_use(config({"directives": text}, {"enabled": True}))]) == 1


def test_problems_of_rules_are_told_with_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "own.conf"
    file.write_text('# one\nSecRulez ARGS "@rx x" "id:1"\nSecRule ARGS "@nope x" "id:2,phase:2,pass"\n')
    with pytest.raises(SecLangError) as caught:
        check_rules(config({"enabled": True, "rules": [str(file)]}))
    assert [(problem.file, problem.line) for problem in caught.value.problems] == [(str(file), 2), (str(file), 3)]
