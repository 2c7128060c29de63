"""Hyperscan databases: compiled in parallel, kept on disk, loaded in milliseconds.

A database is known by what is in it: expressions, flags, and the processor and version it was compiled for. So a cache
never has to be invalidated, and two processes that compile the same write the same file.
"""

from __future__ import annotations

import hashlib
import os
import platform
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import hyperscan
import msgspec

from bartizan.perimeter.waf.compiler.atoms import Pattern

__all__ = ["Compiled", "DatabaseCache", "Scan", "Shared", "available"]

Scan = Callable[[bytes], Sequence[int]]
"""Returns the numbers of the patterns that match a text; valid until the next scan."""

_decode = msgspec.msgpack.Decoder(tuple[tuple[int, ...], tuple[int, ...], bytes]).decode

FLAGS = hyperscan.HS_FLAG_DOTALL | hyperscan.HS_FLAG_MULTILINE | hyperscan.HS_FLAG_SINGLEMATCH
MAGIC = b"bartizan-hs-2\n"


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Compiled:
    """A compiled set of patterns.

    ``refused`` are the numbers of those that Hyperscan cannot take, ``rough`` of those that it takes only roughly: they
    match more than they should.
    """

    database: Any
    refused: tuple[int, ...]
    rough: tuple[int, ...]


Shared = WeakValueDictionary[str, Compiled]
"""Databases that rule sets of this process use, by what is in them."""


def available() -> bool:
    """Tell whether Hyperscan runs on this processor (Vectorscan needs SSE4.2, NEON or VSX)."""
    try:
        database = hyperscan.Database()
        database.compile(expressions=[b"a"], ids=[0], flags=[0])
    except hyperscan.HyperscanError:
        return False
    return True


class DatabaseCache:
    """Compiles sets of patterns, and keeps the outcome in ``directory`` (None: nowhere).

    What is in ``shared`` is used again, so that rule sets which differ only in exclusions take little more memory.
    """

    def __init__(
        self,
        directory: Path | None,
        progress: Callable[[int, int], None] | None = None,
        shared: Shared | None = None,
    ) -> None:
        self._directory = directory
        self._progress = progress
        self._shared = Shared() if shared is None else shared

    def compile(self, sets: Sequence[Sequence[Pattern]]) -> list[tuple[Scan, Compiled]]:
        """Return, for each set, its scan and what was compiled."""
        keys = [_key(patterns) for patterns in sets]
        loaded = {key: self._shared.get(key) or self._load(key) for key in dict.fromkeys(keys)}
        missing = {key: patterns for key, patterns in zip(keys, sets, strict=True) if loaded[key] is None}
        if missing:
            with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:  # compiling releases the interpreter
                by_size = sorted(missing.items(), key=lambda item: -len(item[1]))
                running = {pool.submit(_compile, patterns): key for key, patterns in by_size}
                for done, future in enumerate(as_completed(running), 1):
                    compiled = loaded[running[future]] = future.result()
                    self._store(running[future], compiled)
                    if self._progress is not None:
                        self._progress(done, len(missing))
        self._shared.update({key: compiled for key, compiled in loaded.items() if compiled is not None})
        return [_ready(loaded[key]) for key in keys]

    def _load(self, key: str) -> Compiled | None:
        if self._directory is None:
            return None
        try:
            content = (self._directory / f"{key}.hsdb").read_bytes()
        except OSError:
            return None
        digest, body = content[len(MAGIC) : len(MAGIC) + 32], content[len(MAGIC) + 32 :]
        if not content.startswith(MAGIC) or hashlib.sha256(body).digest() != digest:
            return None
        try:
            refused, rough, serialised = _decode(body)
            database = hyperscan.loadb(serialised, hyperscan.HS_MODE_BLOCK) if serialised else None
        except (hyperscan.HyperscanError, msgspec.MsgspecError):
            return None
        if database is not None:
            # The database frees its scratch with itself: nobody else may keep a reference to it.
            database.scratch = hyperscan.Scratch(database)
        return Compiled(database, refused, rough)

    def _store(self, key: str, compiled: Compiled) -> None:
        if self._directory is None:
            return
        serialised = b"" if compiled.database is None else hyperscan.dumpb(compiled.database)
        body = msgspec.msgpack.encode((compiled.refused, compiled.rough, serialised))
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, name = tempfile.mkstemp(dir=self._directory, suffix=".new")
        except OSError:
            return  # nowhere to write costs time at the next start, nothing else
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(MAGIC + hashlib.sha256(body).digest() + body)
            Path(name).replace(self._directory / f"{key}.hsdb")
        except OSError:
            Path(name).unlink(missing_ok=True)  # a full disk


