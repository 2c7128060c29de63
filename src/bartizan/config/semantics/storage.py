"""Checks of ``storage``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bartizan.config.semantics.finding import Finding
from bartizan.config.validation import Parts

__all__ = ["storage_findings"]

_URL = re.compile(r"(valkey|redis|rediss|unix)://[!-~]{1,2048}")


def storage_findings(parts: Parts) -> Iterator[Finding]:
    """Yield what is wrong with where things are kept. An address may hold a password: it is never shown."""
    if parts.storage is None:
        return
    state, journal, directory = parts.storage.state, parts.storage.journal, parts.storage.directory
    if Path(directory).exists() and not Path(directory).is_dir():
        yield Finding(("storage", "directory"), "is not a directory", repr(directory), "name another")
    if state.engine == "valkey" and state.url is None:
        yield Finding(("storage", "state", "engine"), "needs a `url`", "'valkey'", "add url: valkey://host:6379/0")
    if state.url is not None:
        at = ("storage", "state", "url")
        if state.engine != "valkey":
            yield Finding(
                at, "has no effect with the engine lmdb", remedy="set `engine: valkey`, or remove it", name=True
            )
        elif not _URL.fullmatch(state.url.get_secret_value()):
            yield Finding(at, "is not the address of a server", remedy="write valkey://host:6379/0")
    if 0 < journal.max_bytes < journal.segment_bytes:
        remedy = "make it at least segment_bytes, or 0 to keep all"
        yield Finding(("storage", "journal", "max_bytes"), "is less than one segment", str(journal.max_bytes), remedy)
