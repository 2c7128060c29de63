"""The guard that CONTRIBUTING.md adds, added to a copy of the source by following its steps."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STEP = re.compile(r'<!-- (new|before|append to) (?:"([^"]+)" in )?(\S+) -->\n```(?:python|text)\n(.*?)```\n', re.DOTALL)
CONFIG = """
listeners: [{address: "127.0.0.1:8080"}]
upstreams: [{name: api, nodes: [{address: "127.0.0.1:9000"}]}]
routes:
  - {name: api, upstream: api}
  - {name: legacy, paths: [/legacy], upstream: api, guards: {method_override: {enabled: false}}}
guards: {method_override: {enabled: true}}
"""


def follow(kind: str, anchor: str, file: Path, code: str) -> None:
    """Carry out one step: a new file, lines before one that starts with ``anchor``, or at the end of its block."""
    if kind == "new":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(code)
        return
    lines = file.read_text().splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if line.startswith(anchor))
    if kind == "append to":
        at = next((n for n in range(at + 1, len(lines)) if re.match(r"\S", lines[n])), len(lines))
        while not lines[at - 1].strip():
            at -= 1
    elif not code.startswith("from "):
        code += "\n\n"
    file.write_text("".join([*lines[:at], code, *lines[at:]]))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the steps touch, with all steps carried out."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tests" / "support", tmp_path / "tests" / "support")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "bartizan.yaml").write_text(CONFIG)
    steps = STEP.findall((ROOT / "CONTRIBUTING.md").read_text())
    assert len(steps) == 8
    for kind, anchor, path, code in steps:
        follow(kind, anchor, tmp_path / path, code)
    return tmp_path


def run(tree: Path, *arguments: str) -> str:
    """Run a module on the changed source; returns what it prints."""
    result = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_the_documented_guard_is_well_formed_tested_and_at_work(tree: Path) -> None:
    changed = [path for *_, path, _ in STEP.findall((ROOT / "CONTRIBUTING.md").read_text())]
    run(tree, "ruff", "check", "--no-cache", *changed)
    run(tree, "ruff", "format", "--no-cache", "--check", *changed)
    assert "2 passed" in run(tree, "pytest", "-p", "no:cacheprovider", "tests/perimeter")
    assert "valid" in run(tree, "bartizan.cli", "check")
    explained = run(tree, "bartizan.cli", "explain", "GET", "http://a/")
    assert re.search(r'guard \d+ +method_override: \{"enabled": true', explained)
    assert "the route changes enabled" in run(tree, "bartizan.cli", "explain", "GET", "http://a/legacy")
