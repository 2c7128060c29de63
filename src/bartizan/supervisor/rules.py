"""Compiling WAF rules once, before any worker loads them: what takes seconds cold is then read from the disk."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from structlog.typing import FilteringBoundLogger

from bartizan.config.model import Config
from bartizan.config.resolve import effective_guards

__all__ = ["compile_rules"]


async def compile_rules(config: Config, log: FilteringBoundLogger, terminal: TextIO = sys.stderr) -> None:
    """Have the rules of every WAF that is turned on in the cache; progress goes to ``terminal`` if it is one.

    Raises ``SecLangError`` with every problem of rules that cannot be used.
    """
    guards = (config.guards, *(effective_guards(config, route) for route in config.routes))
    if any(each.waf.enabled for each in guards):
        begun = time.monotonic()
        notices = await asyncio.to_thread(_compile, config, _bar(terminal) if terminal.isatty() else _silent)
        log.info("WAF rules compiled", seconds=round(time.monotonic() - begun, 3))
        for notice in notices:
            log.warning("WAF rules have a part that has no effect", notice=notice)


def _compile(config: Config, progress: Callable[[int, int], None]) -> list[str]:
    from bartizan.perimeter.waf.store import RuleStore, rules_in_use  # noqa: PLC0415 - large, and not always wanted

    store = RuleStore(Path(config.storage.directory) / "waf", progress)
    return [*dict.fromkeys(notice for waf in rules_in_use(config) for notice in store.get(waf).notices)]


def _silent(done: int, count: int) -> None:
    """Show nothing."""


def _bar(terminal: TextIO) -> Callable[[int, int], None]:
    def show(done: int, count: int) -> None:
        terminal.write(f"\rcompiling WAF rules: {done} of {count}{chr(10) if done >= count else ''}")
        terminal.flush()

    return show
