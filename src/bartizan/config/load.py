"""Loading ``bartizan.yaml``: read, resolve references, validate, check what spans fields, make paths absolute."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bartizan.config.document import Document, FieldPath, read_document
from bartizan.config.model import Config
from bartizan.config.paths import absolute_paths, referenced_files
from bartizan.config.secrets import Resolved, resolve_references
from bartizan.config.semantics import check
from bartizan.errors import ConfigError, Problem

__all__ = ["LoadedConfig", "load"]


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """A configuration that can be served; ``files`` are all it was made from, ``digest`` changes with their content."""

    config: Config
    path: Path
    files: frozenset[Path]
    digest: str


def load(path: Path, environ: Mapping[str, str]) -> LoadedConfig:
    """Load a configuration file; raises ``ConfigError`` with every problem and its place."""
    path = path.absolute()
    try:
        content = path.read_bytes()
    except OSError as error:
        remedy = "create one with `bartizan init`, or name yours with -c FILE"
        raise ConfigError(
            [Problem(str(path), 0, 0, "(file)", f"cannot be read: {error.strerror}", remedy=remedy)]
        ) from None
    document = read_document(path.name, content)
    resolved = resolve_references(document, environ, path.parent)
    if resolved.problems:
        raise ConfigError(resolved.problems)
    config = absolute_paths(_validate(document, resolved), path.parent)
    problems = check(config, document, resolved.references)
    if problems:
        raise ConfigError(problems)
    files = frozenset({path} | resolved.files | referenced_files(config))
    return LoadedConfig(config, path, files, _digest(files, resolved.data))


def _validate(document: Document, resolved: Resolved) -> Config:
    try:
        return Config.model_validate(resolved.data)
    except ValidationError as error:
        problems: dict[FieldPath, Problem] = {}
        for detail in error.errors(include_url=False, include_context=True):
            place = _known_path(detail["loc"], resolved.data)
            if place not in problems:
                problems[place] = _problem(document, resolved, place, detail)
        raise ConfigError(sorted(problems.values(), key=lambda problem: (problem.line, problem.column))) from None


def _known_path(loc: tuple[int | str, ...], data: Any) -> FieldPath:
    """Drop what pydantic adds for the members of a union; keep a last name that is missing or unknown in the data."""
    path: list[int | str] = []
    for number, part in enumerate(loc):
        if isinstance(data, dict) and (part in data or number == len(loc) - 1):
            path.append(part)
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            path.append(part)
            data = data[part]
    return tuple(path)


def _problem(document: Document, resolved: Resolved, path: FieldPath, detail: ErrorDetails) -> Problem:
    kind, message = detail["type"], detail["msg"].removeprefix("Value error, ")
    if kind == "missing":
        return document.problem(path, "is required", remedy="add it")
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(path[-1]), _fields_at(path[:-1]), 1)
        remedy = f"did you mean `{near[0]}`?" if near else "remove it; `bartizan schema` lists what there is"
        return document.problem(path, "is not a field that is known here", remedy=remedy)
    value = resolved.references.get(path) or _short(detail["input"])
    if path in resolved.references:  # a validator's message may quote what a secret resolved to
        message = "is not valid once its reference is resolved"
    remedy = _REMEDIES.get(kind, "")
    if kind == "literal_error":
        message, remedy = "is not one of the values allowed", f"use {detail.get('ctx', {}).get('expected', '')}"
    elif kind == "string_pattern_mismatch" and path not in resolved.references:
        message, remedy = "does not have the right form", f"it has to match {detail.get('ctx', {}).get('pattern', '')}"
    return document.problem(path, message[:1].lower() + message[1:], value=value, remedy=remedy)


_REMEDIES = {
    "int_parsing": "write a whole number",
    "int_type": "write a whole number",
    "float_parsing": "write a number",
    "bool_parsing": "write true or false",
    "string_type": "put it in quotes",
    "list_type": "write a list: `- item` on a line of its own, or [item]",
    "dict_type": "write fields below it: `name: value`",
    "model_type": "write fields below it: `name: value`",
    "too_short": "add at least one item",
}


def _short(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _fields_at(path: FieldPath) -> list[str]:
    """Return the fields that the model has at a path, for suggestions."""
    model: Any = Config
    for part in path:
        if isinstance(part, str) and isinstance(model, type) and issubclass(model, BaseModel):
            annotation = model.model_fields[part].annotation if part in model.model_fields else None
            model = _model_in(annotation)
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []


def _model_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if (found := _model_in(inner)) is not None:
            return found
    return None


def _digest(files: frozenset[Path], data: Any) -> str:
    digest = hashlib.sha256(repr(data).encode())
    for file in sorted(files):
        digest.update(str(file).encode() + b"\0")
        with file.open("rb") as opened:
            digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()
