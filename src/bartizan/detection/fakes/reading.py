"""Documents in JSON or YAML as plain data, bounded in size, depth and count: hostile ones are refused, not expanded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date

import yaml  # type: ignore[import-untyped]

from bartizan.errors import OpenApiError

__all__ = ["read_document"]

MAX_BYTES = 4 * 2**20
MAX_DEPTH = 60
MAX_NODES = 200_000


def read_document(data: bytes, name: str) -> Mapping[str, object]:
    """Return what a JSON or YAML document says; ``name`` is what errors call it.

    Raises ``OpenApiError`` for what is too large, too deep, too often repeated, or no mapping.
    """
    if len(data) > MAX_BYTES:
        raise OpenApiError(f"{name}: {len(data)} bytes, {MAX_BYTES} are the most. Leave out what is not an operation")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OpenApiError(f"{name}: byte {error.start} is not UTF-8. Save it in UTF-8") from None
    found = _json(text, name) if text.lstrip()[:1] == "{" else _yaml(text, name)
    if not isinstance(found, Mapping):
        raise OpenApiError(f"{name}: it is no mapping. An OpenAPI document begins with openapi: 3.x")
    plain = _plain(found, name, [MAX_NODES], 0)
    return plain if isinstance(plain, dict) else {}


def _json(text: str, name: str) -> object:
    try:
        found: object = json.loads(text)
    except json.JSONDecodeError as error:
        raise OpenApiError(f"{name}:{error.lineno}:{error.colno}: {error.msg}. Mend the JSON") from None
    except (RecursionError, ValueError):
        raise OpenApiError(f"{name}: nested too deeply, or numbers too long. {MAX_DEPTH} levels are the most") from None
    return found


def _yaml(text: str, name: str) -> object:
    """Read YAML: its events are counted before anything is built of them."""
    depth = nodes = aliases = 0
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            nodes += 1
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            aliases += isinstance(event, yaml.AliasEvent)
            if depth > MAX_DEPTH or nodes > 2 * MAX_NODES or aliases > 1000:
                line = event.start_mark.line + 1
                raise OpenApiError(
                    f"{name}:{line}: nested too deeply, too long, or too many aliases. At most {MAX_DEPTH} levels, "
                    f"{MAX_NODES} values and 1000 aliases"
                )
        found: object = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark is not None else ""
        raise OpenApiError(f"{name}{place}: {error.problem}. Mend the YAML") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise OpenApiError(f"{name}: it is no YAML: {str(error)[:200]}. Mend it") from None
    return found


def _plain(value: object, name: str, left: list[int], depth: int) -> object:
    """Return a copy in which each alias is a value of its own; keys are texts, dates are texts again."""
    left[0] -= 1
    if left[0] < 0 or depth > MAX_DEPTH:
        raise OpenApiError(
            f"{name}: more than {MAX_NODES} values, aliases counted as often as used, or more than {MAX_DEPTH} levels. "
            "Use $ref instead of aliases"
        )
    if isinstance(value, Mapping):
        return {str(key): _plain(member, name, left, depth + 1) for key, member in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(item, name, left, depth + 1) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool) else None
