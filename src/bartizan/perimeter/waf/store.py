"""Rule sets by the settings they are made from: equal settings share one, in a process and over reloads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from weakref import WeakValueDictionary

from bartizan.config.model import Config, Waf
from bartizan.config.resolve import effective_guards
from bartizan.config.rule_files import watched_files
from bartizan.config.watch import Fingerprint, fingerprint
from bartizan.perimeter.waf.compiler.databases import Shared
from bartizan.perimeter.waf.load import Progress, RuleSet, load_rules
from bartizan.perimeter.waf.sources import rule_settings, rule_sources

__all__ = ["RuleStore", "check_rules", "rules_in_use"]

_OF_THE_GUARD = {"enabled", "on_error", "timeout", "cache"}
"""Settings that make no other rules."""

Key = tuple[str, Fingerprint]


class RuleStore:
    """Loads rule sets, and knows those that are in use. ``cache`` is where compiled rules are kept by default."""

    def __init__(self, cache: Path, progress: Progress | None = None) -> None:
        self._cache = cache
        self._progress = progress
        self._known: WeakValueDictionary[Key, RuleSet] = WeakValueDictionary()
        self._databases = Shared()

    def get(self, waf: Waf) -> RuleSet:
        """Return the rules of a WAF, compiled. Slow the first time. Raises ``SecLangError``."""
        key = _key(waf)
        rules = self._known.get(key)
        if rules is None:
            cache = self._cache if waf.cache is None else Path(waf.cache)
            rules = self._known[key] = load_rules(
                rule_sources(waf), rule_settings(waf), cache, self._progress, self._databases
            )
        return rules


def rules_in_use(config: Config) -> Iterator[Waf]:
    """Yield the settings of every WAF that a configuration turns on, equal ones once."""
    seen: set[str] = set()
    for guards in (config.guards, *(effective_guards(config, route) for route in config.routes)):
        waf = guards.waf
        if waf.enabled and waf.mode != "off" and (text := _settings(waf)) not in seen:
            seen.add(text)
            yield waf


def check_rules(config: Config) -> None:
    """Read the rules of every WAF without compiling them for speed. Raises ``SecLangError`` with every problem."""
    for waf in rules_in_use(config):
        load_rules(rule_sources(waf), replace(rule_settings(waf), hyperscan=False, gate=False))


def _key(waf: Waf) -> Key:
    return _settings(waf), fingerprint({*watched_files(waf), *_data_files(waf)})


def _settings(waf: Waf) -> str:
    return waf.model_dump_json(exclude=_OF_THE_GUARD)


def _data_files(waf: Waf) -> Iterator[Path]:
    yield from (Path(file) for file in (waf.geo_database, waf.unicode_map) if file is not None)
