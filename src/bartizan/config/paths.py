"""The files that a configuration names: made absolute, and listed for whoever watches them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from bartizan.config.model import (
    Access,
    Certificate,
    ClientCertificates,
    Config,
    Crs,
    DecoyPath,
    DivertSettings,
    Sentry,
    Storage,
    UpstreamTls,
    Waf,
    WafOverride,
)
from bartizan.config.model.guards import Denylist, DenylistOverride
from bartizan.config.rule_files import watched_files

__all__ = ["absolute_paths", "referenced_files"]

M = TypeVar("M", bound=BaseModel)

_FILE_FIELDS: dict[type[BaseModel], tuple[str, ...]] = {
    Certificate: ("certificate", "key"),
    ClientCertificates: ("ca", "crl"),
    UpstreamTls: ("ca", "certificate", "key"),
    Denylist: ("deny_files", "allow_files"),
    DenylistOverride: ("deny_files", "allow_files"),
    Access: ("geo_database",),
    Sentry: ("asn_database",),
    DecoyPath: ("file",),
    DivertSettings: ("openapi",),
    Waf: ("geo_database", "unicode_map"),
    WafOverride: ("geo_database", "unicode_map"),
}
_UNREAD_FIELDS: dict[type[BaseModel], tuple[str, ...]] = {
    Storage: ("directory",),
    Crs: ("directory", "setup"),
    Waf: ("rules", "cache"),
    WafOverride: ("rules", "cache"),
}
"""Paths that are no files to read as they stand: directories, and patterns."""


def absolute_paths(model: M, directory: Path) -> M:
    """Return a part of a configuration with every path counted from ``directory``."""
    kind = type(model)
    changes: dict[str, Any] = {}
    for name in _FILE_FIELDS.get(kind, ()) + _UNREAD_FIELDS.get(kind, ()):
        changes[name] = _join(getattr(model, name), directory)
    for name in _inner_fields(kind):
        old = getattr(model, name)
        if isinstance(old, list):
            new: Any = [absolute_paths(item, directory) for item in old]
            if any(before is not after for before, after in zip(old, new, strict=True)):
                changes[name] = new
        elif isinstance(old, BaseModel) and (new := absolute_paths(old, directory)) is not old:
            changes[name] = new
    changes = {name: value for name, value in changes.items() if value != getattr(model, name)}
    return model.model_copy(update=changes) if changes else model


def referenced_files(config: Config) -> frozenset[Path]:
    """Return every file that the configuration names; paths must be absolute already."""
    return frozenset(map(Path, _collect(config)))


def _join(value: Any, directory: Path) -> Any:
    if isinstance(value, list):
        return [str(directory / item) for item in value]
    if isinstance(value, dict):
        return {name: str(directory / item) for name, item in value.items()}
    return None if value is None else str(directory / value)


def _collect(model: BaseModel) -> Iterator[str]:
    for name in _FILE_FIELDS.get(type(model), ()):
        value = getattr(model, name)
        yield from _files(value)
    if isinstance(model, Waf | WafOverride):
        yield from map(str, watched_files(model))
    for name in _inner_fields(type(model)):
        value = getattr(model, name)
        for inner in value if isinstance(value, list) else () if value is None else (value,):
            yield from _collect(inner)


def _files(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, list):
        return value
    return () if value is None else (value,)


@cache
def _inner_fields(kind: type[BaseModel]) -> tuple[str, ...]:
    """Return the fields that hold models with paths in them: most hold none, and are not looked into."""
    return tuple(
        name for name, field in kind.model_fields.items() if any(map(_has_paths, _models_in(field.annotation)))
    )


@cache
def _has_paths(kind: type[BaseModel]) -> bool:
    return kind in _FILE_FIELDS or kind in _UNREAD_FIELDS or bool(_inner_fields(kind))


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _models_in(inner)
