"""Which files the rules of a WAF are in, in the order in which they are read, and which of them to watch."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator
from pathlib import Path

from bartizan.config.model import Crs, Waf, WafOverride

__all__ = ["crs_files", "crs_setup", "is_pattern", "matching", "rule_files", "watched_files"]

MAX_FILES = 10_000
MAX_SCANNED = 32 * 2**20  # bytes of a rule file that Include is looked for in
DEBIAN = Path("/usr/share/modsecurity-crs")  # where the package modsecurity-crs puts the rules,
DEBIAN_SETUP = Path("/etc/modsecurity/crs/crs-setup.conf")  # and what its users may change
_BEFORE, _AFTER = "REQUEST-900-EXCLUSION-RULES-BEFORE-CRS.conf", "RESPONSE-999-EXCLUSION-RULES-AFTER-CRS.conf"
_INCLUDE = re.compile(
    rb"^[ \t]*Include(?:Optional)?[ \t]+\"?([^\"\r\n]{1,4096}?)\"?[ \t]*\r?$", re.IGNORECASE | re.MULTILINE
)


def crs_setup(crs: Crs) -> Path | None:
    """Return the crs-setup.conf that is in force; None if there is none."""
    if crs.setup is not None:
        return Path(crs.setup)
    directory = Path(crs.directory)
    candidates = [directory / "crs-setup.conf", directory / "crs-setup.conf.example"]
    if directory == DEBIAN:
        candidates.insert(1, DEBIAN_SETUP)
    return next((file for file in candidates if file.is_file()), None)


def crs_files(crs: Crs) -> list[Path]:
    """Return the files of a Core Rule Set behind its setup, in order: plugins and exclusions where CRS wants them."""
    directory, setup = Path(crs.directory), crs_setup(crs)
    rules = sorted((directory / "rules").glob("*.conf"))
    beside = [] if setup is None or setup.parent == directory else [setup.parent / _BEFORE, setup.parent / _AFTER]
    before = [file for file in beside[:1] if file.is_file()]
    after = [file for file in beside[1:] if file.is_file()]
    plugins = directory / "plugins"
    return [
        *sorted(plugins.glob("*-config.conf")),
        *sorted(plugins.glob("*-before.conf")),
        *before,
        *rules,
        *after,
        *sorted(plugins.glob("*-after.conf")),
    ]


def rule_files(waf: Waf) -> list[Path]:
    """Return the files of ``rules``, in order. Paths must be absolute already."""
    return [file for pattern in waf.rules for file in matching(pattern)]


def matching(pattern: str) -> list[Path]:
    """Return the files that a path or pattern names, those of a pattern by name."""
    return [Path(file) for file in sorted(glob.glob(pattern))] if is_pattern(pattern) else [Path(pattern)]  # noqa: PTH207 - absolute patterns


def is_pattern(text: str) -> bool:
    """Tell whether it names files by ``*``, ``?`` or ``[…]``."""
    return glob.has_magic(text)


def watched_files(waf: Waf | WafOverride) -> Iterator[Path]:
    """Yield what rules are read from: files, those they include, data files beside them, and their directories.

    A directory changes when a file comes or goes.
    """
    found: list[Path] = []
    if waf.crs is not None:
        setup = crs_setup(waf.crs)
        found += crs_files(waf.crs) if setup is None else [setup, *crs_files(waf.crs)]
        yield from (Path(waf.crs.directory) / name for name in ("rules", "plugins"))
    for pattern in waf.rules or ():
        found += matching(pattern)
        if is_pattern(pattern):
            yield Path(pattern).parent
    seen: set[Path] = set()
    directories: set[Path] = set()
    while found and len(seen) < MAX_FILES:
        file = found.pop()
        if file in seen:
            continue
        seen.add(file)
        yield file
        found += _included(file)
        if file.parent not in directories:
            directories.add(file.parent)
            yield from file.parent.glob("*.data")


def _included(file: Path) -> Iterator[Path]:
    try:
        with file.open("rb") as opened:
            text = opened.read(MAX_SCANNED)
    except OSError:
        return
    for match in _INCLUDE.finditer(text):
        yield from matching(str(file.parent / match[1].decode("utf-8", "surrogateescape")))
