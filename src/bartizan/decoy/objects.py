"""What happens to JSON objects that are written to an API: they get ids, keep what was given, appear in lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import msgspec

__all__ = ["Json", "id_name", "id_of", "overlay", "parse", "with_id", "with_written"]

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

MAX_DEPTH = 16
_IDS = ("id", "_id", "uuid", "uid", "guid", "key", "slug", "code", "number")


def parse(data: bytes) -> Json:
    """Return what JSON says; raises ``ValueError`` if it is none."""
    try:
        value: Json = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError("no JSON") from error
    return value


def id_name(document: Json) -> str | None:
    """Return the name of the member by which an object is asked for, None where there is none."""
    if not isinstance(document, dict):
        return None
    plain = {name.lower().replace("-", "_"): name for name, value in document.items() if _is_id(value)}
    for wanted in _IDS:
        if wanted in plain:
            return plain[wanted]
    return next((name for form, name in plain.items() if form.endswith(("_id", "id"))), None)


def id_of(document: Json) -> str | None:
    """Return the id of an object as it stands in a path."""
    name = id_name(document)
    return None if name is None or not isinstance(document, dict) else str(document[name])


def with_id(document: Json, text: str) -> Json:
    """Return an object with the id that a path has, where it can have that."""
    name = id_name(document)
    if name is None or not isinstance(document, dict):
        return document
    if isinstance(document[name], int):
        return {**document, name: int(text)} if text.isascii() and text.isdecimal() and len(text) < 19 else document
    return {**document, name: text}


def overlay(document: Json, given: Json, depth: int = 0) -> Json:
    """Return what an API would keep of ``given``, written to an object that looks like ``document``.

    Members that it does not know are dropped, and those of another type; its id and its times stay its own.
    """
    if not isinstance(document, dict) or not isinstance(given, dict) or depth >= MAX_DEPTH:
        return given if _same_type(document, given) else document
    own = id_name(document) if depth == 0 else None
    return {
        name: value if name == own or name not in given else overlay(value, given[name], depth + 1)
        for name, value in document.items()
    }


def with_written(listing: Json, written: Iterable[tuple[str, Json | None]]) -> Json:
    """Return a list response with what was written at its end; what was deleted (None) is left out.

    The list is the document itself, or the first member that is a list of objects.
    """
    if isinstance(listing, list):
        return _joined(listing, written)
    if isinstance(listing, dict):
        for name, value in listing.items():
            if isinstance(value, list) and all(isinstance(item, dict) for item in value):
                return {**listing, name: _joined(value, written)}
    return listing


def _joined(items: list[Json], written: Iterable[tuple[str, Json | None]]) -> list[Json]:
    changed = dict(written)
    kept: list[Json] = []
    for item in items:
        name = id_of(item)
        if name is None or name not in changed:
            kept.append(item)
        elif changed[name] is not None:
            kept.append(changed.pop(name))
    return kept + [document for document in changed.values() if document is not None]


def _is_id(value: Json) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _same_type(one: Json, other: Json) -> bool:
    """Tell whether an API would take one value where the other was; null and numbers are not so strict."""
    if one is None or other is None:
        return True
    if isinstance(one, bool) or isinstance(other, bool):
        return isinstance(one, bool) and isinstance(other, bool)
    if isinstance(one, int | float):
        return isinstance(other, int | float)
    return type(one) is type(other)
