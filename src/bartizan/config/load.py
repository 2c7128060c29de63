"""Loading ``bartizan.yaml``: read, resolve references, validate, check what spans fields, make paths absolute."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bartizan.config.document import MAX_BYTES, read_document
from bartizan.config.model import Config
from bartizan.config.paths import absolute_paths, referenced_files
from bartizan.config.secrets import resolve_references
from bartizan.config.semantics import Check, check
from bartizan.config.validation import Parts, parts_of, usable_parts, validate
from bartizan.errors import ConfigError, Problem

__all__ = ["LoadedConfig", "load"]


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """A configuration that can be served.

    ``files`` are all that it was made from, itself included, with absolute paths; ``digest`` changes with their
    content and with what references resolve to.
    """

    config: Config
    path: Path
    files: frozenset[Path] = field(repr=False)
    digest: str


def load(path: Path, environ: Mapping[str, str], checks: tuple[Check, ...] = ()) -> LoadedConfig:
    """Load a configuration file; ``checks`` are those of rooms that use it, beside its own.

    Raises ``ConfigError`` with every problem and its place: what can be checked is checked, also where other parts of
    the file are not valid. Nothing that a reference resolved to is in it.
    """
    name, path = str(path), path.absolute()
    document = read_document(name, _read(name, path))
    resolved = resolve_references(document, environ, path.parent)
    config, invalid = validate(document, resolved)
    parts = usable_parts(resolved.data) if config is None else parts_of(config)
    unfit = check(_absolute(parts, path.parent), document, resolved, datetime.now(UTC), checks)
    problems = [*document.problems, *resolved.problems, *invalid, *unfit]
    if problems or config is None:
        raise ConfigError(sorted(problems, key=lambda problem: (problem.line, problem.column, problem.field)))
    config = absolute_paths(config, path.parent)
    files = frozenset({path} | resolved.files | referenced_files(config))
    return LoadedConfig(config, path, files, _digest(files, resolved.data))


def _read(name: str, path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        remedy = "create one with `bartizan init`, or name yours with -c FILE"
        raise ConfigError([Problem(name, 0, 0, "(file)", f"cannot be read: {reason}", remedy=remedy)]) from None


def _absolute(parts: Parts, directory: Path) -> Parts:
    return replace(
        parts,
        listeners={number: absolute_paths(item, directory) for number, item in parts.listeners.items()},
        upstreams={number: absolute_paths(item, directory) for number, item in parts.upstreams.items()},
        routes={number: absolute_paths(item, directory) for number, item in parts.routes.items()},
        access=None if parts.access is None else absolute_paths(parts.access, directory),
        sentry=None if parts.sentry is None else absolute_paths(parts.sentry, directory),
        deception=None if parts.deception is None else absolute_paths(parts.deception, directory),
        guards=None if parts.guards is None else absolute_paths(parts.guards, directory),
        storage=None if parts.storage is None else absolute_paths(parts.storage, directory),
    )


def _digest(files: frozenset[Path], data: Any) -> str:
    digest = hashlib.sha256(repr(data).encode("utf-8", "surrogatepass"))
    for file in sorted(files):
        digest.update(str(file).encode("utf-8", "surrogateescape") + b"\0")
        try:
            with file.open("rb") as opened:
                digest.update(hashlib.file_digest(opened, "sha256").digest())
        except OSError:  # it went after it was checked: whoever uses it will say so
            digest.update(b"-")
    return digest.hexdigest()
