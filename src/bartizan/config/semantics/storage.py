"""Checks of ``storage``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from bartizan.config.semantics.finding import Finding
from bartizan.config.validation import Parts

__all__ = ["storage_findings"]


@dataclass(frozen=True, slots=True)
class _Server:
    """An engine that is a server, the one that needs none, and the form of an address."""

    engine: str
    embedded: str
    url: re.Pattern[str]
    example: str


_SERVERS = {
    "state": _Server(
        "valkey", "lmdb", re.compile(r"(valkey|redis|rediss|unix)://[!-~]{1,2048}"), "valkey://host:6379/0"
    ),
    "records": _Server(
        "postgresql",
        "sqlite",
        re.compile(r"postgres(ql)?://[!-.0-~]{0,1024}/[!-.0-~][!-~]{0,1023}"),
        "postgresql://user:password@host/database",
    ),
}


def storage_findings(parts: Parts) -> Iterator[Finding]:
    """Yield what is wrong with where things are kept. An address may hold a password: it is never shown."""
    if parts.storage is None:
        return
    journal, directory = parts.storage.journal, parts.storage.directory
    if Path(directory).exists() and not Path(directory).is_dir():
        yield Finding(("storage", "directory"), "is not a directory", repr(directory), "name another")
    for part, settings in (("state", parts.storage.state), ("records", parts.storage.records)):
        yield from _server_findings(part, settings.engine, settings.url)
    if 0 < journal.max_bytes < journal.segment_bytes:
        remedy = "make it at least segment_bytes, or 0 to keep all"
        yield Finding(("storage", "journal", "max_bytes"), "is less than one segment", str(journal.max_bytes), remedy)


def _server_findings(part: str, engine: str, url: SecretStr | None) -> Iterator[Finding]:
    server = _SERVERS[part]
    if engine == server.engine and url is None:
        yield Finding(("storage", part, "engine"), "needs a `url`", repr(engine), f"add url: {server.example}")
    if url is None:
        return
    at = ("storage", part, "url")
    if engine != server.engine:
        remedy = f"set `engine: {server.engine}`, or remove it"
        yield Finding(at, f"has no effect with the engine {server.embedded}", remedy=remedy, name=True)
    elif not server.url.fullmatch(url.get_secret_value()):
        yield Finding(at, "is not the address of a server", remedy=f"write {server.example}")
