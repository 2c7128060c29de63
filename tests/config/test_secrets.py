from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.config.conftest import ENVIRON

from bartizan.config.document import read_document
from bartizan.config.load import LoadedConfig, load
from bartizan.config.secrets import Resolved, resolve_references
from bartizan.errors import ConfigError

SECRET = "Zq7-hidden-Zq7"
EVERYTHING = Path(__file__).parent / "golden" / "valid" / "everything.yaml"


def resolve(text: str, environ: Mapping[str, str], directory: Path = Path()) -> Resolved:
    return resolve_references(read_document("f.yaml", text.encode()), environ, directory)


def test_references_are_resolved_inside_text_and_escapes_kept() -> None:
    resolved = resolve("a: x${A}y${B}\nb: ['$${A}', '${A}', $A]\n${A}: name\n", {"A": "1", "B": "2"})
    assert resolved.data == {"a": "x1y2", "b": ["${A}", "1", "$A"], "${A}": "name"}
    assert resolved.references == {("a",): "x${A}y${B}", ("b", 0): "$${A}", ("b", 1): "${A}"}
    assert not resolved.problems


def test_what_a_reference_resolves_to_is_neither_yaml_nor_a_reference() -> None:
    assert resolve("a: ${A}", {"A": "{b: ${B}} # *x"}).data == {"a": "{b: ${B}} # *x"}


def test_files_lose_one_line_break_and_count_from_the_directory(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t\n\n")
    absolute = tmp_path / "other"
    absolute.write_text("o")
    resolved = resolve(f"a: ${{file:token}}\nb: ${{file:{absolute}}}", {}, tmp_path)
    assert resolved.data == {"a": "t\n", "b": "o"}
    assert resolved.files == {tmp_path / "token", absolute}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("${ABSENT}", "variable ABSENT, which is not set"),
        ("${EMPTY}", "variable EMPTY, which is empty"),
        ("${BELL}", "bytes that are not text"),
        ("${BYTES}", "bytes that are not text"),
        ("${A", "no `}` ends"),
        ("${}", "neither a variable's name"),
        ("${1A}", "neither a variable's name"),
        ("${A:-default}", "neither a variable's name"),
        ("${file:}", "not a regular file"),
        ("${file:absent}", "No such file"),
        ("${file:fifo}", "not a regular file"),
        ("${file:" + "x" * 4000 + "}", "File name too long"),
    ],
)
def test_what_cannot_be_resolved_is_a_problem_with_its_place(text: str, told: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    environ = {"A": SECRET, "EMPTY": "", "BELL": "\a", "BYTES": "\udcff"}
    resolved = resolve(f"a:\n  - '{text}'", environ, tmp_path)
    (problem,) = resolved.problems
    assert told in problem.message
    assert (problem.line, problem.column, problem.field) == (2, 5, "a[0]")
    assert resolved.failed == {("a", 0)}


def test_a_lone_reference_fits_numbers_and_switches(load_text: Callable[..., LoadedConfig]) -> None:
    text = "workers: ${N}\nlisteners: [{address: '127.0.0.1:1'}]\nstorage: {journal: {enabled: '${ON}'}}\n"
    config = load_text(text, {"N": "4", "ON": "false"}).config
    assert config.workers == 4
    assert config.storage.journal.enabled is False


def _text_fields(data: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(data, dict):
        return [found for key, value in data.items() for found in _text_fields(value, (*path, key))]
    if isinstance(data, list):
        return [found for number, value in enumerate(data) for found in _text_fields(value, (*path, number))]
    return [path]


def _with_reference(text: str, path: tuple[str | int, ...], reference: str) -> str:
    """Put a reference in the place of the value at ``path``."""
    document = read_document("", text.encode())
    line, column = document.place(path)
    lines = text.splitlines()
    rest = lines[line - 1][column - 1 :]
    lines[line - 1] = lines[line - 1][: column - 1] + f'"{reference}"' + _after_scalar(rest)
    return "\n".join(lines) + "\n"


def _after_scalar(rest: str) -> str:
    if rest.startswith('"'):
        return rest[rest.index('"', 1) + 1 :]
    if rest.startswith("{}"):
        return rest[2:]
    ends = [at for at in (rest.find(", "), rest.find("]")) if at >= 0] if "[" not in rest else []
    return rest[min(ends) :] if ends else ""


FIELDS = _text_fields(read_document("", EVERYTHING.read_bytes()).data)


@pytest.mark.parametrize("secret", [SECRET, f"/{SECRET}%7e//*", f"{SECRET}\u00fc.example:x", f"{SECRET}\r\nx: y"])
def test_no_field_ever_shows_what_its_reference_resolved_to(secret: str, sandbox: Path) -> None:
    text = EVERYTHING.read_text()
    file = sandbox / "bartizan.yaml"
    assert len(FIELDS) > 150
    refused = 0
    for path in FIELDS:
        file.write_text(_with_reference(text, path, "${SECRET}"))
        try:
            loaded = load(file, {**ENVIRON, "SECRET": secret})
        except ConfigError as error:
            refused += 1
            told = str(error) + repr(error.problems)
        else:
            told = repr(loaded) + repr(loaded.config) + str(loaded.config.routes[0])
        assert "hidden" not in told, path
    assert refused > 100
