"""Which files belong to a rule set, and how large they may be."""

from __future__ import annotations

from pathlib import PurePosixPath

__all__ = ["FOLDERS", "KINDS", "MAX_FILE", "SETUP", "SETUP_EXAMPLE", "TEXTS", "is_wanted"]

MAX_FILE = 16 * 2**20  # bytes
KINDS = frozenset((".conf", ".data", ".example"))
TEXTS = frozenset(("LICENSE", "CHANGES", "CHANGES.md", "README.md", "SECURITY.md", "KNOWN_BUGS.md", "NOTICE"))
FOLDERS = frozenset(("rules", "plugins"))
SETUP = "crs-setup.conf"
SETUP_EXAMPLE = "crs-setup.conf.example"


def is_wanted(path: PurePosixPath) -> bool:
    """Tell whether a member of an archive belongs to a rule set; archives have one folder around everything."""
    if path.suffix in KINDS:
        return path.parent.name in FOLDERS or path.name in (SETUP, SETUP_EXAMPLE)
    return path.name in TEXTS and len(path.parts) <= 2
