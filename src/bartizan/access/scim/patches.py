"""Changes by PATCH (RFC 7644 section 3.5.2): from a resource and operations to the resource that is wanted.

A path is an attribute, one of its parts, or those of its values that a filter finds:
``active``, ``name.formatted``, ``members[value eq "2819c223"]``, ``emails[primary eq true].value``.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, cast

from bartizan.access.scim.filters import Comparison, read_comparisons
from bartizan.access.scim.names import GROUP, PATCH, USER
from bartizan.errors import ScimError

__all__ = ["patched"]

MAX_OPERATIONS = 100
MAX_PATH = 1024  # characters
_NAME = re.compile(r"[A-Za-z$][A-Za-z0-9$_-]{0,63}")
_FIXED = ("id", "schemas", "meta")
_COMPLEX = ("name",)
_MULTIPLE = ("emails", "members")

Op = Literal["add", "remove", "replace"]
Json = dict[str, Any]


class _Path(NamedTuple):
    attribute: str
    wanted: list[Comparison] | None
    part: str


def patched(resource: Json, message: object) -> Json:
    """Return the resource as the operations of a PatchOp message make it. Raises ``ScimError``.

    What comes out has still to be read as a resource: whether its values are what they have to be is not looked at.
    """
    made = copy.deepcopy(resource)
    for number, (op, path, value) in enumerate(_operations(message)):
        try:
            if path:
                _at_path(made, op, _read_path(path), value)
            else:
                _whole(made, op, value)
        except ScimError as error:
            raise ScimError(error.kind, f"Operations[{number}]", f"{error.path} {error.message}".strip()) from None
    return made


def _operations(message: object) -> list[tuple[Op, str, Any]]:
    if not isinstance(message, dict) or PATCH not in _lower(message).get("schemas", ()):
        raise ScimError("invalidSyntax", "schemas", f"does not name {PATCH}")
    operations = _lower(message).get("operations")
    if not isinstance(operations, list) or not 0 < len(operations) <= MAX_OPERATIONS:
        raise ScimError("invalidSyntax", "Operations", f"has to be a list of 1 to {MAX_OPERATIONS}")
    return [_operation(operation, f"Operations[{number}]") for number, operation in enumerate(operations)]


def _operation(operation: object, at: str) -> tuple[Op, str, Any]:
    fields = _lower(operation) if isinstance(operation, dict) else {}
    op, path = fields.get("op"), fields.get("path", "")
    if not isinstance(op, str) or op.lower() not in ("add", "remove", "replace"):
        raise ScimError("invalidSyntax", f"{at}.op", "has to be add, remove or replace")
    if not isinstance(path, str) or len(path) > MAX_PATH:
        raise ScimError("invalidPath", f"{at}.path", f"has to be text of at most {MAX_PATH} characters")
    if op.lower() == "remove" and not path:
        raise ScimError("noTarget", f"{at}.path", "is missing: what is to be removed?")
    if op.lower() != "remove" and "value" not in fields:
        raise ScimError("invalidValue", f"{at}.value", "is missing")
    return cast("Op", op.lower()), path, fields.get("value")


def _whole(resource: Json, op: Op, value: Any) -> None:
    """Carry out an operation without a path: its value has attributes, or paths, as names."""
    if not isinstance(value, dict):
        raise ScimError("invalidValue", "value", "has to be an object where there is no path")
    for path, content in value.items():
        if len(path) > MAX_PATH:
            raise ScimError("invalidPath", path[:64], "is too long")
        if path.lower() not in _FIXED:  # clients send them along with the rest
            _at_path(resource, op, _read_path(path), content)


def _read_path(text: str) -> _Path:
    for schema in (USER, GROUP):
        if text.lower().startswith(f"{schema.lower()}:"):
            text = text[len(schema) + 1 :]
    attribute, bracket, rest = text.partition("[")
    if bracket:
        condition, end, part = rest.rpartition("]")
        if not end or (part and not part.startswith(".")):
            raise ScimError("invalidPath", text[:64], "is no path")
        wanted, part = read_comparisons(condition), part[1:]
    else:
        wanted = None
        attribute, _, part = text.partition(".")
    if not _NAME.fullmatch(attribute) or (part and not _NAME.fullmatch(part)):
        raise ScimError("invalidPath", text[:64], "is no path")
    if attribute.lower() in _FIXED:
        raise ScimError("mutability", attribute, "cannot be changed")
    if (attribute.lower() not in _MULTIPLE and wanted is not None) or (
        part and attribute.lower() not in (*_COMPLEX, *_MULTIPLE)
    ):
        raise ScimError("invalidPath", text[:64], "is no path that is known here")
    return _Path(attribute, wanted, part)


def _at_path(resource: Json, op: Op, path: _Path, value: Any) -> None:
    key = _key(resource, path.attribute)
    if path.attribute.lower() not in _MULTIPLE:
        if path.part:
            inner = resource.setdefault(key, {})
            if not isinstance(inner, dict):
                raise ScimError("invalidPath", key, "has no parts")
            _set(inner, op, path.part, value)
        else:
            _set(resource, op, path.attribute, value)
        return
    values = resource.setdefault(key, [])
    if not isinstance(values, list):
        raise ScimError("invalidPath", key, "is no list")
    if path.wanted is None and not path.part:
        resource[key] = _list_changed(values, op, value)
    else:
        _values_changed(values, op, path, value)


def _list_changed(values: list[Any], op: Op, value: Any) -> list[Any]:
    """Return a list to which values are added, from which they are removed, or which they replace."""
    given = value if isinstance(value, list) else [] if value is None else [value]
    if op == "replace":
        return given
    if op == "add":
        known = {_value_of(each) for each in values}
        return [*values, *(each for each in given if _value_of(each) not in known)]
    if value is None:
        return []
    gone = {_value_of(each) for each in given}  # Entra ID names what to remove so
    return [each for each in values if _value_of(each) not in gone]


def _values_changed(values: list[Any], op: Op, path: _Path, value: Any) -> None:
    """Change those values of a list that a filter finds; all of them without one."""
    chosen = _chooser(path.wanted)
    found = [each for each in values if isinstance(each, dict) and chosen(each)]
    if not found:
        if op == "remove":
            return
        if op == "replace" and path.wanted is not None and not path.part:
            raise ScimError("noTarget", path.attribute, "has no value that the filter finds")
        found = [{comparison.attribute: comparison.value for comparison in path.wanted or ()}]
        values.extend(found)
    for each in found:
        if path.part:
            _set(each, op, path.part, value)
        elif op == "remove":
            values.remove(each)
        elif isinstance(value, dict):
            each.update(value)
        else:
            raise ScimError("invalidValue", path.attribute, "has values that are objects")


def _chooser(wanted: list[Comparison] | None) -> Callable[[Json], bool]:
    if wanted is None:
        return lambda _: True
    return lambda value: all(_lower(value).get(attribute) == expected for attribute, expected in wanted)


def _set(target: Json, op: Op, name: str, value: Any) -> None:
    if op == "remove":
        target.pop(_key(target, name), None)
    else:
        target[_key(target, name)] = value


def _key(target: Json, name: str) -> str:
    """Return a name as it is spelled in ``target`` already, if it is there."""
    return next((spelled for spelled in target if spelled.lower() == name.lower()), name)


def _value_of(value: Any) -> str:
    """Return what tells a value of a list from the others."""
    told = _lower(value).get("value") if isinstance(value, dict) else value
    return told if isinstance(told, str) else json.dumps(told)


def _lower(value: Json) -> Json:
    return {name.lower(): content for name, content in value.items()}
