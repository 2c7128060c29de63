"""The files that a configuration names: made absolute, and listed for whoever watches them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel

from bartizan.config.model import Certificate, ClientCertificates, Config, Storage, UpstreamTls
from bartizan.config.model.guards import Denylist, DenylistOverride

__all__ = ["absolute_paths", "referenced_files"]

_FILE_FIELDS: dict[type[BaseModel], tuple[str, ...]] = {
    Certificate: ("certificate", "key"),
    ClientCertificates: ("ca", "crl"),
    UpstreamTls: ("ca", "certificate", "key"),
    Denylist: ("deny_files", "allow_files"),
    DenylistOverride: ("deny_files", "allow_files"),
}
_DIRECTORY_FIELDS: dict[type[BaseModel], tuple[str, ...]] = {Storage: ("directory",)}


def absolute_paths(config: Config, directory: Path) -> Config:
    """Return the configuration with every file path counted from ``directory``."""
    result = _absolute(config, directory)
    if not isinstance(result, Config):
        raise TypeError("a configuration stays one")
    return result


def referenced_files(config: Config) -> frozenset[Path]:
    """Return every file that the configuration names; paths must be absolute already."""
    found: set[Path] = set()
    _collect(config, found)
    return frozenset(found)


def _absolute(value: Any, directory: Path) -> Any:
    if isinstance(value, list):
        return [_absolute(item, directory) for item in value]
    if not isinstance(value, BaseModel):
        return value
    changes: dict[str, Any] = {}
    named = _FILE_FIELDS.get(type(value), ()) + _DIRECTORY_FIELDS.get(type(value), ())
    for name in type(value).model_fields:
        old = getattr(value, name)
        new = _join(old, directory) if name in named else _absolute(old, directory)
        if new != old:
            changes[name] = new
    return value.model_copy(update=changes) if changes else value


def _join(value: Any, directory: Path) -> Any:
    if isinstance(value, list):
        return [str(directory / item) for item in value]
    return None if value is None else str(directory / value)


def _collect(value: Any, found: set[Path]) -> None:
    if isinstance(value, list):
        for item in value:
            _collect(item, found)
    elif isinstance(value, BaseModel):
        named = _FILE_FIELDS.get(type(value), ())
        for name in type(value).model_fields:
            inner = getattr(value, name)
            if name in named:
                found.update(Path(item) for item in (inner if isinstance(inner, list) else [inner]) if item is not None)
            else:
                _collect(inner, found)
