"""Checks that no tool does: a test file per module, sizes, and nothing in the tree that belongs to one machine."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

MAX_MODULE = 400  # lines
MAX_FUNCTION = 60  # lines
TESTED_ELSEWHERE = {
    "src/bartizan/edge/upstreams/events.py": "data only",
    "src/bartizan/edge/upstreams/status.py": "tests/edge/upstreams/test_group.py",
}
_MACHINE = re.compile(r"/work/|/root/|/tmp/x/|pypi\.org|pythonhosted|registry\.npmjs|deb\.debian")


def tracked() -> list[Path]:
    """Return the files that git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], check=True, capture_output=True, text=True
    )
    return [path for name in listed.stdout.splitlines() if (path := Path(name)).is_file()]


def problems() -> Iterator[str]:
    """Yield what is wrong."""
    files = tracked()
    for path in files:
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.name != "check_layout.py":
            for number, line in enumerate(text.splitlines(), 1):
                if _MACHINE.search(line):
                    yield f"{path}:{number}: names this machine or a registry's host: {line.strip()[:80]}"
        if path.suffix == ".py":
            yield from sizes(path, text)


def sizes(path: Path, text: str) -> Iterator[str]:
    """Yield modules and functions that are too long."""
    lines = len(text.splitlines())
    if lines > MAX_MODULE and path.parts[0] == "src":
        yield f"{path}: {lines} lines, {MAX_MODULE} are the most"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and path.parts[0] == "src":
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION:
                yield f"{path}:{node.lineno}: {node.name} has {length} lines, {MAX_FUNCTION} are the most"


def main() -> int:
    """Print what is wrong; returns the exit status."""
    found = list(problems())
    for problem in found:
        print(problem)
    print(f"layout: {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