def _ready(compiled: Compiled | None) -> tuple[Scan, Compiled]:
    if compiled is None or compiled.database is None:
        return (lambda _: ()), compiled or Compiled(None, (), ())
    return _scan(compiled), compiled


def _key(patterns: Sequence[Pattern]) -> str:
    digest = hashlib.sha256()
    digest.update(f"{version('hyperscan')} {platform.machine()} {FLAGS} {_processor()}".encode())
    for pattern in patterns:
        digest.update(b"%d %d %d:" % (pattern.caseless, pattern.allow_empty, len(pattern.expression)))
        digest.update(pattern.expression)
    return digest.hexdigest()


def _processor() -> str:
    """Return what a database may depend on: Vectorscan compiles for the features of the processor it runs on."""
    try:
        for line in Path("/proc/cpuinfo").read_text("ascii", "replace").splitlines():
            if line.startswith(("flags", "Features")):
                features = set(line.partition(":")[2].split())
                return " ".join(sorted(features & {"avx2", "avx512vbmi", "sse4_2", "asimd", "sve"}))
    except OSError:
        pass
    return ""


def _compile(patterns: Sequence[Pattern]) -> Compiled:
    """Compile all at once; if that fails, find out which patterns have to be matched roughly, and which not at all."""
    flags = [_flags(pattern) for pattern in patterns]
    numbers = list(range(len(patterns)))
    refused: list[int] = []
    rough: list[int] = []
    try:
        return Compiled(_build(patterns, numbers, flags), (), ())
    except hyperscan.HyperscanError:
        pass
    for number, pattern in enumerate(patterns):
        if not _accepts(pattern, flags[number]):
            flags[number] |= hyperscan.HS_FLAG_PREFILTER
            (rough if _accepts(pattern, flags[number]) else refused).append(number)
    kept = [number for number in numbers if number not in set(refused)]
    return Compiled(_build(patterns, kept, flags) if kept else None, tuple(refused), tuple(rough))


def _flags(pattern: Pattern) -> int:
    flags: int = FLAGS
    if pattern.caseless:
        flags |= hyperscan.HS_FLAG_CASELESS
    if pattern.allow_empty:
        flags |= hyperscan.HS_FLAG_ALLOWEMPTY
    return flags


def _accepts(pattern: Pattern, flags: int) -> bool:
    try:
        hyperscan.Database().compile(expressions=[pattern.expression], ids=[0], flags=[flags])
    except hyperscan.HyperscanError:
        return False
    return True


def _build(patterns: Sequence[Pattern], numbers: Sequence[int], flags: Sequence[int]) -> Any:
    database = hyperscan.Database()
    database.compile(
        expressions=[patterns[number].expression for number in numbers],
        ids=list(numbers),
        flags=[flags[number] for number in numbers],
    )
    return database


def _scan(compiled: Compiled) -> Scan:
    found: list[int] = []
    append = found.append
    run = compiled.database.scan

    def on_match(number: int, start: int, end: int, flags: int, context: object) -> None:  # noqa: ARG001
        append(number)

    def scan(text: bytes, _owner: Compiled = compiled) -> Sequence[int]:  # shared for as long as somebody scans
        found.clear()
        run(text, on_match)
        return found

    return scan
